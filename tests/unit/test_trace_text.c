/* What of bodies and streams is kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "access/trace_text.h"

static struct arena arena;

static const char *
body(const char *bytes, size_t max_bytes)
{
    return trace_text(NULL, bytes, strlen(bytes), max_bytes, &arena);
}

static const char *
stream(const char *bytes, size_t max_bytes)
{
    return trace_stream_text(bytes, strlen(bytes), max_bytes, &arena);
}

static void
undoes_the_escapes_of_json_before_it_looks(void **state)
{
    (void)state;
    assert_string_equal(body("{\"a\":\"ann\\u0040example.org\",\"b\":1.5}", 100),
                        "{\"a\":\"[e-mail]\",\"b\":1.5}");
}

static void
redacts_what_is_no_json_too(void **state)
{
    (void)state;
    assert_string_equal(body("mail ann@example.org", 100), "mail [e-mail]");
    assert_string_equal(body("\xff\xfe", 100), "[no text]");
    assert_null(trace_text(NULL, NULL, 0, 100, &arena));
}

static void
cuts_after_it_has_redacted_so_that_no_half_secret_stays(void **state)
{
    (void)state;
    const char *kept = body("aaaaaaaaaa 4111 1111 1111 1111", 20);
    assert_null(strstr(kept, "4111"));
    assert_non_null(strstr(kept, " [cut]"));
    kept = body("{\"t\":\"aaaaaaaaaa 4111 1111 1111 1111\"}", 24);
    assert_null(strstr(kept, "4111"));
    /* Never within a character. */
    assert_string_equal(body("\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4", 7),
                        "\xc3\xa4\xc3\xa4\xc3\xa4 [cut]");
}

static void
finds_a_secret_that_a_stream_said_in_pieces(void **state)
{
    (void)state;
    assert_string_equal(
        stream("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"to ann@exa\"}}]}\n\n"
               ": ping\n\n"
               "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"mple.org now\"}}]}\n\n"
               "data: [DONE]\n\n",
               200),
        "to [e-mail] now");
}

static void
keeps_choices_apart(void **state)
{
    (void)state;
    assert_string_equal(
        stream("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"ann@\"}}]}\n\n"
               "data: {\"choices\":[{\"index\":1,\"delta\":{\"content\":\"bob@\"}}]}\n\n"
               "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a.example\"}}]}\n\n"
               "data: {\"choices\":[{\"index\":1,\"delta\":{\"content\":\"b.example\"}}]}\n\n",
               200),
        "[e-mail]\n[e-mail]");
}

static void
reads_the_events_of_every_surface(void **state)
{
    (void)state;
    assert_string_equal(
        stream("event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,"
               "\"delta\":{\"type\":\"text_delta\",\"text\":\"Hi\"}}\n\n",
               200),
        "Hi");
    assert_string_equal(
        stream("data: {\"type\":\"response.output_text.delta\",\"delta\":\"Hi\"}\n\n"
               "data: {\"type\":\"response.output_text.done\",\"text\":\"Hi\"}\n\n",
               200),
        "Hi");
    assert_string_equal(stream("event: delta\ndata: {\"text\":\"H\"}\n\n"
                               "event: result\ndata: {\"result\":\"Hi ann@example.org\"}\n\n",
                               200),
                        "H\n{\"result\":\"Hi [e-mail]\"}");
    assert_string_equal(stream("data: {\"error\":{\"message\":\"broken\"}}\n\n", 200),
                        "{\"error\":{\"message\":\"broken\"}}");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(undoes_the_escapes_of_json_before_it_looks),
        cmocka_unit_test(redacts_what_is_no_json_too),
        cmocka_unit_test(cuts_after_it_has_redacted_so_that_no_half_secret_stays),
        cmocka_unit_test(finds_a_secret_that_a_stream_said_in_pieces),
        cmocka_unit_test(keeps_choices_apart),
        cmocka_unit_test(reads_the_events_of_every_surface),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_release(&arena);
    return failed;
}
