/* A request that is sent twice is done once: on a real database, by everybody at once, and over the
 * end of the process. */
#include "access_fixture.h"

#include <pthread.h>

#include "access/idempotency.h"
#include "base/log.h"
#include "http/recording.h"
#include "http/schema.h"

enum { AT_ONCE = 8, KEPT_MAX_BYTES = 512 * 1024 };

#define SECRET "0123456789abcdef0123456789abcdef"

/* What a request says; the carrier of its headers. */
struct wish {
    const char *key, *body, *accept, *tenant;
    const char *method, *path, *query; /* NULL: POST, /v1/text, none */
    bool front;
};

struct asked {
    struct wish wish;
    struct caller caller;
    struct request request;
    struct idempotency idempotency;
    struct error err;
};

static const char *
header_of_wish(void *carrier, const char *name)
{
    const struct wish *wish = carrier;
    if (strcmp(name, "HTTP_IDEMPOTENCY_KEY") == 0)
        return wish->key;
    return strcmp(name, "HTTP_ACCEPT") == 0 ? wish->accept : NULL;
}

static const struct transport wish_transport = {.parameter = header_of_wish};

static int
idempotency_set_up(void **state)
{
    access_set_up(state);
    struct access_fixture *fixture = *state;
    log_set_level(LOG_LEVEL_ERROR + 1);
    fixture->settings.idempotency_ttl_s = 86400;
    hmac_key_derive(&fixture->access.idempotency_key, SECRET, "idempotency");
    return 0;
}

static enum idempotency_verdict
ask(struct access_fixture *fixture, const struct wish *wish, struct asked *asked)
{
    struct error ignored = {0};
    *asked = (struct asked){.wish = *wish, .caller.tenant = wish->tenant};
    asked->request = (struct request){
        .access = &fixture->access,
        .transport = &wish_transport,
        .carrier = &asked->wish,
        .may_wait = !wish->front,
        .remote_address = "192.0.2.1",
        .caller = wish->tenant ? &asked->caller : NULL,
        .method_name = wish->method ? wish->method : "POST",
        .path = wish->path ? wish->path : "/v1/text",
        .query = wish->query ? wish->query : "",
        .body = wish->body,
        .body_length = wish->body ? strlen(wish->body) : 0,
        .id = "request-1",
    };
    if (wish->body && wish->body[0] == '{')
        asked->request.document =
            schema_parse(wish->body, strlen(wish->body), &asked->request.arena, &ignored);
    return idempotency_begin(&asked->request, &asked->idempotency, &asked->err);
}

static void
forget(struct asked *asked)
{
    arena_release(&asked->request.arena);
}

static void
answer(struct asked *asked, int status, const char *body)
{
    response_bytes(&asked->request, status, "application/json", body, strlen(body));
    idempotency_end(&asked->request, &asked->idempotency);
    forget(asked);
}

/* How a request is met: "proceeds", "answered <status> <body>", or the machine code. */
static const char *
met(struct access_fixture *fixture, const struct wish *wish)
{
    static char text[160];
    struct asked asked;
    enum idempotency_verdict verdict = ask(fixture, wish, &asked);
    const struct response *response = &asked.request.response;
    if (verdict == IDEMPOTENCY_PROCEED)
        snprintf(text, sizeof(text), "proceeds");
    else if (verdict == IDEMPOTENCY_ANSWERED)
        snprintf(text, sizeof(text), "answered %d %.*s", response->status,
                 (int)response->body_length, response->body);
    else
        snprintf(text, sizeof(text), "%s%s", error_info(asked.err.code)->name,
                 asked.err.lasting ? ", lasting" : "");
    assert_int_equal(asked.err.code != ERROR_NONE, verdict == IDEMPOTENCY_REFUSED);
    /* Who asks just to see gives back what it holds. */
    if (verdict == IDEMPOTENCY_PROCEED) {
        asked.request.response.status = 500;
        idempotency_end(&asked.request, &asked.idempotency);
    }
    forget(&asked);
    return text;
}

static const struct wish usual = {.key = "key-1", .body = "{\"a\":1,\"b\":[2]}", .tenant = "key:a"};

