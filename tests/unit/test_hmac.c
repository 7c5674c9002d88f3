/* HMAC with SHA-256: as RFC 4231 has it, and one key for each purpose. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "access/hmac.h"

enum { HEX_BYTES = 2 * SHA256_BYTES + 1 };

#define FILL20(x) x x x x x x x x x x x x x x x x x x x x
#define FILL131(x) FILL20(x) FILL20(x) FILL20(x) FILL20(x) FILL20(x) FILL20(x) x x x x x x x x x x x

#define TEXT(text) (text), sizeof(text) - 1

static void
sign(const struct hmac_key *key, const char *text, size_t length, size_t cut, char *hex)
{
    unsigned char signature[SHA256_BYTES];
    hmac_sign(key, text, cut, text + cut, length - cut, signature);
    hex_format(hex, signature, sizeof(signature));
}

/* Section 4; of the fifth case the RFC has the first 16 bytes. */
static void
signs_what_rfc_4231_signs(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        size_t key_length;
        const char *text;
        size_t length;
        const char *signature;
    } cases[] = {
        {TEXT(FILL20("\x0b")), TEXT("Hi There"),
         "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        {TEXT("Jefe"), TEXT("what do ya want for nothing?"),
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        {TEXT(FILL20("\xaa")),
         TEXT(FILL20("\xdd") FILL20("\xdd") "\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd"),
         "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
        {TEXT("\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14"
              "\x15\x16\x17\x18\x19"),
         TEXT(FILL20("\xcd") FILL20("\xcd") "\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd"),
         "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
        {TEXT(FILL20("\x0c")), TEXT("Test With Truncation"), "a3b6167473100ee06e0c796c2955552b"},
        {TEXT(FILL131("\xaa")), TEXT("Test Using Larger Than Block-Size Key - Hash Key First"),
         "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
        {TEXT(FILL131("\xaa")),
         TEXT("This is a test using a larger than block-size key and a larger than block-size "
              "data. The key needs to be hashed before being used by the HMAC algorithm."),
         "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct hmac_key key;
        char hex[HEX_BYTES];
        hmac_key_init(&key, cases[i].key, cases[i].key_length);
        sign(&key, cases[i].text, cases[i].length, cases[i].length / 2, hex);
        hex[strlen(cases[i].signature)] = '\0';
        assert_string_equal(hex, cases[i].signature);
    }
}

/* RFC 2104, section 2: a key of a block is taken as it is, a longer one is hashed first. */
static void
hashes_a_key_that_is_longer_than_a_block_and_no_other(void **state)
{
    (void)state;
    unsigned char secret[65], digest[SHA256_BYTES];
    char plain[HEX_BYTES], hashed[HEX_BYTES];
    memset(secret, 'k', sizeof(secret));
    for (size_t length = 64; length <= 65; length++) {
        struct sha256 sha256;
        struct hmac_key key;
        sha256_init(&sha256);
        sha256_add(&sha256, secret, length);
        sha256_end(&sha256, digest);
        hmac_key_init(&key, secret, length);
        sign(&key, "text", 4, 1, plain);
        hmac_key_init(&key, digest, sizeof(digest));
        sign(&key, "text", 4, 1, hashed);
        assert_int_equal(strcmp(plain, hashed) == 0, length == 65);
    }
}

static void
signs_two_pieces_as_one_text_wherever_it_is_cut(void **state)
{
    (void)state;
    static const char text[] = "a text that is cut somewhere, and is the same text all the same: "
                               "even where it is longer than a block";
    struct hmac_key key;
    char whole[HEX_BYTES], cut[HEX_BYTES];
    hmac_key_init(&key, "key", 3);
    sign(&key, text, strlen(text), 0, whole);
    for (size_t at = 1; at <= strlen(text); at++) {
        sign(&key, text, strlen(text), at, cut);
        assert_string_equal(cut, whole);
    }
}

static void
a_key_signs_the_same_as_often_as_it_is_used(void **state)
{
    (void)state;
    struct hmac_key key;
    char first[HEX_BYTES], again[HEX_BYTES];
    hmac_key_init(&key, "key", 3);
    sign(&key, "text", 4, 2, first);
    sign(&key, "other", 5, 2, again);
    assert_string_not_equal(again, first);
    sign(&key, "text", 4, 2, again);
    assert_string_equal(again, first);
}

/* The value is pinned: with another one, all that was signed before an upgrade is worth nothing. */
static void
a_secret_gives_each_purpose_a_key_of_its_own(void **state)
{
    (void)state;
    struct hmac_key snapshot, request, other, itself;
    char of_snapshot[HEX_BYTES], of_request[HEX_BYTES], of_other[HEX_BYTES], of_itself[HEX_BYTES];
    hmac_key_derive(&snapshot, "0123456789abcdef0123456789abcdef", "snapshot");
    hmac_key_derive(&request, "0123456789abcdef0123456789abcdef", "request");
    hmac_key_derive(&other, "0123456789abcdef0123456789abcdeg", "snapshot");
    hmac_key_init(&itself, TEXT("0123456789abcdef0123456789abcdef"));
    sign(&snapshot, "text", 4, 2, of_snapshot);
    sign(&request, "text", 4, 2, of_request);
    sign(&other, "text", 4, 2, of_other);
    sign(&itself, "text", 4, 2, of_itself);
    assert_string_not_equal(of_snapshot, of_request);
    assert_string_not_equal(of_snapshot, of_other);
    assert_string_not_equal(of_snapshot, of_itself);
    assert_string_equal(of_snapshot,
                        "cbaf15fbf457582fcc7ce88184685f6f1f2fe3b81a0c3a72b115383f41a84ca5");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signs_what_rfc_4231_signs),
        cmocka_unit_test(hashes_a_key_that_is_longer_than_a_block_and_no_other),
        cmocka_unit_test(signs_two_pieces_as_one_text_wherever_it_is_cut),
        cmocka_unit_test(a_key_signs_the_same_as_often_as_it_is_used),
        cmocka_unit_test(a_secret_gives_each_purpose_a_key_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
