/* Compact JWS: the examples of the RFCs are read as they say, and what is not needed is refused. */
#include "access/jws.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "access/jwks.h"
#include "access/signer.h"

/* RFC 7515, appendices A.1 to A.3: three headers for one payload. */
#define PAYLOAD                                                                                    \
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl" \
    "fQ"
#define A1_COVERED "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." PAYLOAD
#define A1_SIGNATURE "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
#define A1_KEY                                                                                     \
    "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"
#define A2_TOKEN                                                                                    \
    "eyJhbGciOiJSUzI1NiJ9." PAYLOAD                                                                 \
    ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp"  \
    "5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb" \
    "1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOY" \
    "EUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
#define A3_TOKEN                                                                                   \
    "eyJhbGciOiJFUzI1NiJ9." PAYLOAD                                                                \
    ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
#define A5_TOKEN "eyJhbGciOiJub25lIn0." PAYLOAD "."
#define KEYS                                                                                        \
    "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"a2\",\"e\":\"AQAB\",\"n\":"                              \
    "\"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0B"  \
    "m4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5r" \
    "exMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxX" \
    "FvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ\"},"                        \
    "{\"kty\":\"EC\",\"kid\":\"a3\",\"crv\":\"P-256\","                                             \
    "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","                                        \
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}]}"

/* RFC 8037, appendix A: its private key in PEM, and what it signs. */
#define ED25519_PEM                                                                                \
    "-----BEGIN PRIVATE KEY-----\n"                                                                \
    "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"                           \
    "-----END PRIVATE KEY-----\n"
#define ED25519_COVERED "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
#define ED25519_SIGNATURE                                                                          \
    "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"

static struct arena arena;
static struct jws jws;

