/* Passwords: kept as Argon2id (RFC 9106) by libsodium, with the settings PASSWORD_MEMORY (KiB) and
 * PASSWORD_PASSES, and the rules that a new one has to keep. */
#ifndef HEARTH_ACCESS_PASSWORD_H
#define HEARTH_ACCESS_PASSWORD_H

#include <stdbool.h>

#include "base/error.h"
#include "http/request.h"

enum { PASSWORD_MIN_CHARACTERS = 9, PASSWORD_MAX_CHARACTERS = 128 };

/* As it is sent, where it is checked and not chosen: whatever is longer is none. */
enum { PASSWORD_TEXT_MAX = 1024 };

/* Both need the waiting lane (else ERROR_WOULD_WAIT). A host works on no more of them at once than
 * it has cores; the rest wait a second for their turn, then fail with ERROR_OVERLOADED and a time
 * to come back. */

/* *phc is what the store keeps, in the arena. */
bool password_hash(struct request *request, const char *password, const char **phc,
                   struct error *err) __attribute__((warn_unused_result));

/* phc is what the store keeps; NULL where there is no such account or it has no password, which
 * takes as long and is not right. *rehash: it is right but was made with other parameters than
 * those of the settings, so the caller keeps a new password_hash() of it. */
bool password_verify(struct request *request, const char *phc, const char *password, bool *right,
                     bool *rehash, struct error *err) __attribute__((warn_unused_result));

/* Wipes a password that came with this request, and the body it came in, when the request ends. It
 * must be writable memory that lives as long: a text that was decoded from the body does. */
void password_forget(struct request *request, const char *password);

/* What is wrong with a new password, as a sentence for its field; NULL for nothing. It has 9 to 128
 * characters, not all digits, is not common (password_rules.c says what that is), and not similar
 * to one of the attributes (NULL-terminated, may be NULL: user name, e-mail, names). */
const char *password_complaint(const char *password, const char *const *attributes);

#endif
