/* ID tokens: what a provider signed for us now is taken, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cjose/base64.h>
#include <cmocka.h>

#include "access/id_token.h"
#include "tests/lib/provider_keys.h"

enum { NOW_S = 1795262400 };

#define HEAD "{\"alg\":\"RS256\",\"kid\":\"a\",\"typ\":\"JWT\"}"
#define CLAIMS                                                                                     \
    "{\"iss\":\"https://accounts.google.com\",\"aud\":\"us\",\"azp\":\"us\",\"sub\":\"1234\","     \
    "\"email\":\"ada@example.com\",\"email_verified\":true,\"name\":\"Ada\","                      \
    "\"picture\":\"https://example.com/a.png\",\"hd\":\"example.com\",\"nonce\":\"n-1\","          \
    "\"iat\":1795262400,\"nbf\":1795262400,\"exp\":1795266000}"

static struct arena arena;
static cjose_jwk_t *rsa, *p256, *other;
static const struct jwks *jwks;
static const char *const clients[] = {"us", "our-android-app", NULL};
static const struct id_token_rules rules = {
    .clients = clients, .issuer = "https://accounts.google.com", .now_s = NOW_S};
static struct id_token token;

static int
set_up(void **state)
{
    (void)state;
    cjose_err error;
    rsa = cjose_jwk_create_RSA_random(2048, (const uint8_t *)"\1\0\1", 3, &error);
    other = cjose_jwk_create_RSA_random(2048, (const uint8_t *)"\1\0\1", 3, &error);
    p256 = cjose_jwk_create_EC_random(CJOSE_JWK_EC_P_256, &error);
    const char *text =
        arena_printf(&arena, "{\"keys\":[%s,%s]}", key_text(rsa, false, "{\"kid\":\"a\"}", &arena),
                     key_text(p256, false, "{\"kid\":\"b\"}", &arena));
    jwks = jwks_parse(text, strlen(text), &arena);
    return jwks ? 0 : 1;
}

static int
tear_down(void **state)
{
    (void)state;
    cjose_jwk_release(rsa);
    cjose_jwk_release(other);
    cjose_jwk_release(p256);
    arena_release(&arena);
    return 0;
}

static enum id_token_verdict
verify(const char *text)
{
    return id_token_verify(text, jwks, &rules, &arena, &token);
}

/* The good claims with one piece replaced. */
static const char *
bend(const char *piece, const char *replacement)
{
    const char *at = strstr(CLAIMS, piece);
    assert_non_null(at);
    return arena_printf(&arena, "%.*s%s%s", (int)(at - CLAIMS), CLAIMS, replacement,
                        at + strlen(piece));
}

static const char *
signed_claims(const char *claims)
{
    return token_text(rsa, HEAD, claims, &arena);
}

static void
tells_who_somebody_is(void **state)
{
    (void)state;
    assert_int_equal(verify(signed_claims(CLAIMS)), ID_TOKEN_GOOD);
    assert_null(token.complaint);
    assert_string_equal(token.subject, "1234");
    assert_string_equal(token.email, "ada@example.com");
    assert_true(token.email_verified);
    assert_string_equal(token.name, "Ada");
    assert_string_equal(token.picture, "https://example.com/a.png");
    assert_string_equal(token.hosted_domain, "example.com");
}

static void
takes_keys_on_p256(void **state)
{
    (void)state;
    const char *text = token_text(p256, "{\"alg\":\"ES256\",\"kid\":\"b\"}", CLAIMS, &arena);
    assert_int_equal(verify(text), ID_TOKEN_GOOD);
}

static void
takes_what_providers_write_otherwise(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"https://accounts.google.com", "accounts.google.com"},
        {"\"azp\":\"us\",", ""},
        {"\"azp\":\"us\"", "\"azp\":\"our-android-app\""},
        {"\"aud\":\"us\"", "\"aud\":[\"us\"]"},
        {"\"aud\":\"us\"", "\"aud\":[\"us\",\"our-android-app\"]"},
        {"\"nbf\":1795262400,", ""},
        {"\"nbf\":1795262400", "\"nbf\":1795262459"},
        {"\"iat\":1795262400", "\"iat\":1795262459.5"},
        {"\"exp\":1795266000", "\"exp\":1795262401"},
        {"\"hd\":\"example.com\",", ""},
        {"\"email_verified\":true", "\"email_verified\":\"true\""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (verify(signed_claims(bend(cases[i][0], cases[i][1]))) != ID_TOKEN_GOOD)
            fail_msg("%s: %s", cases[i][1], token.complaint);
}

