/* Access tokens: what is issued verifies, and what an attacker can make of it does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include <cjose/cjose.h>
#include <openssl/pem.h>

#include "access/jws.h"
#include "access/signer.h"
#include "access/token.h"

#define SECRET "0123456789abcdef0123456789abcdef"
#define OLD_SECRET "fedcba9876543210fedcba9876543210"
#define ACCOUNT "01890000-0000-7000-8000-00000000000a"
#define SIGN_IN "01890000-0000-7000-8000-00000000000b"
#define NOW INT64_C(1800000000)
#define PAYLOAD(issuer, audience, type)                                                            \
    "{\"iss\":\"" issuer "\",\"aud\":" audience ",\"sub\":\"" ACCOUNT "\",\"user_id\":\"" ACCOUNT  \
    "\",\"sid\":\"" SIGN_IN "\",\"jti\":\"x\",\"token_type\":\"" type                              \
    "\",\"iat\":1800000000,\"nbf\":1800000000,\"exp\":1800003600}"
#define GOOD_PAYLOAD PAYLOAD("hearth", "\"hearth\"", "access")
#define HEADER(algorithm) "{\"alg\":\"" algorithm "\",\"typ\":\"at+jwt\"}"

static const struct token_claims claims = {ACCOUNT, SIGN_IN, "id-1", NOW, NOW + 3600};

struct fixture {
    struct arena arena;
    char directory[64];
    struct settings settings;
    struct tokens *tokens;
};

static int
set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    snprintf(fixture->directory, sizeof fixture->directory, "/tmp/hearth-token-XXXXXX");
    assert_non_null(mkdtemp(fixture->directory));
    fixture->settings = (struct settings){.auth_secret = SECRET,
                                          .jwt_algorithm = "HS256",
                                          .jwt_previous_secrets = "",
                                          .jwt_key_files = "",
                                          .jwt_issuer = "hearth",
                                          .jwt_audience = "hearth",
                                          .runtime_directory = fixture->directory};
    struct error err = {0};
    assert_true(tokens_open(&fixture->settings, &fixture->tokens, &err));
    *state = fixture;
    return 0;
}

static int
tear_down(void **state)
{
    struct fixture *fixture = *state;
    static const char *const names[] = {"one.pem", "two.pem", "public.pem", "auth_secret"};
    tokens_close(fixture->tokens);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        unlink(arena_printf(&fixture->arena, "%s/%s", fixture->directory, names[i]));
    assert_int_equal(rmdir(fixture->directory), 0);
    arena_release(&fixture->arena);
    free(fixture);
    return 0;
}

/* Writes a new key into the fixture's directory and returns its path. */
static const char *
write_key(struct fixture *fixture, const char *name, EVP_PKEY *pair, bool is_private)
{
    const char *path = arena_printf(&fixture->arena, "%s/%s", fixture->directory, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fchmod(fileno(file), 0600), 0);
    assert_int_equal(is_private ? PEM_write_PrivateKey(file, pair, NULL, NULL, 0, NULL, NULL)
                                : PEM_write_PUBKEY(file, pair),
                     1);
    fclose(file);
    return path;
}

static const char *
make_key(struct fixture *fixture, const char *name, const char *kind)
{
    EVP_PKEY *pair = strcmp(kind, "RSA") == 0 ? EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048)
                                              : EVP_PKEY_Q_keygen(NULL, NULL, kind);
    assert_non_null(pair);
    const char *path = write_key(fixture, name, pair, true);
    EVP_PKEY_free(pair);
    return path;
}

static void
open_with(struct fixture *fixture, const char *algorithm, const char *files)
{
    struct error err = {0};
    tokens_close(fixture->tokens);
    fixture->settings.jwt_algorithm = algorithm;
    fixture->settings.jwt_key_files = files;
    if (!tokens_open(&fixture->settings, &fixture->tokens, &err))
        fail_msg("%s", err.detail);
}

static void
open_fails(struct fixture *fixture, const char *files, const char *reason)
{
    struct error err = {0};
    struct tokens *tokens;
    fixture->settings.jwt_key_files = files;
    assert_false(tokens_open(&fixture->settings, &tokens, &err));
    assert_null(tokens);
    if (!strstr(err.detail, reason))
        fail_msg("%s", err.detail);
}