static int
tear_down(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

/* From memory of just this length: whoever reads on is seen. */
static bool
reads_bytes(const char *text, size_t length)
{
    struct error err = {0};
    char *exact = malloc(length + (length == 0));
    memcpy(exact, text, length);
    bool good = jws_read(exact, length, &arena, &jws, &err);
    assert_int_equal(err.code, good ? ERROR_NONE : ERROR_TOKEN_NOT_VALID);
    if (good)
        assert_ptr_equal(jws.covered, exact);
    free(exact);
    return good;
}

static bool
reads(const char *text)
{
    return reads_bytes(text, strlen(text));
}

static const char *
encode(const char *text)
{
    return jws_encode(text, strlen(text), &arena);
}

/* A token of this header and payload. */
static bool
takes(const char *header, const char *payload)
{
    return reads(arena_printf(&arena, "%s.%s.c2ln", encode(header), encode(payload)));
}

static void
takes_the_example_of_rfc_7515_apart(void **state)
{
    (void)state;
    struct error err = {0};
    static const char token[] = A1_COVERED "." A1_SIGNATURE;
    assert_true(jws_read(token, strlen(token), &arena, &jws, &err));
    assert_string_equal(jws.algorithm, "HS256");
    assert_string_equal(jws.type, "JWT");
    assert_null(jws.key);
    assert_int_equal(jws.covered_length, strlen(A1_COVERED));
    assert_int_equal(jws.signature_length, 32);
    assert_memory_equal(jws.signature, "\x74\x18\xdf\xb4\x97\x99\xe0\x25", 8);
    assert_string_equal(json_string_value(json_object_get(jws.payload, "iss")), "joe");
    assert_int_equal(json_integer_value(json_object_get(jws.payload, "exp")), 1300819380);
}

static void
the_secret_of_rfc_7515_verifies_its_example_and_no_other(void **state)
{
    (void)state;
    struct error err = {0};
    struct signer signer;
    static const char key[] = A1_KEY, token[] = A1_COVERED "." A1_SIGNATURE;
    unsigned char secret[64];
    size_t length;
    assert_int_equal(sodium_base642bin(secret, sizeof(secret), key, strlen(A1_KEY), NULL, &length,
                                       NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING),
                     0);
    signer_of_secret(&signer, (const char *)secret, length);
    assert_true(jws_read(token, strlen(token), &arena, &jws, &err));
    assert_true(signer_verify(&signer, jws.covered, jws.covered_length, jws.signature,
                              jws.signature_length));
    assert_false(signer_verify(&signer, jws.covered, jws.covered_length - 1, jws.signature,
                               jws.signature_length));
    assert_false(signer_verify(&signer, jws.covered, jws.covered_length, jws.signature,
                               jws.signature_length - 1));
    for (size_t bit = 0; bit < 8 * jws.signature_length; bit++) {
        unsigned char *bytes = (unsigned char *)jws.signature;
        bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
        assert_false(signer_verify(&signer, jws.covered, jws.covered_length, bytes, 32));
        bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
    }
    signer_release(&signer);
}

static void
the_public_keys_of_rfc_7515_verify_its_examples_each_its_own(void **state)
{
    (void)state;
    static const char *const tokens[] = {A2_TOKEN, A3_TOKEN}, *const names[] = {"a2", "a3"};
    const struct jwks *jwks = jwks_parse(KEYS, strlen(KEYS), &arena);
    assert_non_null(jwks);
    for (int i = 0; i < 2; i++) {
        struct error err = {0};
        assert_true(jws_read(tokens[i], strlen(tokens[i]), &arena, &jws, &err));
        const struct jwk *right = jwks_find(jwks, names[i], jws.algorithm);
        const struct jwk *wrong = &jwks->keys[right == &jwks->keys[0]];
        assert_non_null(right);
        assert_null(jwks_find(jwks, names[1 - i], jws.algorithm));
        assert_true(jwk_verify(right, jws.covered, jws.covered_length, jws.signature,
                               jws.signature_length));
        assert_false(jwk_verify(wrong, jws.covered, jws.covered_length, jws.signature,
                                jws.signature_length));
        assert_false(jwk_verify(right, jws.covered, jws.covered_length - 1, jws.signature,
                                jws.signature_length));
    }
}

/* Appendices A.2 to A.5. Its payload is a text, so it is no token of ours. */
static void
signs_and_verifies_as_rfc_8037(void **state)
{
    (void)state;
    struct error err = {0};
    struct signer signer;
    unsigned char signature[SIGNATURE_MAX_BYTES];
    char path[] = "/tmp/hearth-test-XXXXXX";
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, ED25519_PEM, strlen(ED25519_PEM)), strlen(ED25519_PEM));
    close(descriptor);
    assert_true(signer_of_file(&signer, path, &err));
    unlink(path);
    assert_string_equal(signer.algorithm, "EdDSA");
    assert_string_equal(signer.id, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    size_t length = signer_sign(&signer, ED25519_COVERED, strlen(ED25519_COVERED), signature);
    assert_string_equal(jws_encode(signature, length, &arena), ED25519_SIGNATURE);
    assert_true(
        signer_verify(&signer, ED25519_COVERED, strlen(ED25519_COVERED), signature, length));
    signature[length - 1] ^= 1;
    assert_false(
        signer_verify(&signer, ED25519_COVERED, strlen(ED25519_COVERED), signature, length));
    signer_release(&signer);
    assert_false(reads(ED25519_COVERED "." ED25519_SIGNATURE));
}

static void
refuses_the_unsecured_example_of_rfc_7515(void **state)
{
    (void)state;
    assert_false(reads(A5_TOKEN));
    assert_true(reads(A5_TOKEN "c2ln")); /* its algorithm is for who knows the keys to refuse */
    assert_string_equal(jws.algorithm, "none");
}