static void
do_once(struct access_fixture *fixture, const struct wish *wish, int status, const char *body)
{
    struct asked asked;
    assert_int_equal(ask(fixture, wish, &asked), IDEMPOTENCY_PROCEED);
    assert_true(asked.idempotency.held);
    answer(&asked, status, body);
}

static void
without_a_key_or_a_database_nothing_is_held(void **state)
{
    struct access_fixture *fixture = *state;
    struct asked asked;
    struct store *store = fixture->access.store;
    assert_int_equal(ask(fixture, &(struct wish){.body = "{}"}, &asked), IDEMPOTENCY_PROCEED);
    assert_false(asked.idempotency.held);
    assert_null(asked.request.recording);
    answer(&asked, 200, "done");
    fixture->access.store = NULL;
    assert_int_equal(ask(fixture, &usual, &asked), IDEMPOTENCY_PROCEED);
    assert_false(asked.idempotency.held);
    answer(&asked, 200, "done");
    fixture->access.store = store;
    assert_string_equal(fixture_ask(fixture->database, "SELECT count(*) FROM hearth.idempotency"),
                        "0");
}

static void
a_key_is_a_text_of_1_to_255_printable_characters(void **state)
{
    struct access_fixture *fixture = *state;
    char text[260];
    static const char *const bad[] = {"",           "\"\"",  "a\tb", "a\nb",     "\x7f",
                                      "\xc3\xa4-b", "a\x01", "\x1f", "\"a\tb\"", "\x80"};
    static const char *const good[] = {"a", "\"", " ", "~", "\"a", "a b", "{\"a\":1}"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_string_equal(met(fixture, &(struct wish){.key = bad[i]}), "malformed_request");
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_string_equal(met(fixture, &(struct wish){.key = good[i]}), "proceeds");
    memset(text, 'k', sizeof(text));
    text[255] = '\0';
    assert_string_equal(met(fixture, &(struct wish){.key = text}), "proceeds");
    text[255] = 'k';
    text[256] = '\0';
    assert_string_equal(met(fixture, &(struct wish){.key = text}), "malformed_request");
    text[0] = text[256] = '"';
    text[257] = '\0';
    assert_string_equal(met(fixture, &(struct wish){.key = text}), "proceeds");
}

static void
a_key_on_the_front_lane_waits_for_the_other(void **state)
{
    struct access_fixture *fixture = *state;
    struct asked asked;
    struct wish wish = usual;
    wish.front = true;
    assert_int_equal(ask(fixture, &wish, &asked), IDEMPOTENCY_REFUSED);
    assert_int_equal(asked.err.code, ERROR_WOULD_WAIT);
    forget(&asked);
    assert_string_equal(met(fixture, &usual), "proceeds");
}

static void
who_repeats_a_request_is_told_its_answer_again(void **state)
{
    struct access_fixture *fixture = *state;
    struct asked asked;
    do_once(fixture, &usual, 201, "made");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(ask(fixture, &usual, &asked), IDEMPOTENCY_ANSWERED);
        assert_false(asked.idempotency.held);
        assert_string_equal(response_header_value(&asked.request, "Idempotency-Replayed"), "true");
        assert_string_equal(asked.request.response.content_type, "application/json");
        /* The end of one that was told again changes nothing. */
        answer(&asked, 500, "broken");
    }
    assert_string_equal(met(fixture, &usual), "answered 201 made");
    struct wish quoted = usual;
    quoted.key = "\"key-1\"";
    assert_string_equal(met(fixture, &quoted), "answered 201 made");
}

static void
a_body_is_the_same_whatever_the_order_of_its_members(void **state)
{
    struct access_fixture *fixture = *state;
    struct wish wish = usual;
    do_once(fixture, &usual, 200, "done");
    wish.body = "{ \"b\" : [2], \"a\" : 1 }";
    assert_string_equal(met(fixture, &wish), "answered 200 done");
    wish.body = "{\"a\":1,\"b\":[2,2]}";
    assert_string_equal(met(fixture, &wish), "idempotency_key_reused, lasting");
}