static bool
verify_at(struct fixture *fixture, const char *text, int64_t now_s, struct error *err)
{
    struct token_claims read;
    *err = (struct error){0};
    bool good =
        token_verify(fixture->tokens, text, strlen(text), now_s, &read, &fixture->arena, err);
    assert_int_equal(err->code, good ? ERROR_NONE : ERROR_TOKEN_NOT_VALID);
    return good;
}

static void
is_taken(struct fixture *fixture, const char *text)
{
    struct error err;
    if (!verify_at(fixture, text, NOW, &err))
        fail_msg("%s", err.detail);
}

/* Refused, and for this reason and no other. */
static void
is_refused(struct fixture *fixture, const char *text, const char *reason)
{
    struct error err;
    assert_false(verify_at(fixture, text, NOW, &err));
    if (!strstr(err.detail, reason))
        fail_msg("\"%s\" instead of \"%s\"", err.detail, reason);
}

static const char *
join(struct fixture *fixture, const char *header, const char *payload)
{
    struct arena *arena = &fixture->arena;
    return arena_printf(arena, "%s.%s", jws_encode(header, strlen(header), arena),
                        jws_encode(payload, strlen(payload), arena));
}

/* A token of these texts, signed as HS256 with a secret. */
static const char *
forge(struct fixture *fixture, const char *header, const char *payload, const char *secret)
{
    struct signer signer;
    unsigned char signature[SIGNATURE_MAX_BYTES];
    const char *covered = join(fixture, header, payload);
    signer_of_secret(&signer, secret, strlen(secret));
    size_t length = signer_sign(&signer, covered, strlen(covered), signature);
    return arena_printf(&fixture->arena, "%s.%s", covered,
                        jws_encode(signature, length, &fixture->arena));
}

static void
reads_what_it_issued(void **state)
{
    struct fixture *fixture = *state;
    struct token_claims read;
    struct error err = {0};
    const char *text = token_issue(fixture->tokens, &claims, &fixture->arena);
    assert_true(
        token_verify(fixture->tokens, text, strlen(text), NOW, &read, &fixture->arena, &err));
    assert_string_equal(read.account_id, ACCOUNT);
    assert_string_equal(read.sign_in_id, SIGN_IN);
    assert_string_equal(read.id, "id-1");
    assert_int_equal(read.issued_s, NOW);
    assert_int_equal(read.expires_s, NOW + 3600);
}

/* What forge() makes is good, so that the tests below are refused for what they change. */
static void
takes_the_token_that_the_attacks_start_from(void **state)
{
    struct fixture *fixture = *state;
    is_taken(fixture, forge(fixture, HEADER("HS256"), GOOD_PAYLOAD, SECRET));
    is_taken(fixture, forge(fixture, HEADER("HS256"),
                            PAYLOAD("hearth", "[\"other\",\"hearth\"]", "access"), SECRET));
}

static void
refuses_alg_none_in_any_writing(void **state)
{
    struct fixture *fixture = *state;
    static const char *const headers[] = {HEADER("none"), HEADER("None"), HEADER("NONE"),
                                          HEADER("")};
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        const char *covered = join(fixture, headers[i], GOOD_PAYLOAD);
        is_refused(fixture, arena_printf(&fixture->arena, "%s.", covered), "three parts");
        is_refused(fixture, arena_printf(&fixture->arena, "%s.AA", covered), "way that is not");
        is_refused(fixture, forge(fixture, headers[i], GOOD_PAYLOAD, SECRET), "way that is not");
    }
}

static void
refuses_the_public_key_as_a_secret(void **state)
{
    struct fixture *fixture = *state;
    const char *path = make_key(fixture, "one.pem", "RSA");
    open_with(fixture, "RS256", path);
    struct signer signer;
    struct error err = {0};
    assert_true(signer_of_file(&signer, path, &err));
    const char *public = write_key(fixture, "public.pem", signer.pair, false);
    char pem[2048] = "";
    FILE *file = fopen(public, "r");
    assert_true(fread(pem, 1, sizeof pem - 1, file) > 0);
    fclose(file);
    const char *named = arena_printf(
        &fixture->arena, "{\"alg\":\"HS256\",\"kid\":\"%s\",\"typ\":\"at+jwt\"}", signer.id);
    is_refused(fixture, forge(fixture, HEADER("HS256"), GOOD_PAYLOAD, pem), "way that is not");
    is_refused(fixture, forge(fixture, named, GOOD_PAYLOAD, pem), "way that is not");
    is_taken(fixture, token_issue(fixture->tokens, &claims, &fixture->arena));
    signer_release(&signer);
}

