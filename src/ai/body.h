/* Bodies of requests to providers, written member by member; commas are looked after. */
#ifndef HEARTH_AI_BODY_H
#define HEARTH_AI_BODY_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/strbuf.h"

/* Begins the next member of an object, or with a NULL name the next item of an array; its value is
 * to be appended. */
void body_name(struct strbuf *body, const char *name);

/* Begins an object ('{') or array ('['); the caller appends the closing bracket. */
void body_open(struct strbuf *body, const char *name, char bracket);

/* Whole members. Texts are valid UTF-8, numbers finite. */
void body_text(struct strbuf *body, const char *name, const char *text);
void body_flag(struct strbuf *body, const char *name, bool flag);
void body_integer(struct strbuf *body, const char *name, int64_t value);
void body_number(struct strbuf *body, const char *name, double value);
void body_json(struct strbuf *body, const char *name, const json_t *value);
/* A value that is JSON text already. */
void body_raw(struct strbuf *body, const char *name, const char *json);

/* As above where value was given: is above 0, is not NAN, is not NULL. */
void body_count(struct strbuf *body, const char *name, int64_t value);
void body_given_number(struct strbuf *body, const char *name, double value);
void body_given_text(struct strbuf *body, const char *name, const char *text);

#endif
