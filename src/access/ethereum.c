/* Addresses by Keccak-256 (EIP-55), signers by libsecp256k1's recovery of public keys. */
#include "access/ethereum.h"

#include <stdio.h>
#include <string.h>

#include <secp256k1_recovery.h>

#include "access/keccak.h"
#include "base/ascii.h"
#include "base/sha256.h"
#include "http/text.h"

enum { SIGNATURE_BYTES = 65, PUBLIC_KEY_BYTES = 65 };

void
ethereum_address_file(const struct ethereum_address *address, char text[static ETHEREUM_TEXT_BYTES])
{
    text[0] = '0';
    text[1] = 'x';
    hex_format(text + 2, address->bytes, sizeof(address->bytes));
}

/* A letter is a capital where the same digit of the hash of the small ones is 8 or more. */
void
ethereum_address_format(const struct ethereum_address *address,
                        char text[static ETHEREUM_TEXT_BYTES])
{
    unsigned char hash[KECCAK256_BYTES];
    struct keccak256 digest;
    ethereum_address_file(address, text);
    keccak256_init(&digest);
    keccak256_add(&digest, text + 2, ETHEREUM_ADDRESS_LENGTH - 2);
    keccak256_end(&digest, hash);
    for (size_t i = 0; i < ETHEREUM_ADDRESS_LENGTH - 2; i++) {
        unsigned digit = i % 2 == 0 ? hash[i / 2] >> 4 : hash[i / 2] & 15;
        if (ascii_is_letter(text[2 + i]) && digit >= 8)
            text[2 + i] = (char)(text[2 + i] - 'a' + 'A');
    }
}

/* Digits in pairs; false unless there are 2 * count of them. */
static bool
read_hex(const char *digits, unsigned char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int high = text_hex_digit(digits[2 * i]);
        int low = high < 0 ? -1 : text_hex_digit(digits[2 * i + 1]);
        if (low < 0)
            return false;
        bytes[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}

static bool
is_mixed(const char *text, size_t length)
{
    bool small = false, capital = false;
    for (size_t i = 0; i < length; i++) {
        small = small || (text[i] >= 'a' && text[i] <= 'f');
        capital = capital || (text[i] >= 'A' && text[i] <= 'F');
    }
    return small && capital;
}

bool
ethereum_address_parse(const char *text, size_t length, struct ethereum_address *address)
{
    char checked[ETHEREUM_TEXT_BYTES];
    if (length != ETHEREUM_ADDRESS_LENGTH || text[0] != '0' || text[1] != 'x' ||
        !read_hex(text + 2, address->bytes, sizeof(address->bytes)))
        return false;
    if (!is_mixed(text + 2, length - 2))
        return true;
    ethereum_address_format(address, checked);
    return memcmp(checked, text, length) == 0;
}

/* What personal_sign makes of a message, so that no transaction can be signed as one. */
static void
hash_message(const char *message, size_t length, unsigned char hash[static KECCAK256_BYTES])
{
    static const char opening[] = "\x19"
                                  "Ethereum Signed Message:\n";
    char digits[24];
    struct keccak256 digest;
    int count = snprintf(digits, sizeof(digits), "%zu", length);
    keccak256_init(&digest);
    keccak256_add(&digest, opening, sizeof(opening) - 1);
    keccak256_add(&digest, digits, (size_t)count);
    keccak256_add(&digest, message, length);
    keccak256_end(&digest, hash);
}

static const char *
read_signature(const char *text, secp256k1_ecdsa_recoverable_signature *signature)
{
    unsigned char bytes[SIGNATURE_BYTES];
    size_t length = strlen(text);
    if (length < 2 || text[0] != '0' || text[1] != 'x' || length % 2 != 0 ||
        strspn(text + 2, "0123456789abcdefABCDEF") != length - 2)
        return "the signature must be 0x and hexadecimal digits";
    if (length != 2 + 2 * sizeof(bytes) || !read_hex(text + 2, bytes, sizeof(bytes)))
        return "the signature must have 65 bytes: those of contract wallets (EIP-1271) cannot be "
               "checked here";
    int recovery = bytes[SIGNATURE_BYTES - 1];
    if (recovery >= 27)
        recovery -= 27;
    if (recovery > 1)
        return "the last byte of the signature must be 0, 1, 27 or 28";
    const secp256k1_context *context = secp256k1_context_static;
    if (!secp256k1_ecdsa_recoverable_signature_parse_compact(context, signature, bytes, recovery))
        return "the signature is out of range";
    secp256k1_ecdsa_signature plain;
    secp256k1_ecdsa_recoverable_signature_convert(context, &plain, signature);
    if (secp256k1_ecdsa_signature_normalize(context, NULL, &plain))
        return "the signature must have the lower one of its two forms (EIP-2)";
    return NULL;
}

/* An address is the end of the hash of both coordinates. */
static void
address_of(const secp256k1_pubkey *key, struct ethereum_address *address)
{
    unsigned char bytes[PUBLIC_KEY_BYTES], hash[KECCAK256_BYTES];
    size_t length = sizeof(bytes);
    struct keccak256 digest;
    secp256k1_ec_pubkey_serialize(secp256k1_context_static, bytes, &length, key,
                                  SECP256K1_EC_UNCOMPRESSED);
    keccak256_init(&digest);
    keccak256_add(&digest, bytes + 1, sizeof(bytes) - 1);
    keccak256_end(&digest, hash);
    memcpy(address->bytes, hash + sizeof(hash) - sizeof(address->bytes), sizeof(address->bytes));
}

const char *
ethereum_recover(const char *message, size_t length, const char *signature,
                 struct ethereum_address *signer)
{
    secp256k1_ecdsa_recoverable_signature parsed;
    secp256k1_pubkey key;
    unsigned char hash[KECCAK256_BYTES];
    const char *complaint = read_signature(signature, &parsed);
    if (complaint)
        return complaint;
    hash_message(message, length, hash);
    if (!secp256k1_ecdsa_recover(secp256k1_context_static, &key, &parsed, hash))
        return "the signature fits no key";
    address_of(&key, signer);
    return NULL;
}
