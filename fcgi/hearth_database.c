/* The operator's way to the database, and what is read there onto a terminal. */
#include "fcgi/hearth.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "store/store.h"

enum { CALL_TIMEOUT_MS = 60000 };

/* The workers' memory is theirs, and they may not run: breakers and the like are in some of our
 * own.
 */
static struct host *
open_host(struct arena *arena, struct error *err)
{
    char directory[] = "/tmp/hearth-XXXXXX";
    if (!mkdtemp(directory)) {
        error_set(err, ERROR_INTERNAL, "cannot make \"%s\": %s", directory, strerror(errno));
        return NULL;
    }
    struct host *host = host_open(directory, 1024 * 1024, err);
    command_remove(arena, directory);
    return host;
}

bool
command_database(struct command *command, bool as_owner, struct database *database,
                 struct error *err)
{
    *database = (struct database){.settings = command->settings};
    struct settings *settings = &database->settings;
    if (as_owner && settings->database_migration_url[0] != '\0')
        settings->database_url = settings->database_migration_url;
    settings->database_read_url = "";
    settings->database_pool_size = 1;
    settings->database_timeout_ms = CALL_TIMEOUT_MS;
    if (settings->database_url[0] == '\0')
        return error_set(err, ERROR_UNAVAILABLE, "DATABASE_URL is not set: there is no database");
    database->host = open_host(&command->arena, err);
    if (!database->host)
        return false;
    if (store_open(settings, database->host, &database->store, err))
        return true;
    command_database_close(database);
    return false;
}

void
command_database_close(struct database *database)
{
    store_close(database->store);
    if (database->host)
        host_close(database->host);
    *database = (struct database){0};
}

/* Controls of both sets, and what turns the direction of writing. */
static bool
steers(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code <= 0x9f) || code == 0x2028 || code == 0x2029 ||
           (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

void
command_print(const char *text)
{
    if (!text) {
        putchar('-');
        return;
    }
    size_t length = strlen(text), count;
    bool valid = utf8_count(text, length, &count);
    for (size_t at = 0, step = 1; at < length; at += step) {
        uint32_t code = (unsigned char)text[at];
        step = 1;
        if (valid)
            code = utf8_decode(text + at, &step);
        if (code == '\\')
            fputs("\\\\", stdout);
        else if (valid ? !steers(code) : code >= 0x20 && code < 0x7f)
            fwrite(text + at, 1, step, stdout);
        else
            printf(code < 0x100 ? "\\x%02x" : "\\u%04x", (unsigned)code);
    }
}
