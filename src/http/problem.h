/* The one body of failure, application/problem+json (RFC 9457), as rows: what response_problem()
 * writes is what the OpenAPI document says. */
#ifndef HEARTH_HTTP_PROBLEM_H
#define HEARTH_HTTP_PROBLEM_H

#include "http/schema.h"

extern const struct schema problem_schema;

#endif