static void
a_key_that_came_with_another_request_is_refused(void **state)
{
    struct access_fixture *fixture = *state;
    do_once(fixture, &usual, 200, "done");
    const struct wish others[] = {
        {.body = "{\"a\":2,\"b\":[2]}"},
        {.body = ""},
        {.body = NULL},
        {.body = usual.body, .method = "PUT"},
        {.body = usual.body, .path = "/v1/texts"},
        {.body = usual.body, .query = "a=1"},
        {.body = usual.body, .accept = "text/event-stream"},
        {.body = usual.body, .path = "/v1/tex", .query = "t"},
    };
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        struct wish wish = others[i];
        wish.key = usual.key;
        wish.tenant = usual.tenant;
        assert_string_equal(met(fixture, &wish), "idempotency_key_reused, lasting");
    }
    assert_string_equal(met(fixture, &usual), "answered 200 done");
}

static void
equal_keys_of_two_callers_are_two_keys(void **state)
{
    struct access_fixture *fixture = *state;
    struct wish other = usual, nobody = usual;
    struct asked asked;
    do_once(fixture, &usual, 200, "done");
    other.tenant = "key:b";
    assert_string_equal(met(fixture, &other), "proceeds");
    nobody.tenant = NULL; /* known by the address alone */
    do_once(fixture, &nobody, 200, "of nobody");
    assert_string_equal(met(fixture, &nobody), "answered 200 of nobody");
    assert_string_equal(met(fixture, &usual), "answered 200 done");
    /* Whoever could write the end of its name into the beginning of its key has another key. */
    other.tenant = "key:";
    other.key = "akey-1";
    assert_int_equal(ask(fixture, &other, &asked), IDEMPOTENCY_PROCEED);
    answer(&asked, 500, "");
}

static void
while_the_first_is_answered_the_second_comes_back_in_a_second(void **state)
{
    struct access_fixture *fixture = *state;
    struct asked first, second;
    struct wish other = usual;
    assert_int_equal(ask(fixture, &usual, &first), IDEMPOTENCY_PROCEED);
    assert_int_equal(ask(fixture, &usual, &second), IDEMPOTENCY_REFUSED);
    assert_int_equal(second.err.code, ERROR_IDEMPOTENCY_IN_PROGRESS);
    assert_int_equal(second.err.retry_after_s, 1);
    assert_false(second.err.lasting);
    forget(&second);
    other.body = "{}";
    assert_string_equal(met(fixture, &other), "idempotency_key_reused, lasting");
    answer(&first, 200, "done");
    assert_string_equal(met(fixture, &usual), "answered 200 done");
}

static void
what_failed_gives_the_key_back(void **state)
{
    struct access_fixture *fixture = *state;
    static const int statuses[] = {0, 199, 300, 304, 400, 409, 429, 500, 503};
    struct asked asked;
    struct wish other = usual;
    other.body = "{\"another\":true}";
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        do_once(fixture, &usual, statuses[i], "not done");
        assert_string_equal(met(fixture, &other), "proceeds");
    }
    assert_int_equal(ask(fixture, &usual, &asked), IDEMPOTENCY_PROCEED);
    asked.request.response.incomplete = true;
    answer(&asked, 200, "half");
    assert_string_equal(met(fixture, &usual), "proceeds");
    do_once(fixture, &usual, 299, "done");
    assert_string_equal(met(fixture, &usual), "answered 299 done");
}

static void
a_stream_is_told_again_as_it_was_sent(void **state)
{
    struct access_fixture *fixture = *state;
    struct asked asked;
    struct wish wish = usual;
    wish.accept = "text/event-stream";
    assert_int_equal(ask(fixture, &wish, &asked), IDEMPOTENCY_PROCEED);
    recording_add(asked.request.recording, "data: a\n\n", 9);
    recording_add(asked.request.recording, "data: b\n\n", 9);
    asked.request.response = (struct response){.status = 200,
                                               .content_type = "text/event-stream",
                                               .begun = true,
                                               .body = "no",
                                               .body_length = 2};
    idempotency_end(&asked.request, &asked.idempotency);
    forget(&asked);
    assert_string_equal(met(fixture, &wish), "answered 200 data: a\n\ndata: b\n\n");
    assert_string_equal(met(fixture, &usual), "idempotency_key_reused, lasting");
}

