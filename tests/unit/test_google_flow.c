/* Leaving for the provider and coming back: what belongs to one browser serves it once, for a time,
 * and nobody is sent where they should not be. */
#include "access_fixture.h"

#include "../lib/http_stub.h"
#include "access/google.h"
#include "access/google_flow.h"
#include "access/jws.h"
#include "base/log.h"
#include "base/sha256.h"

struct visit {
    struct access_fixture *access;
    struct stub stub;
    char issuer[64], document[512];
    const char *cookie, *host, *https;
};

/* What a browser takes along. */
struct leaving {
    char location[2048], cookie[256], set[256];
    char state[64], nonce[64], challenge[64];
};

static const char *
header_of_visit(void *carrier, const char *name)
{
    const struct visit *visit = carrier;
    if (strcmp(name, "HTTP_COOKIE") == 0)
        return visit->cookie;
    if (strcmp(name, "HTTP_HOST") == 0)
        return visit->host;
    return strcmp(name, "HTTPS") == 0 ? visit->https : NULL;
}

static void
begin_request(struct visit *visit)
{
    access_fixture_request(visit->access);
    visit->access->request.carrier = visit;
}

static int
flow_set_up(void **state)
{
    struct visit *visit = xcalloc(1, sizeof(*visit));
    void *access = NULL;
    access_set_up(&access);
    log_set_level(LOG_LEVEL_ERROR + 1);
    visit->access = access;
    visit->access->transport.parameter = header_of_visit;
    stub_start(&visit->stub);
    snprintf(visit->issuer, sizeof(visit->issuer), "http://127.0.0.1:%d", visit->stub.port);
    snprintf(visit->document, sizeof(visit->document),
             "{\"issuer\":\"%s\",\"authorization_endpoint\":\"%s/auth?prompt=consent\","
             "\"token_endpoint\":\"%s/token\",\"jwks_uri\":\"%s/keys\"}",
             visit->issuer, visit->issuer, visit->issuer, visit->issuer);
    struct settings *settings = &visit->access->settings;
    settings->google_client_id = "us & co,our-app";
    settings->google_client_secret = "s&cret=+%";
    settings->google_issuer = visit->issuer;
    settings->allowed_origins = "https://app.example,http://localhost:3000";
    visit->access->access.google = google_open(settings);
    begin_request(visit);
    *state = visit;
    return 0;
}

static int
flow_tear_down(void **state)
{
    struct visit *visit = *state;
    void *access = visit->access;
    google_close(visit->access->access.google);
    stub_stop(&visit->stub);
    access_tear_down(&access);
    free(visit);
    return 0;
}

/* The value of a parameter of the location, as it stands there. */
static void
parameter_of(const char *location, const char *name, char *value, size_t size)
{
    char start[64];
    snprintf(start, sizeof(start), "&%s=", name);
    const char *at = strstr(location, start);
    assert_non_null(at);
    at += strlen(start);
    snprintf(value, size, "%.*s", (int)strcspn(at, "&#"), at);
}

static void
leave(struct visit *visit, const char *return_to, struct leaving *leaving)
{
    const struct stub_answer script[] = {{.status = 200, .body = visit->document}};
    const char *location;
    struct request *request = &visit->access->request;
    begin_request(visit);
    stub_script(&visit->stub, script, 1);
    if (!google_flow_begin(request, return_to, &location, &visit->access->err))
        fail_msg("%s", visit->access->err.detail);
    const char *set = response_header_value(request, "Set-Cookie");
    snprintf(leaving->location, sizeof(leaving->location), "%s", location);
    snprintf(leaving->set, sizeof(leaving->set), "%s", set);
    snprintf(leaving->cookie, sizeof(leaving->cookie), "%.*s", (int)strcspn(set, ";"), set);
    parameter_of(location, "state", leaving->state, sizeof(leaving->state));
    parameter_of(location, "nonce", leaving->nonce, sizeof(leaving->nonce));
    parameter_of(location, "code_challenge", leaving->challenge, sizeof(leaving->challenge));
}

static enum error_code
come_back(struct visit *visit, const char *cookie, const char *state, struct google_flow *flow)
{
    begin_request(visit);
    visit->cookie = cookie;
    bool found = google_flow_take(&visit->access->request, state, flow, &visit->access->err);
    assert_int_equal(found, visit->access->err.code == ERROR_NONE);
    return visit->access->err.code;
}

