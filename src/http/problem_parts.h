/* The bodies of failure, and what they have in common. */
#ifndef HEARTH_HTTP_PROBLEM_PARTS_H
#define HEARTH_HTTP_PROBLEM_PARTS_H

#include "http/problem.h"

void problem_rfc9457(struct request *request, const struct error *err, struct strbuf *out);
void problem_fields(struct request *request, const struct error *err, struct strbuf *out);
void problem_openai(struct request *request, const struct error *err, struct strbuf *out);
void problem_anthropic(struct request *request, const struct error *err, struct strbuf *out);

/* What a program compares: OpenAI's error.code, Anthropic's error.type. */
const char *problem_openai_code(enum error_code code);
const char *problem_anthropic_type(enum error_code code);

extern const struct schema problem_attempt_schema; /* of struct error_attempt */

/* text, or in its place a copy in which U+FFFD stands for what is not UTF-8. */
const char *problem_clean(const char *text, struct arena *arena);

/* What was tried, as a list for problem_attempt_schema. */
struct list problem_attempts(const struct error *err, struct arena *arena);

/* The detail, or the title of the code where there is none. */
const char *problem_detail(const struct error *err, const struct error_info *info,
                           struct arena *arena);

/* When to come back in whole seconds, rounded up so that nobody comes too early; 0: not known. */
int problem_retry_after_s(const struct error *err);

#endif
