/* The keys of the settings, kept as digests and compared in constant time. */
#ifndef HEARTH_ACCESS_KEYRING_H
#define HEARTH_ACCESS_KEYRING_H

#include <stddef.h>

#include "access/caller.h"
#include "base/sha256.h"

struct keyring;
struct keyring *keyring_new(const struct settings *settings);
void keyring_free(struct keyring *keyring);
bool keyring_is_empty(const struct keyring *keyring);

/* The caller of the key with this SHA-256, by the header it came in; NULL for an unknown key. Takes
 * as long whichever key it is, and whether it is one. Borrowed from the keyring. */
const struct caller *keyring_find(const struct keyring *keyring,
                                  const unsigned char digest[SHA256_BYTES], bool bearer);

/* Whom everybody is where neither keys nor a database are configured. */
const struct caller *keyring_development(void);

#endif