static void
refuses_other_algorithms_of_the_same_key(void **state)
{
    struct fixture *fixture = *state;
    static const char *const names[] = {"HS384", "HS512", "hs256", "RS256", "EdDSA", "PS256"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *header =
            arena_printf(&fixture->arena, "{\"alg\":\"%s\",\"typ\":\"at+jwt\"}", names[i]);
        is_refused(fixture, forge(fixture, header, GOOD_PAYLOAD, SECRET), "way that is not");
    }
}

static void
refuses_another_secret_and_a_changed_token(void **state)
{
    struct fixture *fixture = *state;
    is_refused(fixture, forge(fixture, HEADER("HS256"), GOOD_PAYLOAD, OLD_SECRET), "signature");
    const char *good = token_issue(fixture->tokens, &claims, &fixture->arena);
    for (const char *at = good; *at; at++) {
        char *changed = arena_strdup(&fixture->arena, good);
        changed[at - good] = *at == 'A' ? 'B' : 'A';
        struct error err;
        assert_false(verify_at(fixture, changed, NOW, &err));
    }
}

static void
refuses_wrong_issuer_audience_and_type(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        const char *header, *payload, *reason;
    } wrong[] = {
        {HEADER("HS256"), PAYLOAD("other", "\"hearth\"", "access"), "issuer"},
        {HEADER("HS256"), PAYLOAD("hearth", "\"other\"", "access"), "audience"},
        {HEADER("HS256"), PAYLOAD("hearth", "[]", "access"), "audience"},
        {HEADER("HS256"), PAYLOAD("hearth", "[\"hearth2\",7]", "access"), "audience"},
        {HEADER("HS256"), PAYLOAD("hearth", "{\"hearth\":1}", "access"), "audience"},
        {HEADER("HS256"), PAYLOAD("hearth", "\"hearth\"", "refresh"), "no access token"},
        {HEADER("HS256"), PAYLOAD("hearth", "\"hearth\"", "id"), "no access token"},
        {"{\"alg\":\"HS256\",\"typ\":\"JWT\"}", GOOD_PAYLOAD, "no access token"},
        {"{\"alg\":\"HS256\"}", GOOD_PAYLOAD, "no access token"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        is_refused(fixture, forge(fixture, wrong[i].header, wrong[i].payload, SECRET),
                   wrong[i].reason);
}

static void
refuses_headers_that_bring_a_key_or_are_not_understood(void **state)
{
    struct fixture *fixture = *state;
    static const char *const members[] = {
        "\"jwk\":{\"kty\":\"oct\",\"k\":\"AA\"}",
        "\"jku\":\"https://evil.example/keys\"",
        "\"x5u\":\"https://evil.example/cert\"",
        "\"x5c\":[\"AA\"]",
        "\"crit\":[\"exp\"],\"exp\":1",
        "\"crit\":[]",
        "\"b64\":false",
        "\"zip\":\"DEF\"",
        "\"enc\":\"A128GCM\"",
    };
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        const char *header =
            arena_printf(&fixture->arena, "{\"alg\":\"HS256\",\"typ\":\"at+jwt\",%s}", members[i]);
        is_refused(fixture, forge(fixture, header, GOOD_PAYLOAD, SECRET), "header");
    }
    is_refused(fixture, forge(fixture, "{\"alg\":[\"HS256\"]}", GOOD_PAYLOAD, SECRET), "header");
    is_refused(fixture,
               forge(fixture, "{\"alg\":\"HS256\",\"typ\":\"at+jwt\",\"kid\":\"../../dev/null\"}",
                     GOOD_PAYLOAD, SECRET),
               "not known");
}