static void
refuses_wrong_claims(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"https://accounts.google.com", "https://accounts.google.com/"},
        {"https://accounts.google.com", "http://accounts.google.com"},
        {"https://accounts.google.com", "https://evil.example"},
        {"\"iss\":\"https://accounts.google.com\",", ""},
        {"\"aud\":\"us\"", "\"aud\":\"them\""},
        {"\"aud\":\"us\"", "\"aud\":[]"},
        {"\"aud\":\"us\"", "\"aud\":[\"us\",\"them\"]"},
        {"\"aud\":\"us\",\"azp\":\"us\"", "\"aud\":[\"us\",\"us\"]"},
        {"\"aud\":\"us\"", "\"aud\":{\"us\":1}"},
        {"\"aud\":\"us\",", ""},
        {"\"azp\":\"us\"", "\"azp\":\"them\""},
        {"\"azp\":\"us\"", "\"azp\":1"},
        {"\"sub\":\"1234\",", ""},
        {"\"sub\":\"1234\"", "\"sub\":\"\""},
        {"\"sub\":\"1234\"", "\"sub\":1234"},
        {"\"exp\":1795266000", "\"exp\":1795262400"},
        {"\"exp\":1795266000", "\"exp\":\"1795266000\""},
        {",\"exp\":1795266000", ""},
        {"\"iat\":1795262400", "\"iat\":1795262461"},
        {"\"iat\":1795262400,", ""},
        {"\"iat\":1795262400", "\"iat\":-1"},
        {"\"nbf\":1795262400", "\"nbf\":1795262461"},
        {"\"nbf\":1795262400", "\"nbf\":\"now\""},
        {"\"exp\":1795266000", "\"exp\":1e300"},
        {"\"iss\"", "\"iss\":\"https://accounts.google.com\",\"iss\""}, /* twice */
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (verify(signed_claims(bend(cases[i][0], cases[i][1]))) != ID_TOKEN_REFUSED)
            fail_msg("taken: %s", cases[i][1]);
}

static void
compares_the_nonce_where_one_was_set(void **state)
{
    (void)state;
    struct id_token_rules with = rules;
    const char *text = signed_claims(CLAIMS);
    with.nonce = "n-1";
    assert_int_equal(id_token_verify(text, jwks, &with, &arena, &token), ID_TOKEN_GOOD);
    with.nonce = "n-2";
    assert_int_equal(id_token_verify(text, jwks, &with, &arena, &token), ID_TOKEN_REFUSED);
    const char *without = signed_claims(bend("\"nonce\":\"n-1\",", ""));
    assert_int_equal(id_token_verify(without, jwks, &with, &arena, &token), ID_TOKEN_REFUSED);
}

static void
refuses_other_signatures(void **state)
{
    (void)state;
    assert_int_equal(verify(token_text(other, HEAD, CLAIMS, &arena)), ID_TOKEN_REFUSED);
    /* each byte of the claims and of the signature counts */
    const char *good = signed_claims(CLAIMS);
    size_t length = strlen(good);
    for (size_t i = strcspn(good, ".") + 1; i < length - 1; i += 7) {
        char *bent = arena_strdup(&arena, good);
        bent[i] = bent[i] == 'A' ? 'B' : bent[i] == '.' ? 'x' : 'A';
        assert_int_equal(verify(bent), ID_TOKEN_REFUSED);
    }
}

static const char *
encoded(const char *text)
{
    char *out;
    size_t length;
    cjose_err error;
    cjose_base64url_encode((const uint8_t *)text, strlen(text), &out, &length, &error);
    const char *kept = arena_strndup(&arena, out, length);
    free(out);
    return kept;
}

