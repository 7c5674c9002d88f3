/* Takes what is secret or personal out of text that is kept for operators to read: keys, tokens,
 * passwords, e-mail addresses, card numbers and the like, by a table of patterns (docs/audit.md has
 * it). A tripwire, no promise: what looks like ordinary prose stays. */
#ifndef HEARTH_ACCESS_REDACT_H
#define HEARTH_ACCESS_REDACT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"

/* Adds text to out with everything that a pattern finds replaced by the pattern's name in brackets.
 * Any bytes; those that are no UTF-8 pass as they are. Linear in the length. */
void redact_add(struct strbuf *out, const char *text, size_t length);

/* Adds the document as compact JSON with all its texts redacted, also its names, and "[secret]" for
 * the values of members whose names say that they are secret. Ends early once out has max_bytes or
 * more: then it is no whole JSON. */
void redact_json(struct strbuf *out, const json_t *document, size_t max_bytes);

/* Whether a name like "client_secret", "X-Api-Key" or "newPassword" says that what follows is
 * secret. */
bool redact_is_secret_name(const char *name, size_t length);

/* Inside: a text, and what was found in it. */
struct redact_text {
    const char *bytes;
    size_t length;
};

struct redact_span {
    size_t kept;   /* bytes from the start of the match that stay: "Bearer " */
    size_t length; /* of the whole match */
};

struct redact_pattern {
    const char *name; /* what stands in brackets instead */
    /* Whether the pattern is found right at this offset, where a word begins. What is looked at
     * without a match is bounded, or a run that no other offset within is asked about. */
    bool (*match)(const struct redact_text *text, size_t at, struct redact_span *span);
    const char *doc, *example;
};

/* The table, for the manual and the tests too; ends with a row without a name. */
extern const struct redact_pattern redact_patterns[];

#endif
