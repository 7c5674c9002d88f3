/* Compact JWS, read strictly: what is not needed is refused. */
#include "access/jws.h"

#include <sodium.h>
#include <string.h>

#include "base/strbuf.h"
#include "http/schema.h"

enum { PARTS = 3, KEY_MAX_BYTES = 128 };

struct part {
    const char *text;
    size_t length;
};

static bool
refuse(struct error *err, const char *reason)
{
    return error_set(err, ERROR_TOKEN_NOT_VALID, "the token %s", reason);
}

static bool
split(const char *text, size_t length, struct part *parts)
{
    const char *end = text + length;
    for (int i = 0; i < PARTS; i++) {
        const char *dot = memchr(text, '.', (size_t)(end - text));
        if ((dot == NULL) != (i == PARTS - 1))
            return false;
        parts[i] = (struct part){text, (size_t)((dot ? dot : end) - text)};
        if (parts[i].length == 0)
            return false;
        text = dot ? dot + 1 : end;
    }
    return true;
}

/* libsodium takes every byte beyond ASCII for '_': one token would have many forms. */
static bool
is_ascii(const struct part *part)
{
    for (size_t i = 0; i < part->length; i++)
        if ((unsigned char)part->text[i] > 0x7f)
            return false;
    return true;
}

static unsigned char *
decode(const struct part *part, struct arena *arena, size_t *length)
{
    unsigned char *bytes = arena_alloc(arena, part->length + 1);
    if (!is_ascii(part) ||
        sodium_base642bin(bytes, part->length, part->text, part->length, NULL, length, NULL,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0)
        return NULL;
    bytes[*length] = '\0';
    return bytes;
}

static const json_t *
decode_object(const struct part *part, struct arena *arena)
{
    size_t length;
    const char *text = (const char *)decode(part, arena, &length);
    struct error err = {0};
    const json_t *object = text ? schema_parse(text, length, arena, &err) : NULL;
    return json_is_object(object) ? object : NULL;
}

/* What a member of the header fills; NULL for one that nobody asked for. */
static const char **
member(struct jws *jws, const char *name)
{
    if (strcmp(name, "alg") == 0)
        return &jws->algorithm;
    if (strcmp(name, "kid") == 0)
        return &jws->key;
    return strcmp(name, "typ") == 0 ? &jws->type : NULL;
}

static bool
read_header(const json_t *header, struct jws *jws, struct error *err)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)header, name, value)
    {
        const char **filled = member(jws, name);
        if (!filled)
            return refuse(err, "has a header that is not taken");
        if (!json_is_string(value) || json_string_length(value) > KEY_MAX_BYTES)
            return refuse(err, "has a header that is not a short text");
        *filled = json_string_value(value);
    }
    return jws->algorithm || refuse(err, "does not say how it is signed");
}

bool
jws_read(const char *text, size_t length, struct arena *arena, struct jws *jws, struct error *err)
{
    *jws = (struct jws){0};
    struct part parts[PARTS];
    if (length > JWS_MAX_BYTES)
        return refuse(err, "is too long");
    if (!split(text, length, parts))
        return refuse(err, "does not have three parts");
    const json_t *header = decode_object(&parts[0], arena);
    jws->payload = decode_object(&parts[1], arena);
    jws->signature = decode(&parts[2], arena, &jws->signature_length);
    if (!header || !jws->payload || !jws->signature)
        return refuse(err, "is not well formed");
    jws->covered = text;
    jws->covered_length = parts[0].length + 1 + parts[1].length;
    return read_header(header, jws, err);
}

char *
jws_encode(const void *bytes, size_t length, struct arena *arena)
{
    size_t size = sodium_base64_ENCODED_LEN(length, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    char *text = arena_alloc(arena, size);
    return sodium_bin2base64(text, size, bytes, length, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}
