/* A cheap tripwire for prompt injection in untrusted text: it flags by category; it never cuts or
 * rewrites. What it can and cannot do is in the manual, with figures. */
#ifndef HEARTH_AI_GUARD_H
#define HEARTH_AI_GUARD_H

#include <stddef.h>

/* Raised when the same text may be judged otherwise: verdicts are kept with cached answers. */
enum { GUARD_VERSION = 1 };

enum guard_category {
    GUARD_OVERRIDE = 1 << 0,   /* "ignore all previous instructions" */
    GUARD_DISCLOSURE = 1 << 1, /* "reveal your system prompt" */
    GUARD_ROLE = 1 << 2,       /* "you are now", "pretend to be" */
    GUARD_EXECUTION = 1 << 3,  /* "run this command" */
    GUARD_PRIVILEGE = 1 << 4,  /* "developer mode" */
    GUARD_BYPASS = 1 << 5,     /* "disable your safety filter" */
    GUARD_ENCODING = 1 << 6,   /* hidden characters, long base64 */
    GUARD_CODE = 1 << 7,       /* "eval(", "__import__" */
    GUARD_MARKUP = 1 << 8,     /* script tags, chat-template tokens */
};
enum { GUARD_CATEGORY_COUNT = 9 };

/* The categories found in valid UTF-8 text, as bits. Linear in its length. */
unsigned guard_screen(const char *text, size_t length);

/* "instruction_override" and so on, for one bit. */
const char *guard_category_name(unsigned bit);

#endif
