/* The text of API keys, and the signatures of what is remembered of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "access/api_key.h"
#include "access/hmac.h"
#include "access/snapshot.h"

static void
finds_out_every_mistyped_character(void **state)
{
    (void)state;
    char key[API_KEY_CHARACTERS + 1];
    for (int round = 0; round < 20; round++) {
        api_key_make(key);
        assert_int_equal(strlen(key), API_KEY_CHARACTERS);
        assert_true(api_key_is_whole(key, API_KEY_CHARACTERS));
        assert_false(api_key_is_whole(key, API_KEY_CHARACTERS - 1));
        for (size_t i = 0; i < API_KEY_CHARACTERS; i++) {
            char right = key[i];
            key[i] = right == 'a' ? 'b' : 'a';
            assert_false(api_key_is_whole(key, API_KEY_CHARACTERS));
            key[i] = right;
        }
    }
}

static void
makes_keys_that_differ_and_are_safe_in_urls(void **state)
{
    (void)state;
    char first[API_KEY_CHARACTERS + 1], second[API_KEY_CHARACTERS + 1];
    char prefix[API_KEY_PREFIX_CHARACTERS + 1];
    api_key_make(first);
    api_key_make(second);
    assert_string_not_equal(first, second);
    assert_int_equal(strspn(first, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                   "0123456789-_"),
                     API_KEY_CHARACTERS);
    api_key_prefix(first, prefix);
    assert_memory_equal(prefix, first, API_KEY_PREFIX_CHARACTERS);
}

/* RFC 4231, test cases 2 and 6. */
static void
signs_as_the_rfc_says(void **state)
{
    (void)state;
    struct hmac_key key;
    unsigned char signature[SHA256_BYTES], long_key[131];
    char text[2 * SHA256_BYTES + 1];
    hmac_key_init(&key, "Jefe", 4);
    hmac_sign(&key, "what do ya ", 11, "want for nothing?", 17, signature);
    hex_format(text, signature, sizeof(signature));
    assert_string_equal(text, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(long_key, 0xaa, sizeof(long_key));
    hmac_key_init(&key, long_key, sizeof(long_key));
    hmac_sign(&key, "Test Using Larger Than Block-Size Key - Hash Key First", 54, "", 0, signature);
    hex_format(text, signature, sizeof(signature));
    assert_string_equal(text, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

static const unsigned char name[SNAPSHOT_NAME_BYTES] = "name", other[SNAPSHOT_NAME_BYTES] = "other";

static void
reads_back_what_it_wrote_and_refuses_every_changed_byte(void **state)
{
    (void)state;
    static const char *const models[] = {"small", "large", NULL};
    const struct snapshot snapshot = {.state = SNAPSHOT_GOOD,
                                      .caller = {.kind = CALLER_KEY,
                                                 .tenant = "key:1",
                                                 .key_id = "1",
                                                 .organisation_id = "o",
                                                 .scopes = 5,
                                                 .models = models,
                                                 .rate = {7, 60},
                                                 .streams = 2,
                                                 .has_budget = true},
                                      .expires_us = 12,
                                      .taken_us = 34};
    struct arena arena = {0};
    struct hmac_key key, another;
    struct snapshot read;
    size_t length;
    hmac_key_derive(&key, "secret", "purpose");
    hmac_key_derive(&another, "secret", "another purpose");
    const char *bytes = snapshot_encode(&snapshot, &key, name, &arena, &length);
    assert_true(snapshot_decode(bytes, length, &key, name, &arena, &read));
    assert_string_equal(read.caller.tenant, "key:1");
    assert_string_equal(read.caller.organisation_id, "o");
    assert_null(read.caller.account_id);
    assert_string_equal(read.caller.models[1], "large");
    assert_null(read.caller.models[2]);
    assert_int_equal(read.caller.rate.count, 7);
    assert_int_equal(read.expires_us, 12);
    assert_int_equal(read.taken_us, 34);
    assert_true(read.caller.has_budget && !read.caller.is_admin);
    assert_false(snapshot_decode(bytes, length, &another, name, &arena, &read));
    assert_false(snapshot_decode(bytes, length, &key, other, &arena, &read));
    for (size_t i = 0; i < length; i++) {
        char *changed = arena_alloc(&arena, length);
        memcpy(changed, bytes, length);
        changed[i] ^= 1;
        assert_false(snapshot_decode(changed, length, &key, name, &arena, &read));
        assert_false(snapshot_decode(bytes, i, &key, name, &arena, &read));
    }
    arena_release(&arena);
}

static void
may_ask_for_no_model_where_the_list_is_empty(void **state)
{
    (void)state;
    static const char *const none[] = {NULL};
    static const struct provider_settings provider = {.kind = PROVIDER_OPENAI};
    static const struct provider_settings local = {.kind = PROVIDER_LOCAL};
    const struct model_settings model = {.name = "large", .provider = &provider};
    const struct model_settings way = {.name = "local", .provider = &local};
    const struct caller caller = {.models = none}, free_caller = {0};
    assert_false(caller_may_ask(&caller, &model));
    assert_true(caller_may_ask(&caller, &way));
    assert_true(caller_may_ask(&free_caller, &model));
    assert_true(caller_may_ask(NULL, &model));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_out_every_mistyped_character),
        cmocka_unit_test(makes_keys_that_differ_and_are_safe_in_urls),
        cmocka_unit_test(signs_as_the_rfc_says),
        cmocka_unit_test(reads_back_what_it_wrote_and_refuses_every_changed_byte),
        cmocka_unit_test(may_ask_for_no_model_where_the_list_is_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
