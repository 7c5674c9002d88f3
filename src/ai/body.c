/* Writes JSON without a tree. */
#include "ai/body.h"

#include <math.h>

#include "http/schema.h"

void
body_name(struct strbuf *body, const char *name)
{
    char last = body->length > 0 ? body->data[body->length - 1] : '{';
    if (last != '{' && last != '[')
        strbuf_add_char(body, ',');
    if (!name)
        return;
    schema_encode_string(body, name, strlen(name));
    strbuf_add_char(body, ':');
}

void
body_open(struct strbuf *body, const char *name, char bracket)
{
    body_name(body, name);
    strbuf_add_char(body, bracket);
}

void
body_text(struct strbuf *body, const char *name, const char *text)
{
    body_name(body, name);
    schema_encode_string(body, text, strlen(text));
}

void
body_flag(struct strbuf *body, const char *name, bool flag)
{
    body_raw(body, name, flag ? "true" : "false");
}

void
body_integer(struct strbuf *body, const char *name, int64_t value)
{
    body_name(body, name);
    strbuf_add_integer(body, value);
}

void
body_number(struct strbuf *body, const char *name, double value)
{
    body_name(body, name);
    schema_encode_number(body, value);
}

void
body_json(struct strbuf *body, const char *name, const json_t *value)
{
    body_name(body, name);
    schema_encode_json(body, value);
}

void
body_raw(struct strbuf *body, const char *name, const char *json)
{
    body_name(body, name);
    strbuf_add_text(body, json);
}

void
body_count(struct strbuf *body, const char *name, int64_t value)
{
    if (value > 0)
        body_integer(body, name, value);
}

void
body_given_number(struct strbuf *body, const char *name, double value)
{
    if (!isnan(value))
        body_number(body, name, value);
}

void
body_given_text(struct strbuf *body, const char *name, const char *text)
{
    if (text)
        body_text(body, name, text);
}