static void
refuses_duplicate_members_and_what_is_no_json(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        const char *header, *payload;
    } wrong[] = {
        {"{\"alg\":\"none\",\"alg\":\"HS256\",\"typ\":\"at+jwt\"}", GOOD_PAYLOAD},
        {HEADER("HS256"), "{\"exp\":1,\"exp\":9999999999}"},
        {HEADER("HS256"), "[]"},
        {HEADER("HS256"), "\"text\""},
        {HEADER("HS256"), "{"},
        {HEADER("HS256"), "{\"a\":\"\xff\"}"},
        {"null", GOOD_PAYLOAD},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        is_refused(fixture, forge(fixture, wrong[i].header, wrong[i].payload, SECRET),
                   "well formed");
}

static void
refuses_other_writings_of_the_same_bytes(void **state)
{
    struct fixture *fixture = *state;
    const char *good = token_issue(fixture->tokens, &claims, &fixture->arena);
    is_refused(fixture, arena_printf(&fixture->arena, "%s=", good), "well formed");
    is_refused(fixture, arena_printf(&fixture->arena, "%s\n", good), "well formed");
    is_refused(fixture, arena_printf(&fixture->arena, "%s.", good), "three parts");
    is_refused(fixture, arena_printf(&fixture->arena, "%s.x", good), "three parts");
    is_refused(fixture, arena_printf(&fixture->arena, " %s", good), "well formed");
    /* 43 characters hold 258 bits, of which the last two mean nothing and must be zero. */
    char *slack = arena_strdup(&fixture->arena, good);
    slack[strlen(slack) - 1] += 1;
    is_refused(fixture, slack, "well formed");
    is_refused(fixture, "", "three parts");
    is_refused(fixture, "..", "three parts");
}

static void
refuses_oversized_tokens_before_reading_them(void **state)
{
    struct fixture *fixture = *state;
    char *huge = arena_alloc(&fixture->arena, JWS_MAX_BYTES + 2);
    memset(huge, 'A', JWS_MAX_BYTES + 1);
    is_refused(fixture, huge, "too long");
    huge[JWS_MAX_BYTES] = '\0';
    is_refused(fixture, huge, "three parts");
}

static void
keeps_time_within_the_leeway(void **state)
{
    struct fixture *fixture = *state;
    struct error err;
    const char *text = token_issue(fixture->tokens, &claims, &fixture->arena);
    assert_true(verify_at(fixture, text, NOW + 3600 + TOKEN_LEEWAY_S - 1, &err));
    assert_false(verify_at(fixture, text, NOW + 3600 + TOKEN_LEEWAY_S, &err));
    assert_non_null(strstr(err.detail, "expired"));
    assert_true(verify_at(fixture, text, NOW - TOKEN_LEEWAY_S, &err));
    assert_false(verify_at(fixture, text, NOW - TOKEN_LEEWAY_S - 1, &err));
    assert_non_null(strstr(err.detail, "not good yet"));
}

static void
refuses_times_that_are_missing_or_no_plain_numbers(void **state)
{
    struct fixture *fixture = *state;
    static const char *const times[] = {
        "\"iat\":1800000000,\"nbf\":1800000000",
        "\"iat\":1800000000,\"nbf\":1800000000,\"exp\":\"1800003600\"",
        "\"iat\":1800000000,\"nbf\":1800000000,\"exp\":1800003600.5",
        "\"iat\":1800000000,\"nbf\":1800000000,\"exp\":9223372036854775807",
        "\"iat\":1800000000,\"nbf\":-1,\"exp\":1800003600",
        "\"nbf\":1800000000,\"exp\":1800003600",
    };
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        const char *payload = arena_printf(
            &fixture->arena,
            "{\"iss\":\"hearth\",\"aud\":\"hearth\",\"sub\":\"" ACCOUNT "\",\"user_id\":\"" ACCOUNT
            "\",\"sid\":\"" SIGN_IN "\",\"jti\":\"x\",\"token_type\":\"access\",%s}",
            times[i]);
        is_refused(fixture, forge(fixture, HEADER("HS256"), payload, SECRET), "when it is good");
    }
}

