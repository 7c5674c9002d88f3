/* An identity provider's keys and tokens, made with libcjose. */
#ifndef HEARTH_TESTS_PROVIDER_KEYS_H
#define HEARTH_TESTS_PROVIDER_KEYS_H

#include <cjose/jwk.h>
#include <cjose/jws.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

/* A JWK as text, private parts too where asked for, with the members of more (JSON) beside it. */
static inline const char *
key_text(const cjose_jwk_t *key, bool with_private, const char *more, struct arena *arena)
{
    cjose_err error;
    char *text = cjose_jwk_to_json(key, with_private, &error);
    json_auto_t *object = json_loads(text, 0, NULL);
    json_auto_t *other = json_loads(more, 0, NULL);
    json_object_update(object, other);
    free(text);
    text = json_dumps(object, JSON_COMPACT);
    const char *kept = arena_strdup(arena, text);
    free(text);
    return kept;
}

/* A token signed with the key, its head and claims as JSON. */
static inline const char *
token_text(const cjose_jwk_t *key, const char *head, const char *claims, struct arena *arena)
{
    cjose_err error;
    const char *exported = NULL;
    json_auto_t *header = json_loads(head, 0, NULL);
    cjose_jws_t *jws = cjose_jws_sign(key, (cjose_header_t *)header, (const uint8_t *)claims,
                                      strlen(claims), &error);
    if (!jws || !cjose_jws_export(jws, &exported, &error))
        abort();
    const char *text = arena_strdup(arena, exported);
    cjose_jws_release(jws);
    return text;
}

#endif