static void
refuses_no_algorithm_and_others(void **state)
{
    (void)state;
    static const char *const heads[] = {
        "{\"alg\":\"none\",\"kid\":\"a\"}",
        "{\"alg\":\"None\",\"kid\":\"a\"}",
        "{\"alg\":\"HS256\",\"kid\":\"a\"}",
        "{\"alg\":\"RS512\",\"kid\":\"a\"}",
        "{\"alg\":\"PS256\",\"kid\":\"a\"}",
        "{\"kid\":\"a\"}",
        "{\"alg\":[\"RS256\"],\"kid\":\"a\"}",
        "{\"alg\":\"RS256\"}",
        "{\"alg\":\"RS256\",\"kid\":1}",
        "{\"alg\":\"RS256\",\"kid\":\"a\",\"typ\":\"at+jwt\"}",
        "{\"alg\":\"RS256\",\"kid\":\"a\",\"crit\":[\"b64\"],\"b64\":false}",
        "{\"alg\":\"RS256\",\"kid\":\"a\",\"alg\":\"RS256\"}",
        "[]",
        "x"};
    const char *good = signed_claims(CLAIMS);
    const char *rest = strchr(good, '.');
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
        if (verify(arena_printf(&arena, "%s%s", encoded(heads[i]), rest)) != ID_TOKEN_REFUSED)
            fail_msg("taken: %s", heads[i]);
    assert_int_equal(verify(arena_printf(&arena, "%s.%s.", encoded(heads[0]), encoded(CLAIMS))),
                     ID_TOKEN_REFUSED);
}

/* The classic confusion: a MAC whose secret is what everybody knows of the public key. */
static void
refuses_a_mac_with_the_public_key(void **state)
{
    (void)state;
    cjose_err error;
    json_auto_t *public = json_loads(key_text(rsa, false, "{}", &arena), 0, NULL);
    const char *modulus = json_string_value(json_object_get(public, "n"));
    cjose_jwk_t *secret =
        cjose_jwk_create_oct_spec((const uint8_t *)modulus, strlen(modulus), &error);
    const char *text = token_text(secret, "{\"alg\":\"HS256\",\"kid\":\"a\"}", CLAIMS, &arena);
    assert_int_equal(verify(text), ID_TOKEN_REFUSED);
    cjose_jwk_release(secret);
}

static void
says_when_a_key_is_not_known(void **state)
{
    (void)state;
    const char *head = "{\"alg\":\"RS256\",\"kid\":\"new\"}";
    assert_int_equal(verify(token_text(other, head, CLAIMS, &arena)), ID_TOKEN_UNKNOWN_KEY);
    /* a key of another kind under a known id is not known either */
    head = "{\"alg\":\"ES256\",\"kid\":\"a\"}";
    assert_int_equal(verify(token_text(p256, head, CLAIMS, &arena)), ID_TOKEN_UNKNOWN_KEY);
}

static void
refuses_what_is_no_token(void **state)
{
    (void)state;
    static const char *const texts[] = {"",        ".",       "..",          "a.b",         "a.b.c",
                                        "a.b.c.d", "a b.c.d", "e30.e30.e30", "e30=.e30.e30"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_int_equal(verify(texts[i]), ID_TOKEN_REFUSED);
    char *huge = arena_alloc(&arena, 100000);
    memset(huge, 'a', 99999);
    assert_int_equal(verify(huge), ID_TOKEN_REFUSED);
    assert_int_equal(verify(arena_printf(&arena, "%s.", signed_claims(CLAIMS))), ID_TOKEN_REFUSED);
}

static void
keeps_nothing_that_is_too_long_or_no_https_picture(void **state)
{
    (void)state;
    char *name = arena_alloc(&arena, 300);
    memset(name, 'n', 299);
    const char *claims = bend("\"Ada\"", arena_printf(&arena, "\"%s\"", name));
    assert_int_equal(verify(signed_claims(claims)), ID_TOKEN_GOOD);
    assert_null(token.name);
    assert_int_equal(
        verify(signed_claims(bend("https://example.com/a.png", "javascript:alert(1)"))),
        ID_TOKEN_GOOD);
    assert_null(token.picture);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_who_somebody_is),
        cmocka_unit_test(takes_keys_on_p256),
        cmocka_unit_test(takes_what_providers_write_otherwise),
        cmocka_unit_test(refuses_wrong_claims),
        cmocka_unit_test(compares_the_nonce_where_one_was_set),
        cmocka_unit_test(refuses_other_signatures),
        cmocka_unit_test(refuses_no_algorithm_and_others),
        cmocka_unit_test(refuses_a_mac_with_the_public_key),
        cmocka_unit_test(says_when_a_key_is_not_known),
        cmocka_unit_test(refuses_what_is_no_token),
        cmocka_unit_test(keeps_nothing_that_is_too_long_or_no_https_picture),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
