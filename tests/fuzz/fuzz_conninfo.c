/* Any connection string is refused without being repeated, or becomes lists for libpq that fit
 * their bounds, each with what every connection of ours has. The first byte is what is wished. */
#include "store/conninfo.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

enum { SESSION = 1, TIMEOUT = 2, LONG_TIMEOUT = 4 };

static const char *
value_of(const struct conninfo_host *host, const char *keyword)
{
    const char *found = NULL;
    for (size_t i = 0; host->keywords[i]; i++) {
        if (i >= CONNINFO_OPTIONS_MAX || !host->values[i])
            abort();
        if (strcmp(host->keywords[i], keyword) != 0)
            continue;
        if (found)
            abort();
        found = host->values[i];
    }
    return found;
}

static void
check_one_address(const struct conninfo_host *host)
{
    static const char *const lists[] = {"host", "hostaddr", "port"};
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        const char *value = value_of(host, lists[i]);
        if (value && strchr(value, ','))
            abort();
    }
}

static void
check_host(const struct conninfo *conninfo, size_t index, bool session)
{
    static const char own[] = "-c bytea_output=hex";
    const struct conninfo_host *host = &conninfo->hosts[index];
    const char *encoding = value_of(host, "client_encoding");
    const char *options = value_of(host, "options");
    const char *target = value_of(host, "target_session_attrs");
    if (!encoding || strcmp(encoding, "UTF8") != 0 || !value_of(host, "fallback_application_name"))
        abort();
    if (session && (!options || strncmp(options, own, sizeof(own) - 1) != 0))
        abort();
    if (conninfo->host_count > 1)
        check_one_address(host);
    if (conninfo->prefers_standby &&
        (!target || strcmp(target, index < conninfo->host_count / 2 ? "standby" : "any") != 0))
        abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct arena arena = {0};
    struct error err = {0};
    struct conninfo conninfo;
    int wished = size > 0 ? bytes[0] : 0;
    struct conninfo_wish wish = {
        .text = arena_strndup(&arena, (const char *)bytes + (size > 0), size - (size > 0)),
        .setting = "DATABASE_URL",
        .session = wished & SESSION,
        .statement_timeout_ms = wished & LONG_TIMEOUT ? INT64_MAX / 4000 : wished & TIMEOUT,
    };
    if (conninfo_parse(&wish, &arena, &conninfo, &err)) {
        if (conninfo.host_count < 1 || conninfo.host_count > 2 * CONNINFO_HOSTS_MAX ||
            (conninfo.prefers_standby && conninfo.host_count % 2 != 0))
            abort();
        for (size_t i = 0; i < conninfo.host_count; i++)
            check_host(&conninfo, i, wish.session);
    } else if (err.code != ERROR_INTERNAL ||
               strncmp(err.detail, "DATABASE_URL is not a connection string", 39) != 0) {
        abort();
    }
    arena_release(&arena);
    return 0;
}