static void
refuses_what_does_not_have_three_parts(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        ".",
        "..",
        "...",
        PAYLOAD,
        "eyJhbGciOiJIUzI1NiJ9." PAYLOAD,
        "eyJhbGciOiJIUzI1NiJ9..c2ln",
        "." PAYLOAD ".c2ln",
        "eyJhbGciOiJIUzI1NiJ9." PAYLOAD ".c2ln.",
        ".eyJhbGciOiJIUzI1NiJ9." PAYLOAD ".c2ln",
        "eyJhbGciOiJIUzI1NiJ9." PAYLOAD ".c2ln.c2ln",
        "eyJhbGciOiJIUzI1NiJ9." PAYLOAD ".c2ln.c2ln.c2ln",
    };
    assert_true(reads("eyJhbGciOiJIUzI1NiJ9." PAYLOAD ".c2ln"));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(reads(bad[i]));
}

/* "c2lH" and "c2l" and the like: of all texts that other readers would take for the same bytes, one
 * is taken (RFC 4648, section 3.5), so a token has one form. */
static void
takes_only_the_one_form_of_base64url(void **state)
{
    (void)state;
    static const char header[] = "eyJhbGciOiJIUzI1NiJ9";
    static const char *const bad[] = {"c2lnA",      "YR",     "YWJ", "YQ==", "YWI=", "YW I",
                                      "YWI\n",      "\tYWI",  "+_8", "-/8",  "a+b_", "YWI%",
                                      "Y\xc3\xa4I", "YWI\rA", "A",   "*",    "YQ=",  "=YWI"};
    static const char *const good[] = {"YQ", "YWI", "YWJj", "-_8", "AA"};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_true(reads(arena_printf(&arena, "%s." PAYLOAD ".%s", header, good[i])));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (reads(arena_printf(&arena, "%s." PAYLOAD ".%s", header, bad[i])))
            fail_msg("%s", bad[i]);
    assert_false(reads("eyJhbGciOiJIUzI1NiJ9=." PAYLOAD ".c2ln"));
    assert_false(reads("eyJhbGciOiJIUzI1NiJ9 ." PAYLOAD ".c2ln"));
    assert_false(reads("eyJhbGciOiJIUzI1NiJ9." PAYLOAD "==.c2ln"));
    /* "e30" is {}; the bits that "e31" has beside are none of it. */
    assert_true(reads("eyJhbGciOiJIUzI1NiJ9.e30.c2ln"));
    assert_false(reads("eyJhbGciOiJIUzI1NiJ9.e31.c2ln"));
    assert_false(reads_bytes("eyJhbGciOiJIUzI1NiJ9.e30.c2\0ln", 31));
}

/* RFC 7515, section 4.1.11, and RFC 8725, section 3.10. */
static void
refuses_a_header_with_anything_that_nobody_asked_for(void **state)
{
    (void)state;
    static const char *const names[] = {"crit",     "jwk",  "jku", "x5u",       "x5c", "x5t",
                                        "x5t#S256", "b64",  "zip", "enc",       "cty", "epk",
                                        "ALG",      "alg ", "",    "alg\\u0001"};
    assert_true(takes("{\"alg\":\"HS256\"}", "{}"));
    assert_true(takes("{\"typ\":\"at+jwt\",\"kid\":\"k\",\"alg\":\"HS256\"}", "{}"));
    assert_string_equal(jws.type, "at+jwt");
    assert_string_equal(jws.key, "k");
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        assert_false(
            takes(arena_printf(&arena, "{\"alg\":\"HS256\",\"%s\":\"a\"}", names[i]), "{}"));
    assert_false(takes("{\"alg\":\"HS256\",\"crit\":[]}", "{}"));
}

