/* Providers: the dialects in which models are asked. Each is a static descriptor of pure functions
 * over bytes; none does I/O, so all are tested on recorded answers and fuzzed. */
#ifndef HEARTH_AI_PROVIDER_H
#define HEARTH_AI_PROVIDER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/settings.h"
#include "base/strbuf.h"
#include "http/schema.h"

/* What a model is asked, in no dialect yet. Texts are valid UTF-8. */
struct provider_question {
    const struct model_settings *model;
    const char *system, *user;
    const struct schema *answer; /* an object of it is asked for; NULL: prose */
    int64_t max_tokens;          /* 0: the provider's default */
    double temperature;          /* below 0: the provider's default */
};

enum { PROVIDER_HEADERS_MAX = 6 };

struct provider_header {
    const char *name, *value; /* a value may be a secret */
};

struct provider_request {
    const char *url;
    struct provider_header headers[PROVIDER_HEADERS_MAX];
    size_t header_count;
    struct strbuf body;
};

struct provider_answer {
    const char *text; /* valid UTF-8; a structured answer is JSON text, if the model obeyed */
    bool truncated;   /* the model stopped for want of tokens */
    int64_t tokens_input, tokens_output; /* -1: not reported */
};

/* The head of an answer. Header values are NULL where they were not sent. */
struct provider_head {
    int status;
    const char *retry_after, *retry_after_ms, *should_retry;
};

/* Why an attempt failed, and what may be done about it. */
struct provider_failure {
    struct error error;
    bool retryable;         /* the same question may be asked again here */
    bool final;             /* nobody else may be asked: the question itself was refused */
    bool counts;            /* for the breaker: the provider, not the question, is at fault */
    bool key_refused;       /* for the operator, who has to mend it */
    int64_t retry_after_ms; /* as the provider said; -1: it did not */
};

/* What one dialect says in the body of an error. Texts are borrowed from the document. */
struct provider_fault {
    const char *code;    /* its machine code */
    const char *message; /* only searched, never shown: it may quote the key or the user's text */
    bool key_refused, quota_spent;
    int64_t retry_after_ms;
};

struct provider {
    const char *name;
    void (*build_request)(const struct provider_question *question, struct arena *arena,
                          struct provider_request *request);
    /* Reads the body of a 200. false with ERROR_UPSTREAM_INVALID for what is no answer and with
     * ERROR_CONTENT_REFUSED for a refusal. */
    bool (*parse_answer)(const json_t *document, struct arena *arena,
                         struct provider_answer *answer, struct error *err);
    void (*read_fault)(const json_t *document, struct provider_fault *fault);
};

extern const struct provider provider_openai, provider_gemini, provider_anthropic;

/* NULL for PROVIDER_LOCAL. */
const struct provider *provider_of(enum provider_kind kind);

/* Reads the bytes of a 200; as parse_answer, with text from outside checked first: size, depth,
 * UTF-8, and that the answer is not empty. */
bool provider_parse(const struct provider *provider, const char *bytes, size_t length,
                    struct arena *arena, struct provider_answer *answer,
                    struct provider_failure *failure) __attribute__((warn_unused_result));

/* Reads any other answer. now_s is the time of day, for Retry-After dates. */
void provider_classify(const struct provider *provider, const struct provider_head *head,
                       const char *bytes, size_t length, int64_t now_s, struct arena *arena,
                       struct provider_failure *failure);

/* base_url + version + path; the version ("/v1") is left out where the base URL names one. */
const char *provider_url(struct arena *arena, const char *base_url, const char *version,
                         const char *path);

void provider_add_header(struct provider_request *request, const char *name, const char *value);

/* Text member of an object, or NULL. */
const char *provider_text(const json_t *object, const char *name);

/* A count that a provider reported, or -1. */
int64_t provider_count(const json_t *object, const char *name);

/* Fills failure with an error of no further consequence and returns false. */
bool provider_fail(struct provider_failure *failure, enum error_code code, const char *detail);

/* Appends `"name":"text"`. */
void provider_add_member(struct strbuf *body, const char *name, const char *text);

/* Appends a number without regard to the locale. */
void provider_add_number(struct strbuf *body, double number);

#endif