static void
of_an_answer_half_a_megabyte_is_kept_and_no_byte_more(void **state)
{
    struct access_fixture *fixture = *state;
    struct asked asked;
    struct wish other = usual;
    char *body = xcalloc(1, KEPT_MAX_BYTES + 2);
    memset(body, 'x', KEPT_MAX_BYTES);
    do_once(fixture, &usual, 200, body);
    assert_int_equal(ask(fixture, &usual, &asked), IDEMPOTENCY_ANSWERED);
    assert_int_equal(asked.request.response.body_length, KEPT_MAX_BYTES);
    assert_memory_equal(asked.request.response.body, body, KEPT_MAX_BYTES);
    forget(&asked);
    body[KEPT_MAX_BYTES] = 'x';
    other.key = "key-2";
    do_once(fixture, &other, 200, body);
    assert_int_equal(ask(fixture, &other, &asked), IDEMPOTENCY_REFUSED);
    assert_int_equal(asked.err.code, ERROR_IDEMPOTENCY_IN_PROGRESS);
    assert_true(asked.err.lasting);
    assert_non_null(strstr(asked.err.detail, "more than is kept"));
    forget(&asked);
    free(body);
}

static void
an_answer_is_told_until_its_time_is_over_and_then_done_anew(void **state)
{
    struct access_fixture *fixture = *state;
    struct wish other = usual;
    other.body = "{\"another\":true}";
    do_once(fixture, &usual, 200, "done");
    assert_string_equal(fixture_ask(fixture->database,
                                    "SELECT round(extract(epoch FROM expires_at - now()) / 60) "
                                    "FROM hearth.idempotency"),
                        "1440");
    fixture_sql(fixture->database,
                "UPDATE hearth.idempotency SET expires_at = now() + interval '1 minute'");
    assert_string_equal(met(fixture, &usual), "answered 200 done");
    fixture_sql(fixture->database,
                "UPDATE hearth.idempotency SET expires_at = now() - interval '1 second'");
    do_once(fixture, &other, 202, "done anew");
    assert_string_equal(met(fixture, &other), "answered 202 done anew");
}

/* Whoever held it was killed: whether it was done is not known, so it is not done again by itself.
 */
static void
what_was_cut_short_is_not_done_again_before_its_time_is_over(void **state)
{
    struct access_fixture *fixture = *state;
    struct asked asked;
    assert_int_equal(ask(fixture, &usual, &asked), IDEMPOTENCY_PROCEED);
    assert_string_equal(fixture_ask(fixture->database,
                                    "SELECT round(extract(epoch FROM held_until - now()) / 60) "
                                    "FROM hearth.idempotency"),
                        "15");
    fixture_sql(fixture->database,
                "UPDATE hearth.idempotency SET expires_at = now() - interval '1 second'");
    assert_string_equal(met(fixture, &usual), "idempotency_in_progress"); /* it is still held */
    fixture_sql(fixture->database,
                "UPDATE hearth.idempotency SET held_until = now() - interval '1 second',"
                "    expires_at = now() + interval '1 hour'");
    assert_string_equal(met(fixture, &usual), "idempotency_in_progress, lasting");
    fixture_sql(fixture->database,
                "UPDATE hearth.idempotency SET expires_at = now() - interval '1 second'");
    do_once(fixture, &usual, 200, "by the second");
    /* The first comes back all the same: it holds nothing any more. */
    answer(&asked, 200, "by the first");
    assert_string_equal(met(fixture, &usual), "answered 200 by the second");
}

