/* What requests' headers are read as: credentials, cookies, forwarded addresses, origins, media
 * types, directives. The text is the value of each; none is believed where it must not be, and what
 * is answered with has no line end in it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <arpa/inet.h>

#include "access/access.h"
#include "access/caller.h"
#include "access/cookie.h"
#include "access/csrf.h"
#include "access/google_flow.h"
#include "access/idempotency.h"
#include "http/cors.h"
#include "http/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *
parameter(void *carrier, const char *name)
{
    if (strcmp(name, "HTTPS") == 0)
        return NULL;
    return strcmp(name, "HTTP_HOST") == 0 ? "host.example" : carrier;
}

static const struct transport transport = {.parameter = parameter};

static void
check_cookie(const struct request *request, const char *text)
{
    const char *secret;
    size_t length;
    if (!cookie_read(request, &secret, &length))
        return;
    if (length != 43 || secret < text || secret + length > text + strlen(text))
        abort();
}

static void
check_credential(const struct request *request, const char *text)
{
    struct presented presented;
    if (!caller_present(request, &presented))
        return;
    if (presented.text < text || presented.text + presented.length > text + strlen(text))
        abort();
    char last = presented.length > 0 ? presented.text[presented.length - 1] : 'x';
    if (last == ' ' || last == '\t')
        abort();
}

/* Whom a proxy of ours saw is an address; without one of ours nobody is asked. The text is the list
 * of proxies, too. */
static void
check_address(struct request *request, const char *text)
{
    struct in6_addr parsed;
    const struct settings none = {.trusted_proxies = ""},
                          all = {.trusted_proxies = "0.0.0.0/0,::/0"},
                          some = {.trusted_proxies = text};
    if (strcmp(caller_address(&none, request), "192.0.2.1") != 0)
        abort();
    const char *found = caller_address(&all, request);
    if (inet_pton(AF_INET, found, &parsed) != 1 && inet_pton(AF_INET6, found, &parsed) != 1)
        abort();
    (void)caller_address(&some, request);
}

/* Of all origins these are ours: so an origin that is let through is one of them in other letters.
 */
static void
check_origin(struct request *request, const char *text)
{
    static const char *const ours[] = {"https://app.example", "https://www.example",
                                       "http://host.example", "https://host.example"};
    struct error err = {0};
    bool is_ours = false;
    for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
        is_ours = is_ours || strcasecmp(text, ours[i]) == 0;
    const char *name = strstr(text, "://");
    is_ours = is_ours || (name && strcasecmp(name + 3, "host.example") == 0);
    if (csrf_check_origin(request, &err) && !is_ours)
        abort();
    bool may_return = google_flow_may_return(request, text);
    if (may_return && text[0] == '/' && (text[1] == '/' || text[1] == '\\'))
        abort();
    if (may_return && text[0] != '/' && strncmp(text, "https://app.example", 19) != 0 &&
        strncmp(text, "https://www.example", 19) != 0)
        abort();
}

/* What is sent back with an answer is one line. */
static void
check_answer(struct request *request, const char *text)
{
    cors_headers(request, "*", text);
    cors_headers(request, text, text);
    cors_preflight_headers(request, "GET", text);
    for (size_t i = 0; i < request->response.header_count; i++)
        if (strpbrk(request->response.headers[i].value, "\r\n"))
            abort();
}

/* On the front lane a key goes as far as its own text is read. */
static void
check_key(struct request *request)
{
    struct idempotency idempotency;
    struct error err = {0};
    if (idempotency_begin(request, &idempotency, &err) != IDEMPOTENCY_REFUSED)
        abort();
    if (err.code == ERROR_WOULD_WAIT &&
        (idempotency.key_length == 0 || idempotency.key_length > 255))
        abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct settings settings = {.allowed_origins = "https://app.example",
                                             .public_url = "https://www.example/start",
                                             .production = false};
    static struct arena arena;
    static struct access access = {.settings = &settings};
    char *text = malloc(size + 1);
    memcpy(text, data, size);
    text[size] = '\0';
    access.store = (struct store *)&access; /* never asked */
    struct request request = {.arena = arena,
                              .access = &access,
                              .transport = &transport,
                              .carrier = text,
                              .query = "",
                              .remote_address = "192.0.2.1"};
    check_cookie(&request, text);
    check_credential(&request, text);
    check_address(&request, text);
    check_origin(&request, text);
    check_answer(&request, text);
    check_key(&request);
    int wanted = request_accepts(&request, "application/json");
    if (wanted < 0 || wanted > 1000)
        abort();
    (void)request_cache_control(&request, "no-store");
    (void)request_wants_fresh(&request);
    arena = request.arena;
    arena_reset(&arena);
    free(text);
    return 0;
}