static void
refuses_a_subject_that_is_no_account(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        const char *subject, *user;
    } wrong[] = {
        {"", ""},
        {"1", "1"},
        {ACCOUNT, SIGN_IN},
        {ACCOUNT "0", ACCOUNT "0"},
        {"01890000-0000-7000-8000-00000000000'", "01890000-0000-7000-8000-00000000000'"},
        {"01890000-0000-7000-8000-00000000000A", "01890000-0000-7000-8000-00000000000A"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const char *payload = arena_printf(
            &fixture->arena,
            "{\"iss\":\"hearth\",\"aud\":\"hearth\",\"sub\":\"%s\",\"user_id\":\"%s\",\"sid\":"
            "\"" SIGN_IN "\",\"jti\":\"x\",\"token_type\":\"access\",\"iat\":1800000000,"
            "\"nbf\":1800000000,\"exp\":1800003600}",
            wrong[i].subject, wrong[i].user);
        is_refused(fixture, forge(fixture, HEADER("HS256"), payload, SECRET), "whose it is");
    }
}

static void
a_former_secret_verifies_until_it_is_dropped(void **state)
{
    struct fixture *fixture = *state;
    const char *old = token_issue(fixture->tokens, &claims, &fixture->arena);
    fixture->settings.auth_secret = OLD_SECRET;
    fixture->settings.jwt_previous_secrets = SECRET;
    open_with(fixture, "HS256", "");
    is_taken(fixture, old);
    is_taken(fixture, token_issue(fixture->tokens, &claims, &fixture->arena));
    fixture->settings.jwt_previous_secrets = "";
    open_with(fixture, "HS256", "");
    is_refused(fixture, old, "not known");
}

static void
the_first_key_file_signs_and_all_verify(void **state)
{
    static const char *const kinds[][2] = {{"ED25519", "EdDSA"}, {"RSA", "RS256"}};
    struct fixture *fixture = *state;
    for (size_t i = 0; i < 2; i++) {
        const char *one = make_key(fixture, "one.pem", kinds[i][0]);
        const char *two = make_key(fixture, "two.pem", kinds[i][0]);
        open_with(fixture, kinds[i][1], one);
        const char *old = token_issue(fixture->tokens, &claims, &fixture->arena);
        is_taken(fixture, old);
        open_with(fixture, kinds[i][1], arena_printf(&fixture->arena, "%s,%s", two, one));
        is_taken(fixture, old);
        is_taken(fixture, token_issue(fixture->tokens, &claims, &fixture->arena));
        open_with(fixture, kinds[i][1], two);
        is_refused(fixture, old, "not known");
    }
}

static void
a_token_of_an_asymmetric_key_that_was_changed_is_refused(void **state)
{
    static const char *const kinds[][2] = {{"ED25519", "EdDSA"}, {"RSA", "RS256"}};
    struct fixture *fixture = *state;
    for (size_t i = 0; i < 2; i++) {
        open_with(fixture, kinds[i][1], make_key(fixture, "one.pem", kinds[i][0]));
        const char *good = token_issue(fixture->tokens, &claims, &fixture->arena);
        const char *dot = strrchr(good, '.');
        char *changed = arena_strdup(&fixture->arena, good);
        changed[dot - good + 5] = dot[5] == 'A' ? 'B' : 'A';
        is_refused(fixture, changed, "signature");
        is_refused(fixture, arena_printf(&fixture->arena, "%.*sAA", (int)(dot - good) + 1, good),
                   "signature");
    }
}

static void
libcjose_reads_what_is_issued(void **state)
{
    struct fixture *fixture = *state;
    open_with(fixture, "RS256", make_key(fixture, "one.pem", "RSA"));
    const char *text = token_issue(fixture->tokens, &claims, &fixture->arena);
    json_error_t error;
    json_t *set = json_loads(tokens_public_keys(fixture->tokens), 0, &error);
    assert_non_null(set);
    char *key = json_dumps(json_array_get(json_object_get(set, "keys"), 0), 0);
    cjose_err problem;
    cjose_jwk_t *jwk = cjose_jwk_import(key, strlen(key), &problem);
    cjose_jws_t *jws = cjose_jws_import(text, strlen(text), &problem);
    assert_non_null(jwk);
    assert_non_null(jws);
    assert_true(cjose_jws_verify(jws, jwk, &problem));
    cjose_jws_release(jws);
    cjose_jwk_release(jwk);
    free(key);
    json_decref(set);
}