static void
who_holds_a_key_no_more_cannot_give_it_back(void **state)
{
    struct access_fixture *fixture = *state;
    struct asked first, second;
    assert_int_equal(ask(fixture, &usual, &first), IDEMPOTENCY_PROCEED);
    fixture_sql(fixture->database,
                "UPDATE hearth.idempotency SET held_until = now() - interval '1 second',"
                "    expires_at = now() - interval '1 second'");
    assert_int_equal(ask(fixture, &usual, &second), IDEMPOTENCY_PROCEED);
    answer(&first, 500, "failed");
    assert_string_equal(met(fixture, &usual), "idempotency_in_progress");
    answer(&second, 200, "done");
    assert_string_equal(met(fixture, &usual), "answered 200 done");
}

static void
an_answer_outlives_the_process_but_not_the_secret(void **state)
{
    struct access_fixture *fixture = *state;
    do_once(fixture, &usual, 200, "done");
    store_close(fixture->access.store);
    assert_true(
        store_open(&fixture->settings, fixture->host->host, &fixture->access.store, &fixture->err));
    hmac_key_derive(&fixture->access.idempotency_key, SECRET, "idempotency");
    assert_string_equal(met(fixture, &usual), "answered 200 done");
    hmac_key_derive(&fixture->access.idempotency_key, SECRET, "another purpose");
    assert_string_equal(met(fixture, &usual), "proceeds");
}

static void
the_database_knows_neither_key_nor_request_nor_answer(void **state)
{
    struct access_fixture *fixture = *state;
    do_once(fixture, &usual, 200, "the whole answer");
    assert_string_equal(
        fixture_ask(fixture->database,
                    "SELECT position('answer'::bytea IN body), octet_length(body) - 16,"
                    "    hash = sha256('key-1'), hash = sha256('key:akey-1'),"
                    "    fingerprint = sha256('{\"a\":1,\"b\":[2]}'), hash = fingerprint"
                    " FROM hearth.idempotency"),
        "0|40|f|f|f|f");
}

static void
an_answer_that_somebody_changed_or_moved_is_not_told(void **state)
{
    struct access_fixture *fixture = *state;
    struct wish other = usual;
    other.key = "key-2";
    do_once(fixture, &usual, 200, "done");
    do_once(fixture, &other, 200, "other");
    /* The body of the one in the row of the other, where the fingerprint is the same. */
    fixture_sql(fixture->database,
                "UPDATE hearth.idempotency SET body = (SELECT body FROM hearth.idempotency AS other"
                "    WHERE other.hash <> idempotency.hash)");
    assert_string_equal(met(fixture, &usual), "internal_error");
    fixture_sql(fixture->database, "UPDATE hearth.idempotency SET body = substr(body, 1, 39)");
    assert_string_equal(met(fixture, &usual), "internal_error");
    fixture_sql(fixture->database, "UPDATE hearth.idempotency SET body = substr(body, 1, 20)");
    assert_string_equal(met(fixture, &usual), "internal_error");
    fixture_sql(fixture->database, "UPDATE hearth.idempotency SET body = ''");
    assert_string_equal(met(fixture, &usual), "internal_error");
}

static void
a_key_that_cannot_be_given_back_now_is_given_back_later(void **state)
{
    struct access_fixture *fixture = *state;
    fixture_sql(fixture->database, "REVOKE DELETE ON hearth.idempotency FROM hearth_application");
    do_once(fixture, &usual, 500, "failed");
    assert_string_equal(met(fixture, &usual), "idempotency_in_progress");
    fixture_sql(fixture->database, "GRANT DELETE ON hearth.idempotency TO hearth_application");
    idempotency_drain(&fixture->access, &fixture->request.arena);
    assert_string_equal(met(fixture, &usual), "proceeds");
}

/* It was given back, and taken by the next one, before the file was read. */
static void
what_is_given_back_late_leaves_the_next_holder_alone(void **state)
{
    struct access_fixture *fixture = *state;
    struct asked next;
    fixture_sql(fixture->database, "REVOKE DELETE ON hearth.idempotency FROM hearth_application");
    do_once(fixture, &usual, 500, "failed");
    fixture_sql(fixture->database, "GRANT DELETE ON hearth.idempotency TO hearth_application;"
                                   "DELETE FROM hearth.idempotency");
    assert_int_equal(ask(fixture, &usual, &next), IDEMPOTENCY_PROCEED);
    idempotency_drain(&fixture->access, &fixture->request.arena);
    assert_string_equal(met(fixture, &usual), "idempotency_in_progress");
    answer(&next, 200, "done");
}

