/* Key sets of providers: fit keys are kept, all others left out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "access/jwks.h"
#include "base/strbuf.h"
#include "tests/lib/provider_keys.h"

static struct arena arena;
static cjose_jwk_t *rsa, *small, *p256, *p384;

static int
set_up(void **state)
{
    (void)state;
    cjose_err error;
    rsa = cjose_jwk_create_RSA_random(2048, (const uint8_t *)"\1\0\1", 3, &error);
    small = cjose_jwk_create_RSA_random(1024, (const uint8_t *)"\1\0\1", 3, &error);
    p256 = cjose_jwk_create_EC_random(CJOSE_JWK_EC_P_256, &error);
    p384 = cjose_jwk_create_EC_random(CJOSE_JWK_EC_P_384, &error);
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    cjose_jwk_release(rsa);
    cjose_jwk_release(small);
    cjose_jwk_release(p256);
    cjose_jwk_release(p384);
    arena_release(&arena);
    return 0;
}

static const struct jwks *
parse(const char *keys)
{
    const char *text = arena_printf(&arena, "{\"keys\":[%s]}", keys);
    return jwks_parse(text, strlen(text), &arena);
}

static void
keeps_keys_for_signatures(void **state)
{
    (void)state;
    const struct jwks *jwks = parse(arena_printf(
        &arena, "%s,%s",
        key_text(rsa, false, "{\"kid\":\"a\",\"use\":\"sig\",\"alg\":\"RS256\"}", &arena),
        key_text(p256, false, "{\"kid\":\"b\",\"key_ops\":[\"verify\"]}", &arena)));
    assert_int_equal(jwks->count, 2);
    assert_non_null(jwks_find(jwks, "a", "RS256"));
    assert_non_null(jwks_find(jwks, "b", "ES256"));
    assert_null(jwks_find(jwks, "a", "ES256"));
    assert_null(jwks_find(jwks, "c", "RS256"));
}

static void
leaves_out_keys_for_other_ends(void **state)
{
    (void)state;
    static const char *const more[] = {
        "{}",
        "{\"kid\":\"\"}",
        "{\"kid\":7}",
        "{\"kid\":\"a\",\"use\":\"enc\"}",
        "{\"kid\":\"a\",\"use\":1}",
        "{\"kid\":\"a\",\"alg\":\"RS512\"}",
        "{\"kid\":\"a\",\"alg\":\"HS256\"}",
        "{\"kid\":\"a\",\"alg\":\"none\"}",
        "{\"kid\":\"a\",\"key_ops\":[\"encrypt\"]}",
        "{\"kid\":\"a\",\"key_ops\":[]}",
        "{\"kid\":\"a\",\"kty\":\"oct\",\"k\":\"AAAA\"}",
        "{\"kid\":\"a\",\"kty\":\"OKP\"}",
        "{\"kid\":\"a\",\"kty\":null}",
        "{\"kid\":\"a\",\"kty\":\"EC\"}",
        "{\"kid\":\"a\",\"n\":\"\"}",
        "{\"kid\":\"a\",\"n\":\"!\"}",
        "{\"kid\":\"a\",\"n\":5}",
        "{\"kid\":\"a\",\"e\":\"AQ\"}",
        "{\"kid\":\"a\",\"e\":\"AA\"}",
        "{\"kid\":\"a\",\"e\":\"BA\"}",
        "{\"kid\":\"a\",\"e\":\"AQAAAAAB\"}",
        "{\"kid\":\"a\",\"e\":null}",
    };
    for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++)
        if (parse(key_text(rsa, false, more[i], &arena)))
            fail_msg("kept: %s", more[i]);
}

static void
leaves_out_keys_of_other_sizes_and_curves(void **state)
{
    (void)state;
    assert_null(parse(key_text(small, false, "{\"kid\":\"a\"}", &arena)));
    assert_null(parse(key_text(p384, false, "{\"kid\":\"a\"}", &arena)));
    assert_null(parse(key_text(p256, false, "{\"kid\":\"a\",\"crv\":\"secp256k1\"}", &arena)));
    /* a modulus of 1024 bits does not grow by zeros before it */
    const char *text = key_text(small, false, "{\"kid\":\"a\"}", &arena);
    json_auto_t *object = json_loads(text, 0, NULL);
    const char *n = json_string_value(json_object_get(object, "n"));
    char *zeros = arena_alloc(&arena, 173);
    memset(zeros, 'A', 172);
    assert_null(parse(key_text(
        small, false, arena_printf(&arena, "{\"kid\":\"a\",\"n\":\"%s%s\"}", zeros, n), &arena)));
}

static void
leaves_out_points_off_the_curve(void **state)
{
    (void)state;
    assert_null(parse(
        key_text(p256, false,
                 "{\"kid\":\"a\",\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\"}", &arena)));
}

static void
keeps_the_first_of_two_keys_with_one_id(void **state)
{
    (void)state;
    const char *key = key_text(rsa, false, "{\"kid\":\"a\"}", &arena);
    assert_int_equal(parse(arena_printf(&arena, "%s,%s", key, key))->count, 1);
}

static void
bounds_how_many_there_are(void **state)
{
    (void)state;
    struct strbuf keys;
    strbuf_init(&keys, &arena, 65536);
    for (int i = 0; i < 2 * JWKS_KEYS_MAX; i++)
        strbuf_printf(&keys, "%s%s", i > 0 ? "," : "",
                      key_text(p256, false, arena_printf(&arena, "{\"kid\":\"%d\"}", i), &arena));
    assert_int_equal(parse(keys.data)->count, JWKS_KEYS_MAX);
}

static void
refuses_what_is_no_key_set(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",       "{",   "[]", "{}", "{\"keys\":{}}", "{\"keys\":[]}", "{\"keys\":[1,null,[]]}",
        "<html>", "\xff"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_null(jwks_parse(texts[i], strlen(texts[i]), &arena));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_keys_for_signatures),
        cmocka_unit_test(leaves_out_keys_for_other_ends),
        cmocka_unit_test(leaves_out_keys_of_other_sizes_and_curves),
        cmocka_unit_test(leaves_out_points_off_the_curve),
        cmocka_unit_test(keeps_the_first_of_two_keys_with_one_id),
        cmocka_unit_test(bounds_how_many_there_are),
        cmocka_unit_test(refuses_what_is_no_key_set),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
