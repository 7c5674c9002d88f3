/* Takes connection strings apart. */
#include "store/conninfo.h"

#include <inttypes.h>
#include <libpq-fe.h>
#include <string.h>

#include "base/strbuf.h"

static size_t
count_items(const char *list)
{
    size_t count = 1;
    for (; *list; list++)
        count += *list == ',';
    return count;
}

/* The item of a comma list at this index; of a list of one, that one. */
static const char *
item_at(const char *list, size_t index, struct arena *arena)
{
    if (count_items(list) == 1)
        return arena_strdup(arena, list);
    for (; index > 0; index--)
        list += strcspn(list, ",") + 1;
    return arena_strndup(arena, list, strcspn(list, ","));
}

static const char *
value_of(const PQconninfoOption *options, const char *keyword)
{
    for (; options->keyword; options++)
        if (strcmp(options->keyword, keyword) == 0)
            return options->val;
    return NULL;
}

static void
put(struct conninfo_host *host, const char *keyword, const char *value)
{
    size_t i = 0;
    while (host->keywords[i] && strcmp(host->keywords[i], keyword) != 0)
        i++;
    if (i < CONNINFO_OPTIONS_MAX) {
        host->keywords[i] = keyword;
        host->values[i] = value;
    }
}

/* What a session is told at its start. The server ends a statement a little before we would give
 * it up, so that a slow one is told from a server that is gone. */
static const char *
session_options(const struct conninfo_wish *wish, const char *own, struct arena *arena)
{
    struct strbuf out;
    strbuf_init(&out, arena, 128);
    strbuf_add_text(&out, "-c bytea_output=hex");
    if (wish->statement_timeout_ms > 0)
        strbuf_printf(&out,
                      " -c statement_timeout=%" PRId64
                      " -c idle_in_transaction_session_timeout=%" PRId64,
                      wish->statement_timeout_ms - wish->statement_timeout_ms / 10,
                      wish->statement_timeout_ms * 2);
    if (own)
        strbuf_printf(&out, " %s", own);
    return out.data;
}

/* 0 where it is not given. */
static size_t
count_of(const PQconninfoOption *options, const char *keyword)
{
    const char *list = value_of(options, keyword);
    return list && *list ? count_items(list) : 0;
}

/* How many hosts it names, or 1 where it leaves them to libpq or their lists do not fit together,
 * of which libpq will complain: only a port may be one for all. */
static size_t
count_hosts(const PQconninfoOption *options)
{
    size_t names = count_of(options, "host"), addresses = count_of(options, "hostaddr");
    size_t ports = count_of(options, "port");
    size_t count = addresses > 0 ? addresses : names;
    if ((names > 0 && names != count) || (ports > 1 && ports != count))
        return 1;
    return count >= 1 && count <= CONNINFO_HOSTS_MAX ? count : 1;
}

static void
fill_host(struct conninfo_host *host, const PQconninfoOption *options, size_t index, size_t count,
          struct arena *arena)
{
    for (const PQconninfoOption *option = options; option->keyword; option++) {
        bool listed = strcmp(option->keyword, "host") == 0 ||
                      strcmp(option->keyword, "hostaddr") == 0 ||
                      strcmp(option->keyword, "port") == 0;
        if (option->val)
            put(host, arena_strdup(arena, option->keyword),
                listed && count > 1 ? item_at(option->val, index, arena)
                                    : arena_strdup(arena, option->val));
    }
}

static void
fill(const struct conninfo_wish *wish, const PQconninfoOption *options, struct arena *arena,
     struct conninfo *conninfo)
{
    const char *target = value_of(options, "target_session_attrs");
    const char *user = value_of(options, "user");
    size_t count = count_hosts(options);
    *conninfo = (struct conninfo){
        .user = user ? arena_strdup(arena, user) : NULL,
        .prefers_standby = count > 1 && target && strcmp(target, "prefer-standby") == 0,
    };
    conninfo->host_count = conninfo->prefers_standby ? 2 * count : count;
    conninfo->hosts = arena_array(arena, conninfo->host_count, sizeof(*conninfo->hosts));
    for (size_t i = 0; i < conninfo->host_count; i++) {
        struct conninfo_host *host = &conninfo->hosts[i];
        fill_host(host, options, i % count, count, arena);
        put(host, "client_encoding", "UTF8");
        put(host, "fallback_application_name", "hearth");
        if (wish->session)
            put(host, "options", session_options(wish, value_of(options, "options"), arena));
        if (conninfo->prefers_standby)
            put(host, "target_session_attrs", i < count ? "standby" : "any");
    }
}

bool
conninfo_parse(const struct conninfo_wish *wish, struct arena *arena, struct conninfo *conninfo,
               struct error *err)
{
    char *complaint = NULL;
    PQconninfoOption *options = PQconninfoParse(wish->text, &complaint);
    /* What libpq complains of may quote the password. */
    if (complaint)
        PQfreemem(complaint);
    if (!options)
        return error_set(err, ERROR_INTERNAL,
                         "%s is not a connection string of libpq, as "
                         "postgresql://user:password@host/database or \"host=... dbname=...\"",
                         wish->setting);
    fill(wish, options, arena, conninfo);
    PQconninfoFree(options);
    return true;
}
