/* Ethereum's addresses, and who signed a message. */
#ifndef HEARTH_ACCESS_ETHEREUM_H
#define HEARTH_ACCESS_ETHEREUM_H

#include <stdbool.h>
#include <stddef.h>

enum { ETHEREUM_ADDRESS_BYTES = 20, ETHEREUM_ADDRESS_LENGTH = 42, ETHEREUM_TEXT_BYTES = 43 };

struct ethereum_address {
    unsigned char bytes[ETHEREUM_ADDRESS_BYTES];
};

/* Reads "0x" and 40 hexadecimal digits. Letters all small or all capital carry no checksum; mixed
 * ones must be those of EIP-55. */
bool ethereum_address_parse(const char *text, size_t length, struct ethereum_address *address)
    __attribute__((warn_unused_result));

/* As EIP-55 writes it: 42 characters and a NUL. */
void ethereum_address_format(const struct ethereum_address *address,
                             char text[static ETHEREUM_TEXT_BYTES]);

/* In small letters, as identities are filed. */
void ethereum_address_file(const struct ethereum_address *address,
                           char text[static ETHEREUM_TEXT_BYTES]);

/* Finds whose key signed message (EIP-191, version 0x45: personal_sign). signature is "0x" and the
 * hexadecimal digits of r, s and v; v is 0, 1, 27 or 28, and s the lower one of its two forms
 * (EIP-2), so that a message has one signature. Returns NULL, or the complaint. */
const char *ethereum_recover(const char *message, size_t length, const char *signature,
                             struct ethereum_address *signer) __attribute__((warn_unused_result));

#endif
