/* The text of an API key of the database: "hearth_", 256 random bits and a checksum, all of it safe
 * in URLs and headers. Only its SHA-256 is kept. */
#ifndef HEARTH_ACCESS_API_KEY_H
#define HEARTH_ACCESS_API_KEY_H

#include <stdbool.h>
#include <stddef.h>

#define API_KEY_START "hearth_"

enum {
    API_KEY_RANDOM_CHARACTERS = 43,
    API_KEY_CHECK_CHARACTERS = 6,
    API_KEY_CHARACTERS =
        sizeof(API_KEY_START) - 1 + API_KEY_RANDOM_CHARACTERS + API_KEY_CHECK_CHARACTERS,
    API_KEY_PREFIX_CHARACTERS = sizeof(API_KEY_START) - 1 + 6,
};

/* A new one, NUL-terminated. */
void api_key_make(char text[API_KEY_CHARACTERS + 1]);

/* Whether this can be one: a mistyped one is found out without asking anybody. */
bool api_key_is_whole(const char *text, size_t length);

/* What of it may be shown, NUL-terminated: its first characters, which leave 220 bits unknown. */
void api_key_prefix(const char *text, char prefix[API_KEY_PREFIX_CHARACTERS + 1]);

#endif
