/* The provider's documents, fetched when they are needed. */
#include "access/google.h"

#include <stdlib.h>
#include <string.h>

#include "access/access.h"
#include "access/audit.h"
#include "access/google_document.h"
#include "base/clock.h"
#include "base/log.h"
#include "http/schema.h"
#include "net/fetch.h"

enum { CLIENTS_MAX = 16, FETCH_TIMEOUT_MS = 4000, DOCUMENT_MAX_BYTES = 64 * 1024 };

struct google {
    const struct settings *settings;
    struct arena arena; /* owns the texts below */
    const char *clients[CLIENTS_MAX + 1];
    struct google_document configuration, keys;
};

struct configuration {
    const char *issuer, *authorization_endpoint, *token_endpoint, *jwks_uri;
};

static bool
is_https(const char *url)
{
    return strncmp(url, "https://", 8) == 0;
}

/* An endpoint; one of a provider on https is on https too. */
static const char *
endpoint(const json_t *document, const char *name, bool https)
{
    const char *url = json_string_value(json_object_get(document, name));
    bool fits = url && (is_https(url) || (!https && strncmp(url, "http://", 7) == 0));
    return fits ? url : NULL;
}

/* OpenID Connect Discovery 1.0, section 4: the document must be of the issuer we asked. */
static bool
read_configuration(const char *text, const char *issuer, struct arena *arena,
                   struct configuration *configuration)
{
    struct error ignored = {0};
    const json_t *document = schema_parse(text, strlen(text), arena, &ignored);
    bool https = is_https(issuer);
    *configuration = (struct configuration){
        .issuer = json_string_value(json_object_get(document, "issuer")),
        .authorization_endpoint = endpoint(document, "authorization_endpoint", https),
        .token_endpoint = endpoint(document, "token_endpoint", https),
        .jwks_uri = endpoint(document, "jwks_uri", https),
    };
    return configuration->issuer && strcmp(configuration->issuer, issuer) == 0 &&
           configuration->authorization_endpoint && configuration->token_endpoint &&
           configuration->jwks_uri;
}

static bool
fetch_text(const char *url, struct arena *arena, struct google_reading *reading, struct error *err)
{
    struct fetch_wish wish = {
        .url = url, .timeout_ms = FETCH_TIMEOUT_MS, .max_bytes = DOCUMENT_MAX_BYTES};
    struct fetch_answer answer;
    if (!fetch(&wish, arena, &answer, err))
        return false;
    if (answer.status != 200 || strlen(answer.body) != answer.length)
        return error_set(err, ERROR_AUTH_UNAVAILABLE, "status %d", answer.status);
    *reading = (struct google_reading){answer.body, answer.max_age_s};
    return true;
}

static bool
say(const char *document, const struct error *err)
{
    log_line(LOG_LEVEL_WARNING, "the sign-in provider's document cannot be read",
             LOG_TEXT("document", document), LOG_TEXT("reason", err->detail));
    return false;
}

static bool
fetch_configuration(void *context, struct arena *arena, struct google_reading *reading,
                    struct error *err)
{
    const char *issuer = ((struct google *)context)->settings->google_issuer;
    const char *url = arena_printf(arena, "%s/.well-known/openid-configuration", issuer);
    struct configuration configuration;
    if (fetch_text(url, arena, reading, err) &&
        !read_configuration(reading->text, issuer, arena, &configuration))
        error_set(err, ERROR_AUTH_UNAVAILABLE, "it is of another issuer, or lacks an endpoint");
    return err->code == ERROR_NONE || say("openid-configuration", err);
}

static bool
find_configuration(struct google *google, struct arena *arena, struct configuration *configuration,
                   struct error *err)
{
    const char *text;
    if (!google_document_find(&google->configuration, false, clock_monotonic_us(), arena, &text,
                              err))
        return false;
    return read_configuration(text, google->settings->google_issuer, arena, configuration);
}

static bool
fetch_keys(void *context, struct arena *arena, struct google_reading *reading, struct error *err)
{
    struct configuration configuration;
    if (find_configuration(context, arena, &configuration, err) &&
        fetch_text(configuration.jwks_uri, arena, reading, err) &&
        !jwks_parse(reading->text, strlen(reading->text), arena))
        error_set(err, ERROR_AUTH_UNAVAILABLE, "it holds no key of use");
    return err->code == ERROR_NONE || say("jwks", err);
}

struct google *
google_open(const struct settings *settings)
{
    if (settings->google_client_id[0] == '\0')
        return NULL;
    struct google *google = xcalloc(1, sizeof(*google));
    google->settings = settings;
    char *rest = arena_strdup(&google->arena, settings->google_client_id);
    for (size_t i = 0; i < CLIENTS_MAX && rest; i++)
        google->clients[i] = strsep(&rest, ",");
    google_document_init(&google->configuration,
                         (struct google_reader){fetch_configuration, google});
    google_document_init(&google->keys, (struct google_reader){fetch_keys, google});
    return google;
}

void
google_close(struct google *google)
{
    if (!google)
        return;
    google_document_release(&google->configuration);
    google_document_release(&google->keys);
    arena_release(&google->arena);
    free(google);
}

const char *
google_client(const struct google *google)
{
    return google->clients[0];
}

/* Whether it is set up, and we may wait. */
static bool
is_ready(struct request *request, struct error *err)
{
    if (!request->access->google) {
        err->lasting = true;
        return error_set(err, ERROR_UNAVAILABLE,
                         "this needs a provider of sign-ins: GOOGLE_CLIENT_ID is not set");
    }
    return request->may_wait ||
           error_set(err, ERROR_WOULD_WAIT, "the provider is asked on the waiting lane");
}

bool
google_endpoints_find(struct request *request, struct google_endpoints *endpoints,
                      struct error *err)
{
    struct configuration configuration;
    if (!is_ready(request, err) ||
        !find_configuration(request->access->google, &request->arena, &configuration, err))
        return false;
    *endpoints = (struct google_endpoints){configuration.authorization_endpoint,
                                           configuration.token_endpoint};
    return true;
}

static bool
find_keys(struct google *google, bool anew, struct arena *arena, const struct jwks **jwks,
          struct error *err)
{
    const char *text;
    if (!google_document_find(&google->keys, anew, clock_monotonic_us(), arena, &text, err))
        return false;
    *jwks = jwks_parse(text, strlen(text), arena);
    return *jwks != NULL;
}

bool
google_verify(struct request *request, const char *text, const char *nonce, struct id_token *token,
              struct error *err)
{
    if (!is_ready(request, err))
        return false;
    struct google *google = request->access->google;
    enum id_token_verdict verdict = ID_TOKEN_UNKNOWN_KEY;
    for (int round = 0; round < 2 && verdict == ID_TOKEN_UNKNOWN_KEY; round++) {
        struct id_token_rules rules = {.clients = google->clients,
                                       .issuer = google->settings->google_issuer,
                                       .nonce = nonce,
                                       .now_s = clock_realtime_us() / 1000000};
        const struct jwks *jwks;
        if (!find_keys(google, round > 0, &request->arena, &jwks, err))
            return false;
        verdict = id_token_verify(text, jwks, &rules, &request->arena, token);
    }
    if (verdict == ID_TOKEN_GOOD)
        return true;
    audit_add(request, &(struct audit_entry){AUDIT_SIGN_IN_FAILED, "google", token->complaint});
    return error_set(err, ERROR_TOKEN_NOT_VALID, "Invalid token");
}
