/* What is taken out of texts that operators read, and what is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "access/redact.h"

static struct arena arena;

static const char *
redacted(const char *text)
{
    struct strbuf out;
    strbuf_init(&out, &arena, 64);
    redact_add(&out, text, strlen(text));
    return out.data;
}

static void
finds_the_example_of_every_pattern(void **state)
{
    (void)state;
    for (const struct redact_pattern *row = redact_patterns; row->name; row++) {
        const char *shown = redacted(arena_printf(&arena, "see %s, please", row->example));
        if (!strstr(shown, arena_printf(&arena, "[%s]", row->name)))
            fail_msg("%s: %s", row->name, shown);
        assert_ptr_equal(strstr(shown, "see "), shown);
    }
}

static void
takes_out_what_is_secret(void **state)
{
    (void)state;
    static const struct {
        const char *text, *shown;
    } cases[] = {
        {"Authorization: Bearer abc.def-123456", "Authorization: Bearer [credential]"},
        {"curl -H 'X-API-Key: abc'", "curl -H 'X-API-Key: [secret]'"},
        {"{\"password\":\"a\\\"b c\",\"n\":1}", "{\"password\":\"[secret]\",\"n\":1}"},
        {"{\"newPassword\" : \"x\"}", "{\"newPassword\" : \"[secret]\"}"},
        {"user=ann&client_secret=s3&x=1", "user=ann&client_secret=[secret]&x=1"},
        {"my key is sk-ant-api03-AAAAAAAAAAAAAAAAAA.", "my key is [key]."},
        {"postgres://u:p@h/db", "postgres://[credentials]@h/db"},
        {"Write to ann@example.org, or bob@b.example.", "Write to [e-mail], or [e-mail]."},
        {"4111-1111-1111-1111 and 5500005555555559", "[card number] and [card number]"},
        {"IBAN DE89370400440532013000.", "IBAN [iban]."},
        {"call +1 (415) 555-2671 now", "call [phone number] now"},
        {"ssn 078-05-1120", "ssn [national number]"},
        {"d41d8cd98f00b204e9800998ecf8427e", "[secret]"},
        {"-----BEGIN RSA PRIVATE KEY-----\nMIIE", "[private key]"},
        {"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.x-_y!", "[token]!"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_string_equal(redacted(cases[i].text), cases[i].shown);
}

static void
leaves_ordinary_text(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "The bearer of bad news came by token ring.",
        "Order 4111 1111 1111 1112 has a wrong check digit.",
        "DE88 3704 0044 0532 0130 00",
        "max_tokens: 100, tokens=5",
        "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b",
        "12-11-2026, 3.1415926535897932384626433832795",
        "http://example.org/a?b=c@d and a@b",
        "internationalization-of-everything-in-the-world",
        "1 + 1 = 2; x+y",
        ("Gr\xc3\xb6\xc3\x9f"
         "e \xf0\x9f\x99\x82 pass the salt"),
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_string_equal(redacted(texts[i]), texts[i]);
}

static void
redacts_documents_by_their_names_and_within_their_texts(void **state)
{
    (void)state;
    json_auto_t *document = json_loads(
        "{\"text\":\"I am ann\\u0040example.org\",\"access_token\":{\"a\":1},\"n\":5,"
        "\"list\":[\"sk-abcdefghijklmnop1234\",null,true],\"bob@example.org\":1,\"token\":null,\"card\":4111111111111111}",
        0, NULL);
    struct strbuf out;
    strbuf_init(&out, &arena, 64);
    redact_json(&out, document, 65536);
    assert_string_equal(out.data,
                        "{\"text\":\"I am [e-mail]\",\"access_token\":\"[secret]\",\"n\":5,"
                        "\"list\":[\"[key]\",null,true],\"[e-mail]\":1,\"token\":null,"
                        "\"card\":\"[card number]\"}");
}

static void
stops_a_document_where_it_is_long_enough(void **state)
{
    (void)state;
    json_auto_t *document = json_array();
    for (int i = 0; i < 100000; i++)
        json_array_append_new(document, json_string("some text"));
    struct strbuf out;
    strbuf_init(&out, &arena, 64);
    redact_json(&out, document, 1000);
    assert_in_range(out.length, 1000, 1100);
}

/* The processor's time for so much of a text that is one run again and again. */
static int64_t
cost_ns(const char *run, size_t bytes)
{
    struct strbuf text, out;
    struct timespec before, after;
    strbuf_init(&text, &arena, bytes);
    strbuf_init(&out, &arena, bytes);
    while (text.length < bytes)
        strbuf_add_text(&text, run);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before);
    redact_add(&out, text.data, text.length);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after);
    arena_reset(&arena);
    return (after.tv_sec - before.tv_sec) * 1000000000LL + after.tv_nsec - before.tv_nsec;
}

/* Sixteen times the text may cost sixteen times as much, not 256 times: runs that almost match are
 * what a pattern could look at again and again. */
static void
looks_at_each_byte_a_bounded_number_of_times(void **state)
{
    (void)state;
    static const char *const runs[] = {"a.",      "eyJ-",      "a_",   "://:",   "sk-",
                                       "1 ",      "-",         "SG.",  "DE89 ",  "+1 ",
                                       "bearer ", "password=", "----", "a@b.c@", "-----BEGIN "};
    enum { BYTES = 1 << 14, NOISE_NS = 20000000 };
    for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
        int64_t part_ns = cost_ns(runs[i], BYTES), whole_ns = cost_ns(runs[i], 16 * BYTES);
        if (whole_ns > 64 * part_ns + NOISE_NS)
            fail_msg("%s: %lld ns, sixteen times as much %lld ns", runs[i], (long long)part_ns,
                     (long long)whole_ns);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_example_of_every_pattern),
        cmocka_unit_test(takes_out_what_is_secret),
        cmocka_unit_test(leaves_ordinary_text),
        cmocka_unit_test(redacts_documents_by_their_names_and_within_their_texts),
        cmocka_unit_test(stops_a_document_where_it_is_long_enough),
        cmocka_unit_test(looks_at_each_byte_a_bounded_number_of_times),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_release(&arena);
    return failed;
}
