/* Passwords: hashed, checked and refused. */
#include "host_fixture.h"

#include "access/access.h"
#include "access/password.h"
#include "host/permit.h"

static struct settings settings = {.password_memory_kib = 8, .password_passes = 1};

/* A request on the waiting lane. */
struct bench {
    struct access access;
    struct request request;
};

static struct request *
request_of(void **state)
{
    struct fixture *fixture = *state;
    struct bench *bench = arena_alloc(&fixture->arena, sizeof *bench);
    bench->access = (struct access){.settings = &settings, .host = fixture->host};
    bench->request = (struct request){.access = &bench->access, .may_wait = true};
    return &bench->request;
}

static bool
is_right(struct request *request, const char *phc, const char *password, bool *rehash)
{
    struct error err = {0};
    bool right;
    if (!password_verify(request, phc, password, &right, rehash, &err))
        fail_msg("%s", err.detail);
    return right;
}

static const char *
hash_of(struct request *request, const char *password)
{
    struct error err = {0};
    const char *phc;
    if (!password_hash(request, password, &phc, &err))
        fail_msg("%s", err.detail);
    return phc;
}

static void
knows_the_right_password_from_a_wrong_one(void **state)
{
    struct request *request = request_of(state);
    bool rehash;
    const char *phc = hash_of(request, "vier rote Kähne");
    assert_memory_equal(phc, "$argon2id$v=19$m=8,t=1,p=1$", 27);
    assert_true(is_right(request, phc, "vier rote Kähne", &rehash));
    assert_false(rehash);
    assert_false(is_right(request, phc, "vier rote Kahne", &rehash));
    assert_false(is_right(request, phc, "", &rehash));
    arena_release(&request->arena);
}

static void
two_hashes_of_one_password_differ(void **state)
{
    struct request *request = request_of(state);
    assert_string_not_equal(hash_of(request, "the same twice"), hash_of(request, "the same twice"));
    arena_release(&request->arena);
}

static void
nobody_has_the_password_of_no_account(void **state)
{
    struct request *request = request_of(state);
    bool rehash;
    assert_false(is_right(request, NULL, "anything at all", &rehash));
    assert_false(is_right(request, "not a hash", "anything at all", &rehash));
    assert_false(rehash);
    arena_release(&request->arena);
}

static void
asks_for_a_new_hash_when_the_settings_changed(void **state)
{
    struct request *request = request_of(state);
    bool rehash;
    const char *phc = hash_of(request, "vier rote Kaehne");
    settings.password_passes = 2;
    assert_true(is_right(request, phc, "vier rote Kaehne", &rehash));
    assert_true(rehash);
    assert_false(is_right(request, phc, "drei rote Kaehne", &rehash));
    assert_false(rehash);
    settings.password_passes = 1;
    arena_release(&request->arena);
}

static void
a_password_past_all_bounds_is_wrong(void **state)
{
    struct request *request = request_of(state);
    bool rehash;
    char *huge = arena_alloc(&request->arena, 100001);
    memset(huge, 'x', 100000);
    assert_false(is_right(request, hash_of(request, ""), huge, &rehash));
    arena_release(&request->arena);
}

static void
the_front_lane_hashes_nothing(void **state)
{
    struct request *request = request_of(state);
    request->may_wait = false;
    struct error err = {0};
    const char *phc;
    assert_false(password_hash(request, "anything at all", &phc, &err));
    assert_int_equal(err.code, ERROR_WOULD_WAIT);
}

static void
no_more_at_once_than_the_host_has_cores(void **state)
{
    struct request *request = request_of(state);
    struct permit permits[PERMITS_MAX];
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    for (long i = 0; i < cores; i++)
        assert_true(permit_take(host_of(state), "argon2id", cores, 60000, &permits[i]));
    struct error err = {0};
    const char *phc;
    assert_false(password_hash(request, "anything at all", &phc, &err));
    assert_int_equal(err.code, ERROR_OVERLOADED);
    assert_true(err.retry_after_s > 0);
    permit_release(&permits[0]);
    hash_of(request, "anything at all");
    arena_release(&request->arena);
}

static void
wipes_a_password_and_its_body_when_the_request_ends(void **state)
{
    struct fixture *fixture = *state;
    struct request *request = request_of(state);
    char *password = arena_strdup(&fixture->arena, "vier rote Kaehne");
    char *body = arena_strdup(&fixture->arena, "{\"password\":\"vier rote Kaehne\"}");
    size_t length = strlen(body);
    request->body = body;
    request->body_length = length;
    password_forget(request, password);
    password_forget(request, NULL);
    assert_string_equal(password, "vier rote Kaehne");
    arena_release(&request->arena);
    assert_int_equal(password[0] | password[5] | password[15], 0);
    for (size_t i = 0; i < length; i++)
        assert_int_equal(body[i], 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(knows_the_right_password_from_a_wrong_one),
        TEST(two_hashes_of_one_password_differ),
        TEST(nobody_has_the_password_of_no_account),
        TEST(asks_for_a_new_hash_when_the_settings_changed),
        TEST(a_password_past_all_bounds_is_wrong),
        TEST(the_front_lane_hashes_nothing),
        TEST(no_more_at_once_than_the_host_has_cores),
        TEST(wipes_a_password_and_its_body_when_the_request_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
