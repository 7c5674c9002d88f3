/* hearth key: making, listing, rotating and revoking API keys. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/keys/keys.h"
#include "base/clock.h"
#include "fcgi/hearth.h"

enum { LIST_PAGE = 200 };

static int
fail(const struct error *err)
{
    if (err->fields)
        for (const struct field_error *field = err->fields; field; field = field->next)
            fprintf(stderr, "hearth: %s: %s\n", field->path, field->message);
    else
        fprintf(stderr, "hearth: %s\n", err->detail);
    return 1;
}

/* "45", "30m", "24h", "90d" as seconds; -1 for anything else. */
static int64_t
read_duration(const char *text)
{
    static const struct {
        char unit;
        int64_t seconds;
    } units[] = {{'\0', 1}, {'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
    char *end;
    long count = strtol(text, &end, 10);
    if (end == text || count < 0 || count > 100000000)
        return -1;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (*end == units[i].unit && (*end == '\0' || end[1] == '\0'))
            return count * units[i].seconds;
    return -1;
}

/* -1 for anything but digits, which the table of a key's fields then refuses. */
static int64_t
read_count(const char *text, size_t length)
{
    bool is_count = length > 0 && length < 12 && strspn(text, "0123456789") >= length;
    return is_count ? strtol(text, NULL, 10) : -1;
}

static json_t *
read_list(const char *text)
{
    json_t *list = json_array();
    for (text += strspn(text, ", "); *text; text += strspn(text, ", ")) {
        size_t length = strcspn(text, ", ");
        json_array_append_new(list, json_stringn(text, length));
        text += length;
    }
    return list;
}

static void
set(json_t *wish, const char *name, json_t *value)
{
    json_object_set_new(wish, name, value);
}

/* The wish as a client of the route would send it, so that one table judges both. */
static json_t *
read_wish(const struct command *command)
{
    json_t *wish = json_pack("{s:s}", "name", command->second);
    if (command->scopes)
        set(wish, "scopes", read_list(command->scopes));
    if (command->models)
        set(wish, "models", read_list(command->models));
    if (command->expires)
        set(wish, "expires_in", json_integer(read_duration(command->expires)));
    if (command->streams)
        set(wish, "streams", json_integer(read_count(command->streams, strlen(command->streams))));
    if (command->account)
        set(wish, "account_id", json_string(command->account));
    if (command->rate) {
        size_t slash = strcspn(command->rate, "/");
        const char *seconds = command->rate + slash + (command->rate[slash] == '/');
        set(wish, "rate_count", json_integer(read_count(command->rate, slash)));
        set(wish, "rate_seconds", json_integer(read_count(seconds, strlen(seconds))));
    }
    return wish;
}

static int
print_secret(struct command *command, const struct key_made *made)
{
    struct key_view view;
    key_view_fill(&view, made->key, clock_realtime_us(), &command->arena);
    struct key_secret_view secret = {made->secret, &view};
    if (command->json)
        return command_json(command, &key_secret_schema, &secret);
    fprintf(stderr, "Key %s (%s). It is shown this once:\n", view.id, view.name);
    printf("%s\n", made->secret);
    return fflush(stdout) != 0;
}

static int
create(struct command *command, const struct key_desk *desk)
{
    struct error err = {0};
    struct key_made made;
    struct key key;
    json_t *document = schema_keep(read_wish(command), &command->arena);
    const struct key_wish *wish =
        schema_decode(&key_wish_schema, document, "", &command->arena, &err);
    if (!wish) {
        fail(&err);
        return 2;
    }
    key_wish_read(wish, clock_realtime_us(), &key);
    return key_create(desk, &key, &made, &err) ? print_secret(command, &made) : fail(&err);
}

static void
print_row(const struct key_view *view)
{
    printf("%s  %-8s %s...  ", view->id, view->status, view->prefix);
    const char *const *scopes = view->scopes.items;
    for (size_t i = 0; i < view->scopes.count; i++)
        printf("%s%s", i > 0 ? "," : "", scopes[i]);
    printf("  ends %s  used %s  ", view->expires_at ? view->expires_at : "never",
           view->last_used_at ? view->last_used_at : "never");
    command_print(view->name);
    putchar('\n');
}

static int
list(struct command *command, const struct key_desk *desk)
{
    struct error err = {0};
    struct key_page page = {NULL, command->account, command->all, LIST_PAGE + 1};
    struct key_list_view view;
    do {
        const struct list *keys = key_list(desk, &page, &err);
        if (!keys)
            return fail(&err);
        key_list_fill(&view, keys, LIST_PAGE, clock_realtime_us(), &command->arena);
        const struct key_view *views = view.keys.items;
        for (size_t i = 0; i < view.keys.count; i++) {
            if (command->json)
                command_json(command, &key_view_schema, &views[i]);
            else
                print_row(&views[i]);
        }
        page.after = view.next;
    } while (view.next);
    return fflush(stdout) != 0;
}

static int
rotate(struct command *command, const struct key_desk *desk)
{
    struct error err = {0};
    struct key_made made;
    int64_t overlap_s = command->overlap ? read_duration(command->overlap) : 0;
    if (overlap_s < 0 || overlap_s > KEY_OVERLAP_MAX_S) {
        fputs("hearth: --overlap is at most 30d, as 45, 30m, 24h or 7d\n", stderr);
        return 2;
    }
    return key_rotate(desk, command->second, overlap_s, &made, &err) ? print_secret(command, &made)
                                                                     : fail(&err);
}

static int
revoke(struct command *command, const struct key_desk *desk)
{
    struct error err = {0};
    return key_revoke(desk, command->second, &err) ? 0 : fail(&err);
}

int
hearth_key(struct command *command)
{
    static const struct {
        const char *name;
        bool names_one; /* a key's id, or a name for it, follows */
        int (*run)(struct command *command, const struct key_desk *desk);
    } actions[] = {{"create", true, create},
                   {"list", false, list},
                   {"revoke", true, revoke},
                   {"rotate", true, rotate}};
    struct error err = {0};
    struct database database;
    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
        if (!command->argument || strcmp(command->argument, actions[i].name) != 0 ||
            actions[i].names_one != (command->second != NULL))
            continue;
        if (!command_database(command, false, &database, &err))
            return fail(&err);
        struct key_desk desk = {.store = database.store, .arena = &command->arena};
        int code = actions[i].run(command, &desk);
        command_database_close(&database);
        return code;
    }
    fputs("hearth: key needs: create NAME, list, rotate ID, or revoke ID\n", stderr);
    return 2;
}
