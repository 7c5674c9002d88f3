/* The bodies of failure: application/problem+json (RFC 9457), and what clients of OpenAI and of
 * Anthropic know on the routes that speak their dialects. All are rows: what response_problem()
 * writes is what the OpenAPI document says. */
#ifndef HEARTH_HTTP_PROBLEM_H
#define HEARTH_HTTP_PROBLEM_H

#include "http/request.h"
#include "http/route.h"
#include "http/schema.h"

extern const struct schema problem_schema, openai_failure_schema, anthropic_failure_schema;

/* One of a route's answers (struct route_answer): a failure of its own. */
#define PROBLEM(status, doc)                                                                       \
    {                                                                                              \
        (status), &problem_schema, "application/problem+json", (doc)                               \
    }

/* The style of the request's route; where none matched, of its area, or ERRORS_PROBLEM. Never
 * ERRORS_EITHER. */
enum error_style problem_style(const struct request *request);

/* The status and code of an error in this style: where bad fields are 422 validation_failed, the
 * compatible styles have 400 invalid_request, and ERRORS_FIELDS has 400 validation_failed; a spent
 * budget is 429 insufficient_quota in ERRORS_OPENAI. */
const struct error_info *problem_info(enum error_code code, enum error_style style);

/* The name of an error for programs in this style: the member code, or Anthropic's type. */
const char *problem_code(enum error_code code, enum error_style style);

/* Appends the body as JSON on one line: for a stream that has begun, where no status can tell of
 * the failure. style is not ERRORS_EITHER. */
void problem_body(struct request *request, const struct error *err, enum error_style style,
                  struct strbuf *out);

#endif
