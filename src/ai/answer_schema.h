/* The JSON Schema that a model is held to, made from an answer's rows in each provider's dialect:
 * self-contained, with no references, since models see nothing but it. */
#ifndef HEARTH_AI_ANSWER_SCHEMA_H
#define HEARTH_AI_ANSWER_SCHEMA_H

#include <jansson.h>

#include "base/strbuf.h"
#include "http/schema.h"

enum answer_dialect {
    ANSWER_DIALECT_STRICT, /* OpenAI: every property required, closed, optional ones may be null */
    ANSWER_DIALECT_GEMINI, /* upper-case types, nullable, no additionalProperties */
    ANSWER_DIALECT_JSON,   /* JSON Schema 2020-12 */
};

/* Whether the rows can be said in the strict and the Gemini dialect: neither knows maps or free
 * JSON. */
bool answer_schema_is_plain(const struct schema *schema);

void answer_schema_write(struct strbuf *out, const struct schema *schema,
                         enum answer_dialect dialect);

/* Removes nulls that stand for absent members: the strict dialect makes models send them where the
 * rows do not take them. */
void answer_schema_drop_nulls(const struct schema *schema, json_t *document);

#endif