static void
a_browser_leaves_with_all_that_the_provider_needs(void **state)
{
    struct visit *visit = *state;
    struct leaving leaving;
    char start[256];
    leave(visit, "/home", &leaving);
    snprintf(start, sizeof(start),
             "%s/auth?prompt=consent&client_id=us%%20%%26%%20co&redirect_uri="
             "https%%3A%%2F%%2Fexample.org%%2Fapi%%2Fv1%%2Fauth%%2Fgoogle%%2Fcallback"
             "&response_type=code&scope=openid%%20email%%20profile&state=",
             visit->issuer);
    assert_int_equal(strncmp(leaving.location, start, strlen(start)), 0);
    assert_non_null(strstr(leaving.location, "&code_challenge_method=S256"));
    assert_int_equal(strlen(leaving.state), 43);
    assert_int_equal(strlen(leaving.nonce), 43);
    assert_int_equal(strlen(leaving.challenge), 43);
    assert_null(strstr(leaving.location, "cret"));
}

static void
its_cookie_is_for_the_way_back_alone(void **state)
{
    struct visit *visit = *state;
    struct leaving leaving;
    leave(visit, "/", &leaving);
    assert_int_equal(strlen(leaving.cookie), strlen("hearth_google=") + 43);
    assert_string_equal(leaving.set + strlen(leaving.cookie),
                        "; Path=/; Max-Age=600; HttpOnly; SameSite=Lax");
    assert_null(strstr(leaving.location, leaving.cookie + strlen("hearth_google=")));
    visit->https = "on";
    leave(visit, "/", &leaving);
    assert_int_equal(strncmp(leaving.cookie, "__Host-hearth_google=", 21), 0);
    assert_string_equal(leaving.set + strlen(leaving.cookie),
                        "; Path=/; Max-Age=600; HttpOnly; SameSite=Lax; Secure");
}

/* RFC 7636, section 4.6: BASE64URL(SHA256(verifier)) is the challenge. */
static void
who_comes_back_has_the_verifier_and_the_nonce_it_left_with(void **state)
{
    struct visit *visit = *state;
    struct leaving leaving;
    struct google_flow flow;
    unsigned char digest[SHA256_BYTES];
    struct sha256 sha256;
    leave(visit, "https://app.example/after?a=b#c", &leaving);
    assert_int_equal(come_back(visit, leaving.cookie, leaving.state, &flow), ERROR_NONE);
    assert_string_equal(flow.return_to, "https://app.example/after?a=b#c");
    assert_string_equal(flow.nonce, leaving.nonce);
    sha256_init(&sha256);
    sha256_add(&sha256, flow.verifier, strlen(flow.verifier));
    sha256_end(&sha256, digest);
    assert_string_equal(jws_encode(digest, sizeof(digest), &visit->access->request.arena),
                        leaving.challenge);
    assert_true(strlen(flow.verifier) >= 43 && strlen(flow.verifier) <= 128);
    assert_string_not_equal(flow.verifier, flow.nonce);
    assert_null(strstr(leaving.location, flow.verifier));
}

static void
a_flow_serves_once(void **state)
{
    struct visit *visit = *state;
    struct leaving leaving;
    struct google_flow flow;
    leave(visit, "/", &leaving);
    assert_int_equal(come_back(visit, leaving.cookie, leaving.state, &flow), ERROR_NONE);
    assert_int_equal(come_back(visit, leaving.cookie, leaving.state, &flow), ERROR_INVALID_REQUEST);
    assert_string_equal(
        fixture_ask(visit->access->database, "SELECT count(*) FROM hearth.google_flow"), "0");
}