struct runner {
    struct access_fixture *fixture;
    pthread_barrier_t *barrier;
    struct asked asked;
    enum idempotency_verdict verdict;
};

static void *
run(void *data)
{
    struct runner *runner = data;
    pthread_barrier_wait(runner->barrier);
    runner->verdict = ask(runner->fixture, &usual, &runner->asked);
    return NULL;
}

static void
of_many_at_once_one_proceeds(void **state)
{
    struct access_fixture *fixture = *state;
    struct runner *runners = xcalloc(AT_ONCE, sizeof(*runners));
    pthread_t threads[AT_ONCE];
    pthread_barrier_t barrier;
    int proceeding = 0;
    pthread_barrier_init(&barrier, NULL, AT_ONCE);
    for (int i = 0; i < AT_ONCE; i++) {
        runners[i].fixture = fixture;
        runners[i].barrier = &barrier;
        assert_int_equal(pthread_create(&threads[i], NULL, run, &runners[i]), 0);
    }
    for (int i = 0; i < AT_ONCE; i++) {
        pthread_join(threads[i], NULL);
        proceeding += runners[i].verdict == IDEMPOTENCY_PROCEED;
        assert_true(runners[i].verdict == IDEMPOTENCY_PROCEED ||
                    runners[i].asked.err.code == ERROR_IDEMPOTENCY_IN_PROGRESS);
        forget(&runners[i].asked);
    }
    assert_int_equal(proceeding, 1);
    pthread_barrier_destroy(&barrier);
    free(runners);
}

int
main(void)
{
#define IDEMPOTENCY_TEST(name)                                                                     \
    cmocka_unit_test_setup_teardown(name, idempotency_set_up, access_tear_down)
    const struct CMUnitTest tests[] = {
        IDEMPOTENCY_TEST(without_a_key_or_a_database_nothing_is_held),
        IDEMPOTENCY_TEST(a_key_is_a_text_of_1_to_255_printable_characters),
        IDEMPOTENCY_TEST(a_key_on_the_front_lane_waits_for_the_other),
        IDEMPOTENCY_TEST(who_repeats_a_request_is_told_its_answer_again),
        IDEMPOTENCY_TEST(a_body_is_the_same_whatever_the_order_of_its_members),
        IDEMPOTENCY_TEST(a_key_that_came_with_another_request_is_refused),
        IDEMPOTENCY_TEST(equal_keys_of_two_callers_are_two_keys),
        IDEMPOTENCY_TEST(while_the_first_is_answered_the_second_comes_back_in_a_second),
        IDEMPOTENCY_TEST(what_failed_gives_the_key_back),
        IDEMPOTENCY_TEST(a_stream_is_told_again_as_it_was_sent),
        IDEMPOTENCY_TEST(of_an_answer_half_a_megabyte_is_kept_and_no_byte_more),
        IDEMPOTENCY_TEST(an_answer_is_told_until_its_time_is_over_and_then_done_anew),
        IDEMPOTENCY_TEST(what_was_cut_short_is_not_done_again_before_its_time_is_over),
        IDEMPOTENCY_TEST(who_holds_a_key_no_more_cannot_give_it_back),
        IDEMPOTENCY_TEST(an_answer_outlives_the_process_but_not_the_secret),
        IDEMPOTENCY_TEST(the_database_knows_neither_key_nor_request_nor_answer),
        IDEMPOTENCY_TEST(an_answer_that_somebody_changed_or_moved_is_not_told),
        IDEMPOTENCY_TEST(a_key_that_cannot_be_given_back_now_is_given_back_later),
        IDEMPOTENCY_TEST(what_is_given_back_late_leaves_the_next_holder_alone),
        IDEMPOTENCY_TEST(of_many_at_once_one_proceeds),
    };
    return cmocka_run_group_tests(tests, store_group_set_up, store_group_tear_down);
}
