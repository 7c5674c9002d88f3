/* Reading the list of memcached servers. */
#include "cache/remote_servers.h"

#include <string.h>

enum { DEFAULT_PORT = 11211 };

/* -1 for what is no port. */
static int
parse_port(const char *text)
{
    int port = 0;
    size_t length = strlen(text);
    if (length == 0 || length > 5)
        return -1;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return -1;
        port = port * 10 + (*text - '0');
    }
    return port > 0 && port < 65536 ? port : -1;
}

static bool
parse_server(char *text, struct remote_server *server)
{
    server->host = text;
    server->port = 0;
    if (text[0] == '/')
        return true;
    server->port = DEFAULT_PORT;
    char *colon = strrchr(text, ':');
    if (text[0] == '[') {
        char *bracket = strchr(text, ']');
        if (!bracket)
            return false;
        server->host = text + 1;
        *bracket = '\0';
        colon = bracket[1] == ':' ? bracket + 1 : NULL;
        if (bracket[1] != '\0' && !colon)
            return false;
    }
    if (colon) {
        *colon = '\0';
        server->port = parse_port(colon + 1);
    }
    return server->host[0] != '\0' && server->port > 0;
}

bool
remote_servers_parse(const char *list, struct arena *arena, struct remote_servers *servers,
                     struct error *err)
{
    servers->count = 0;
    for (const char *at = list + strspn(list, ", \t"); *at; at += strspn(at, ", \t")) {
        size_t length = strcspn(at, ", \t");
        if (servers->count == REMOTE_SERVERS_MAX)
            return error_set(err, ERROR_INTERNAL, "more than %d memcached servers",
                             REMOTE_SERVERS_MAX);
        struct remote_server *server = &servers->items[servers->count++];
        server->name = arena_strndup(arena, at, length);
        if (!parse_server(arena_strndup(arena, at, length), server))
            return error_set(err, ERROR_INTERNAL, "memcached server '%s' is not host:port or /path",
                             server->name);
        at += length;
    }
    return true;
}

bool
remote_servers_span_hosts(const struct remote_servers *servers)
{
    for (size_t i = 0; i < servers->count; i++) {
        const struct remote_server *server = &servers->items[i];
        bool local = server->port == 0 || strncmp(server->host, "127.", 4) == 0 ||
                     strcmp(server->host, "localhost") == 0 || strcmp(server->host, "::1") == 0;
        if (!local)
            return true;
    }
    return false;
}