static void
a_header_says_how_it_is_signed_in_short_texts(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "{}",
        "{\"typ\":\"JWT\"}",
        "{\"alg\":null}",
        "{\"alg\":256}",
        "{\"alg\":[\"HS256\"]}",
        "{\"alg\":true}",
        "{\"alg\":\"HS256\",\"kid\":7}",
        "{\"alg\":\"HS256\",\"kid\":{}}",
        "{\"alg\":\"HS256\",\"typ\":null}",
        "{\"alg\":\"HS256\\u0000\"}",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(takes(bad[i], "{}"));
    char kid[130] = {0};
    memset(kid, 'k', 128);
    assert_true(takes(arena_printf(&arena, "{\"alg\":\"HS256\",\"kid\":\"%s\"}", kid), "{}"));
    kid[128] = 'k';
    assert_false(takes(arena_printf(&arena, "{\"alg\":\"HS256\",\"kid\":\"%s\"}", kid), "{}"));
}

static void
header_and_payload_are_one_json_object_each_with_no_member_twice(void **state)
{
    (void)state;
    static const char *const bad[] = {"[]",
                                      "null",
                                      "\"a\"",
                                      "1",
                                      "",
                                      "{",
                                      "{}{}",
                                      "{} x",
                                      "{\"a\":1,}",
                                      "{'a':1}",
                                      "\xff",
                                      "{\"a\":\"\xff\"}",
                                      "\xef\xbb\xbf{}",
                                      "{\"a\":1,\"a\":2}",
                                      "{\"a\":1,\"\\u0061\":2}",
                                      "{\"a\":\"\\ud800\"}"};
    assert_true(takes("{\"alg\":\"HS256\"}", "{\"a\":1,\"b\":{\"a\":1}}"));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(takes("{\"alg\":\"HS256\"}", bad[i]));
    assert_false(takes("{\"alg\":\"HS256\",\"alg\":\"none\"}", "{}"));
    assert_false(takes("{\"alg\":\"none\",\"\\u0061lg\":\"HS256\"}", "{}"));
    assert_false(takes("[\"alg\"]", "{}"));
    assert_false(takes("{\"alg\":\"HS256\"} ]", "{}"));
}

static void
takes_as_many_bytes_as_it_promises_and_no_more(void **state)
{
    (void)state;
    static const char begin[] = "eyJhbGciOiJIUzI1NiJ9.e30.";
    /* One character more than whole groups of four is no base64: two lengths that are some. */
    size_t left = JWS_MAX_BYTES - strlen(begin), more = JWS_MAX_BYTES + 1 - strlen(begin);
    char *text = arena_alloc(&arena, JWS_MAX_BYTES + 8);
    memset(text, 'A', JWS_MAX_BYTES + 4);
    memcpy(text, begin, strlen(begin));
    assert_true(left % 4 != 1 && more % 4 != 1);
    assert_true(reads_bytes(text, JWS_MAX_BYTES));
    assert_false(reads_bytes(text, JWS_MAX_BYTES + 1));
}

/* RFC 7515, appendix C, and RFC 4648, section 10, in the alphabet of section 5. */
static void
writes_base64url_without_padding(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},         {"foo", "Zm9v"},
        {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_string_equal(encode(cases[i][0]), cases[i][1]);
    assert_string_equal(jws_encode("\x03\xec\xff\xe0\xc1", 5, &arena), "A-z_4ME");
    assert_string_equal(jws_encode("\0\0", 2, &arena), "AAA");
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(takes_the_example_of_rfc_7515_apart),
        TEST(the_secret_of_rfc_7515_verifies_its_example_and_no_other),
        TEST(the_public_keys_of_rfc_7515_verify_its_examples_each_its_own),
        TEST(signs_and_verifies_as_rfc_8037),
        TEST(refuses_the_unsecured_example_of_rfc_7515),
        TEST(refuses_what_does_not_have_three_parts),
        TEST(takes_only_the_one_form_of_base64url),
        TEST(refuses_a_header_with_anything_that_nobody_asked_for),
        TEST(a_header_says_how_it_is_signed_in_short_texts),
        TEST(header_and_payload_are_one_json_object_each_with_no_member_twice),
        TEST(takes_as_many_bytes_as_it_promises_and_no_more),
        TEST(writes_base64url_without_padding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