static void
a_flow_is_of_the_browser_that_began_it(void **state)
{
    struct visit *visit = *state;
    struct leaving mine, others;
    struct google_flow flow;
    char both[600];
    leave(visit, "/mine", &mine);
    leave(visit, "/others", &others);
    snprintf(both, sizeof(both), "%s; %s", mine.cookie, others.cookie);
    const struct {
        const char *cookie, *state;
    } wrong[] = {
        {NULL, mine.state},
        {"", mine.state},
        {others.cookie, mine.state},
        {mine.cookie, others.state},
        {both, mine.state},
        {mine.cookie, ""},
        {mine.cookie, "x"},
        {mine.cookie, mine.nonce},
        {"hearth_google=", mine.state},
        {"__Host-hearth_google=x", mine.state},
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_int_equal(come_back(visit, wrong[i].cookie, wrong[i].state, &flow),
                         ERROR_INVALID_REQUEST);
    assert_int_equal(come_back(visit, mine.cookie, mine.state, &flow), ERROR_NONE);
    assert_string_equal(flow.return_to, "/mine");
}

static void
a_flow_takes_ten_minutes_at_most(void **state)
{
    struct visit *visit = *state;
    struct leaving leaving;
    struct google_flow flow;
    leave(visit, "/", &leaving);
    assert_string_equal(fixture_ask(visit->access->database,
                                    "SELECT round(extract(epoch FROM expires_at - now()) / 60)"
                                    " FROM hearth.google_flow"),
                        "10");
    fixture_sql(visit->access->database,
                "UPDATE hearth.google_flow SET expires_at = now() - interval '1 second'");
    assert_int_equal(come_back(visit, leaving.cookie, leaving.state, &flow), ERROR_INVALID_REQUEST);
}

static void
two_flows_have_nothing_in_common(void **state)
{
    struct visit *visit = *state;
    struct leaving one, other;
    leave(visit, "/", &one);
    leave(visit, "/", &other);
    assert_string_not_equal(one.state, other.state);
    assert_string_not_equal(one.nonce, other.nonce);
    assert_string_not_equal(one.challenge, other.challenge);
    assert_string_not_equal(one.cookie, other.cookie);
    assert_string_not_equal(one.state, one.nonce);
}

static void
the_database_can_neither_begin_nor_end_a_flow(void **state)
{
    struct visit *visit = *state;
    struct leaving leaving;
    char sql[512];
    const char *secret;
    leave(visit, "/", &leaving);
    secret = strchr(leaving.cookie, '=') + 1;
    snprintf(sql, sizeof(sql),
             "SELECT octet_length(state), octet_length(cookie), state = cookie,"
             "    position('%s'::bytea IN state), position('%s'::bytea IN cookie)"
             " FROM hearth.google_flow",
             leaving.state, secret);
    assert_string_equal(fixture_ask(visit->access->database, sql), "32|32|f|0|0");
}

static bool
may_return(struct visit *visit, const char *target)
{
    begin_request(visit);
    return google_flow_may_return(&visit->access->request, target);
}

static void
a_browser_is_sent_to_a_path_of_this_host_or_to_an_origin_of_ours(void **state)
{
    struct visit *visit = *state;
    static const char *const good[] = {
        "/",
        "/home?x=1&y=%20#f",
        "https://example.org",
        "https://example.org/",
        "https://example.org/a//b?c",
        "https://example.org?a",
        "https://example.org#a",
        "https://app.example",
        "https://app.example/a",
        "http://localhost:3000/a",
    };
    static const char *const bad[] = {
        "",
        "home",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\tevil",
        "/\n/evil.example",
        " /",
        "/a b",
        "/\x7f",
        "/\xc3\xa4",
        "/\x01",
        "https://evil.example",
        "https://example.org.evil.example",
        "https://example.orgs",
        "https://example.org:444/",
        "https://example.org@evil.example/",
        "https://example.org:x@evil.example/",
        "https://app.example@evil.example/",
        "https://app.example.evil.example/",
        "https://app.exampl",
        "http://example.org/",
        "http://app.example/",
        "https:example.org",
        "https:/example.org",
        "https:///example.org",
        "javascript:alert(1)",
        "data:text/html,x",
        "http://localhost:3001/",
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        if (!may_return(visit, good[i]))
            fail_msg("refuses %s", good[i]);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (may_return(visit, bad[i]))
            fail_msg("takes %s", bad[i]);
    char target[2050];
    memset(target, 'a', sizeof(target));
    target[0] = '/';
    target[2048] = '\0';
    assert_true(may_return(visit, target));
    target[2048] = 'a';
    target[2049] = '\0';
    assert_false(may_return(visit, target));
    visit->access->settings.allowed_origins = "*";
    assert_false(may_return(visit, "https://evil.example/"));
    assert_true(may_return(visit, "https://example.org/"));
}

static void
nothing_begins_for_a_target_that_is_not_ours(void **state)
{
    struct visit *visit = *state;
    const char *location = NULL;
    begin_request(visit);
    assert_false(google_flow_begin(&visit->access->request, "//evil.example", &location,
                                   &visit->access->err));
    assert_int_equal(visit->access->err.code, ERROR_VALIDATION_FAILED);
    assert_string_equal(visit->access->err.fields->path, "query.return_to");
    assert_null(location);
    assert_null(response_header_value(&visit->access->request, "Set-Cookie"));
    assert_string_equal(
        fixture_ask(visit->access->database, "SELECT count(*) FROM hearth.google_flow"), "0");
}

static const struct google_flow usual = {"/", "nonce", "the-verifier"};

/* Changes a code; the provider answers so. Returns the error's code. */
static enum error_code
exchange(struct visit *visit, const struct stub_answer *answer, const char **id_token)
{
    const struct stub_answer script[] = {{.status = 200, .body = visit->document}, *answer};
    begin_request(visit);
    google_close(visit->access->access.google); /* so that the document is read again */
    visit->access->access.google = google_open(&visit->access->settings);
    stub_script(&visit->stub, script, 2);
    bool done = google_flow_exchange(&visit->access->request, &usual, "4/co de&client_id=evil",
                                     id_token, &visit->access->err);
    assert_int_equal(done, visit->access->err.code == ERROR_NONE);
    assert_null(strstr(visit->access->err.detail, "4/co"));
    assert_null(strstr(visit->access->err.detail, "cret"));
    return visit->access->err.code;
}

static void
a_code_is_changed_with_the_verifier_and_our_secret(void **state)
{
    struct visit *visit = *state;
    const char *id_token;
    assert_int_equal(
        exchange(visit, &(struct stub_answer){.status = 200, .body = "{\"id_token\":\"a.b.c\"}"},
                 &id_token),
        ERROR_NONE);
    assert_string_equal(id_token, "a.b.c");
    assert_int_equal(strncmp(visit->stub.head, "POST /token ", 12), 0);
    assert_string_equal(visit->stub.body,
                        "grant_type=authorization_code&code=4%2Fco%20de%26client_id%3Devil"
                        "&redirect_uri=https%3A%2F%2Fexample.org%2Fapi%2Fv1%2Fauth%2Fgoogle"
                        "%2Fcallback&client_id=us%20%26%20co&client_secret=s%26cret%3D%2B%25"
                        "&code_verifier=the-verifier");
}

static void
only_a_code_that_the_provider_refuses_is_the_browsers_fault(void **state)
{
    struct visit *visit = *state;
    static const struct {
        struct stub_answer answer;
        enum error_code code;
    } cases[] = {
        {{.status = 400, .body = "{\"error\":\"invalid_grant\"}"}, ERROR_TOKEN_NOT_VALID},
        {{.status = 400, .body = "{\"error\":\"invalid_client\"}"}, ERROR_AUTH_UNAVAILABLE},
        {{.status = 401, .body = "{\"error\":\"invalid_grant\"}"}, ERROR_AUTH_UNAVAILABLE},
        {{.status = 400, .body = "invalid_grant"}, ERROR_AUTH_UNAVAILABLE},
        {{.status = 400, .body = "{\"error\":[\"invalid_grant\"]}"}, ERROR_AUTH_UNAVAILABLE},
        {{.status = 500, .body = "{\"id_token\":\"a.b.c\"}"}, ERROR_AUTH_UNAVAILABLE},
        {{.status = 302, .headers = "Location: /token\r\n", .body = "{\"id_token\":\"a.b.c\"}"},
         ERROR_AUTH_UNAVAILABLE},
        {{.status = 200, .body = "{\"access_token\":\"x\"}"}, ERROR_AUTH_UNAVAILABLE},
        {{.status = 200, .body = "{\"id_token\":7}"}, ERROR_AUTH_UNAVAILABLE},
        {{.status = 200, .body = "{\"id_token\":\"a\",\"id_token\":\"b\"}"},
         ERROR_AUTH_UNAVAILABLE},
        {{.status = 200, .body = "[]"}, ERROR_AUTH_UNAVAILABLE},
        {{.status = 200, .body = ""}, ERROR_AUTH_UNAVAILABLE},
        {{.status = 200, .body = "{\"id_token\":\"a.b.c\"}", .announced = 33000},
         ERROR_AUTH_UNAVAILABLE},
        {{.status = 0, .body = ""}, ERROR_AUTH_UNAVAILABLE},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *id_token;
        assert_int_equal(exchange(visit, &cases[i].answer, &id_token), cases[i].code);
        assert_int_equal(visit->access->err.retry_after_s > 0,
                         cases[i].code == ERROR_AUTH_UNAVAILABLE);
    }
}

static void
a_parameter_goes_into_the_query_and_nowhere_else(void **state)
{
    struct visit *visit = *state;
    struct arena *arena = &visit->access->request.arena;
    static const char *const cases[][4] = {
        {"/a", "n", "v", "/a?n=v"},
        {"/a?b=c", "n", "v", "/a?b=c&n=v"},
        {"/a#f", "n", "v", "/a?n=v#f"},
        {"/a#f?g", "n", "v", "/a?n=v#f?g"},
        {"/a?#f", "n", "v", "/a?&n=v#f"},
        {"/a", "n", "a b&c=d#e?f%\r\n\xc3\xa4", "/a?n=a%20b%26c%3Dd%23e%3Ff%25%0D%0A%C3%A4"},
        {"/a", "n", "AZaz09-._~", "/a?n=AZaz09-._~"},
        {"/a", "n", "", "/a?n="},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_string_equal(google_flow_with(cases[i][0], cases[i][1], cases[i][2], arena),
                            cases[i][3]);
}

static void
without_an_address_of_our_own_production_begins_nothing(void **state)
{
    struct visit *visit = *state;
    struct leaving leaving;
    const char *location;
    struct settings *settings = &visit->access->settings;
    settings->public_url = "http://localhost";
    visit->host = "host.example:8080";
    leave(visit, "/", &leaving);
    assert_non_null(
        strstr(leaving.location, "redirect_uri=http%3A%2F%2Fhost.example%3A8080%2Fapi"));
    static const char *const hosts[] = {NULL, "a b", "host/x", "host:x"};
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        begin_request(visit);
        visit->host = hosts[i];
        assert_false(
            google_flow_begin(&visit->access->request, "/", &location, &visit->access->err));
        assert_int_equal(visit->access->err.code, ERROR_UNAVAILABLE);
    }
    begin_request(visit);
    visit->host = "host.example";
    settings->production = true;
    assert_false(google_flow_begin(&visit->access->request, "/", &location, &visit->access->err));
    assert_int_equal(visit->access->err.code, ERROR_UNAVAILABLE);
    assert_true(visit->access->err.lasting);
}

static void
needs_the_lane_that_waits_and_a_provider(void **state)
{
    struct visit *visit = *state;
    struct google_flow flow;
    const char *location;
    struct google *google = visit->access->access.google;
    begin_request(visit);
    visit->access->request.may_wait = false;
    assert_false(google_flow_begin(&visit->access->request, "/", &location, &visit->access->err));
    assert_int_equal(visit->access->err.code, ERROR_WOULD_WAIT);
    error_clear(&visit->access->err);
    assert_false(google_flow_take(&visit->access->request, "x", &flow, &visit->access->err));
    assert_int_equal(visit->access->err.code, ERROR_WOULD_WAIT);
    begin_request(visit);
    visit->access->access.google = NULL;
    assert_false(google_flow_begin(&visit->access->request, "/", &location, &visit->access->err));
    assert_int_equal(visit->access->err.code, ERROR_UNAVAILABLE);
    visit->access->access.google = google;
}

int
main(void)
{
#define FLOW_TEST(name) cmocka_unit_test_setup_teardown(name, flow_set_up, flow_tear_down)
    const struct CMUnitTest tests[] = {
        FLOW_TEST(a_browser_leaves_with_all_that_the_provider_needs),
        FLOW_TEST(its_cookie_is_for_the_way_back_alone),
        FLOW_TEST(who_comes_back_has_the_verifier_and_the_nonce_it_left_with),
        FLOW_TEST(a_flow_serves_once),
        FLOW_TEST(a_flow_is_of_the_browser_that_began_it),
        FLOW_TEST(a_flow_takes_ten_minutes_at_most),
        FLOW_TEST(two_flows_have_nothing_in_common),
        FLOW_TEST(the_database_can_neither_begin_nor_end_a_flow),
        FLOW_TEST(a_browser_is_sent_to_a_path_of_this_host_or_to_an_origin_of_ours),
        FLOW_TEST(nothing_begins_for_a_target_that_is_not_ours),
        FLOW_TEST(a_code_is_changed_with_the_verifier_and_our_secret),
        FLOW_TEST(only_a_code_that_the_provider_refuses_is_the_browsers_fault),
        FLOW_TEST(a_parameter_goes_into_the_query_and_nowhere_else),
        FLOW_TEST(without_an_address_of_our_own_production_begins_nothing),
        FLOW_TEST(needs_the_lane_that_waits_and_a_provider),
    };
    return cmocka_run_group_tests(tests, store_group_set_up, store_group_tear_down);
}