/* RFC 8037, appendix A.3: the thumbprint of a well-known Ed25519 key. */
static void
names_a_key_by_its_thumbprint(void **state)
{
    struct fixture *fixture = *state;
    static const unsigned char seed[] = {0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60,
                                         0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c, 0xc4,
                                         0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19,
                                         0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60};
    EVP_PKEY *pair = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, sizeof seed);
    const char *path = write_key(fixture, "one.pem", pair, true);
    EVP_PKEY_free(pair);
    open_with(fixture, "EdDSA", path);
    assert_string_equal(tokens_public_keys(fixture->tokens),
                        "{\"keys\":[{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":"
                        "\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\",\"alg\":\"EdDSA\","
                        "\"kid\":\"kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k\","
                        "\"use\":\"sig\"}]}");
}

static void
secrets_are_in_no_key_set(void **state)
{
    struct fixture *fixture = *state;
    assert_string_equal(tokens_public_keys(fixture->tokens), "{\"keys\":[]}");
}

static void
refuses_keys_that_are_weak_open_or_of_another_kind(void **state)
{
    struct fixture *fixture = *state;
    fixture->settings.jwt_algorithm = "RS256";
    open_fails(fixture, "", "JWT_KEY_FILES");
    open_fails(fixture, "/nonexistent.pem", "cannot be read");
    open_fails(fixture, make_key(fixture, "one.pem", "ED25519"), "no private key for RS256");
    EVP_PKEY *small = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024);
    open_fails(fixture, write_key(fixture, "one.pem", small, true), "neither");
    EVP_PKEY_free(small);
    EVP_PKEY *curve = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    open_fails(fixture, write_key(fixture, "one.pem", curve, true), "neither");
    EVP_PKEY_free(curve);
    EVP_PKEY *pair = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
    open_fails(fixture, write_key(fixture, "public.pem", pair, false), "no private key");
    const char *path = write_key(fixture, "one.pem", pair, true);
    assert_int_equal(chmod(path, 0644), 0);
    open_fails(fixture, path, "others may read");
    EVP_PKEY_free(pair);
}

static void
production_wants_a_long_secret(void **state)
{
    struct fixture *fixture = *state;
    fixture->settings.production = true;
    fixture->settings.auth_secret = "short";
    open_fails(fixture, "", "32 bytes");
    fixture->settings.auth_secret = "";
    open_fails(fixture, "", "AUTH_SECRET");
}

static void
workers_of_a_host_without_a_secret_share_one(void **state)
{
    struct fixture *fixture = *state;
    fixture->settings.auth_secret = "";
    open_with(fixture, "HS256", "");
    const char *text = token_issue(fixture->tokens, &claims, &fixture->arena);
    open_with(fixture, "HS256", "");
    is_taken(fixture, text);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(reads_what_it_issued),
        TEST(takes_the_token_that_the_attacks_start_from),
        TEST(refuses_alg_none_in_any_writing),
        TEST(refuses_the_public_key_as_a_secret),
        TEST(refuses_other_algorithms_of_the_same_key),
        TEST(refuses_another_secret_and_a_changed_token),
        TEST(refuses_wrong_issuer_audience_and_type),
        TEST(refuses_headers_that_bring_a_key_or_are_not_understood),
        TEST(refuses_duplicate_members_and_what_is_no_json),
        TEST(refuses_other_writings_of_the_same_bytes),
        TEST(refuses_oversized_tokens_before_reading_them),
        TEST(keeps_time_within_the_leeway),
        TEST(refuses_times_that_are_missing_or_no_plain_numbers),
        TEST(refuses_a_subject_that_is_no_account),
        TEST(a_former_secret_verifies_until_it_is_dropped),
        TEST(the_first_key_file_signs_and_all_verify),
        TEST(a_token_of_an_asymmetric_key_that_was_changed_is_refused),
        TEST(libcjose_reads_what_is_issued),
        TEST(names_a_key_by_its_thumbprint),
        TEST(secrets_are_in_no_key_set),
        TEST(refuses_keys_that_are_weak_open_or_of_another_kind),
        TEST(production_wants_a_long_secret),
        TEST(workers_of_a_host_without_a_secret_share_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
