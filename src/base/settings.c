/* Reads all settings: environment, secrets in files, configuration file, default, in this order. */
#include "base/settings_row.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

enum { FILE_BYTES_MAX = 1024 * 1024, SECRET_BYTES_MAX = 64 * 1024 };

extern char **environ;

/* The value of an environment variable; NULL where it is not set or empty. */
static const char *
environment_value(char *const *environment, const char *name)
{
    size_t length = strlen(name);
    for (; *environment; environment++)
        if (strncmp(*environment, name, length) == 0 && (*environment)[length] == '=')
            return (*environment)[length + 1] ? *environment + length + 1 : NULL;
    return NULL;
}

/* The whole of a regular file, pipe or device up to max bytes; NULL with errno set. */
static char *
read_whole(struct arena *arena, const char *path, size_t max, size_t *length)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (descriptor < 0)
        return NULL;
    struct strbuf text;
    strbuf_init(&text, arena, 4096);
    ssize_t got;
    do {
        got = read(descriptor, strbuf_reserve(&text, 4096), 4096);
        if (got > 0)
            strbuf_added(&text, (size_t)got);
    } while ((got > 0 && text.length <= max) || (got < 0 && errno == EINTR));
    int failure = got < 0 ? errno : text.length > max ? EFBIG : 0;
    close(descriptor);
    errno = failure;
    *length = text.length;
    return failure ? NULL : text.data;
}

const char *
settings_secret(struct settings_reading *reading, const char *path, const char *where)
{
    size_t length;
    char *text = read_whole(reading->arena, path, SECRET_BYTES_MAX, &length);
    if (!text) {
        settings_complain(reading, where, "cannot read \"%s\": %s", path, strerror(errno));
        return NULL;
    }
    while (length > 0 && strchr(" \t\r\n", text[length - 1]))
        length--;
    text[length] = '\0';
    if (length == 0 || strlen(text) != length) {
        settings_complain(reading, where, "\"%s\" is empty or no text", path);
        return NULL;
    }
    return text;
}

/* A text that a row may take, and where it came from. */
struct found {
    const char *value, *where;
};

static bool
find_in_environment(struct settings_reading *reading, const struct setting *row,
                    struct found *found)
{
    const char *value = environment_value(reading->environment, row->name);
    if (!value && row->alias)
        value = environment_value(reading->environment, row->alias);
    *found = (struct found){value, "environment"};
    return value != NULL;
}

/* NAME_FILE of the environment, then $CREDENTIALS_DIRECTORY/NAME. true also after a complaint. */
static bool
find_in_secret_files(struct settings_reading *reading, const struct setting *row,
                     struct found *found)
{
    const char *variable = arena_printf(reading->arena, "%s_FILE", row->name);
    const char *path = environment_value(reading->environment, variable);
    if (path) {
        *found = (struct found){settings_secret(reading, path, variable), variable};
        return true;
    }
    const char *directory = environment_value(reading->environment, "CREDENTIALS_DIRECTORY");
    if (!directory)
        return false;
    path = arena_printf(reading->arena, "%s/%s", directory, row->name);
    if (access(path, F_OK) != 0)
        return false;
    *found = (struct found){settings_secret(reading, path, "credentials"), "credentials"};
    return true;
}

static bool
find_in_file(struct settings_reading *reading, const struct setting *row, struct found *found)
{
    const struct settings_line *line = settings_file_find(&reading->file, 0, row);
    if (line) {
        *found = (struct found){line->value, settings_place(reading, line->line)};
        return true;
    }
    const struct setting path_row = {.name = arena_printf(reading->arena, "%s_FILE", row->name)};
    line = row->secret ? settings_file_find(&reading->file, 0, &path_row) : NULL;
    if (!line)
        return false;
    const char *where = settings_place(reading, line->line);
    *found = (struct found){settings_secret(reading, line->value, where), where};
    return true;
}

static void
read_rows(struct settings_reading *reading)
{
    size_t count = 0;
    while (settings_rows[count].name)
        count++;
    const char **origins = arena_array(reading->arena, count, sizeof(*origins));
    reading->settings->origins = origins;
    for (size_t i = 0; i < count; i++) {
        const struct setting *row = &settings_rows[i];
        struct found found;
        origins[i] = "default";
        bool any = find_in_environment(reading, row, &found) ||
                   (row->secret && find_in_secret_files(reading, row, &found)) ||
                   find_in_file(reading, row, &found);
        if (any && found.value &&
            setting_put(reading, row, reading->settings, found.value, found.where))
            origins[i] = found.where;
    }
}

static bool
is_production(const char *environment)
{
    static const char *const names[] = {"production", "prod", "staging", "live"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcasecmp(environment, names[i]) == 0)
            return true;
    return false;
}

enum { SECRET_MIN_BYTES = 32 };

/* What production must not be without. */
static void
check_production(struct settings_reading *reading)
{
    const struct settings *settings = reading->settings;
    bool has_database = *settings->database_url;
    if (!settings->production)
        return;
    if (!*settings->api_key && !*settings->additional_api_keys && !has_database)
        settings_complain(reading, "API_KEY",
                          "no key is set, but ENVIRONMENT is \"%s\"%s: set API_KEY, API_KEY_FILE, "
                          "ADDITIONAL_API_KEYS, or DATABASE_URL",
                          settings->environment,
                          settings->enforce_auth ? " and ENFORCE_AUTH is true" : "");
    if (has_database && strlen(settings->auth_secret) < SECRET_MIN_BYTES)
        settings_complain(reading, "AUTH_SECRET",
                          "it has %zu bytes, but production with DATABASE_URL needs at least %d, "
                          "random and the same on all hosts",
                          strlen(settings->auth_secret), SECRET_MIN_BYTES);
}

/* What no single row can tell. */
static void
check_together(struct settings_reading *reading)
{
    struct settings *settings = reading->settings;
    settings->production = settings->enforce_auth || is_production(settings->environment);
    check_production(reading);
    const struct setting *level = settings_row(settings_rows, "LOG_LEVEL");
    if (settings->debug && strcmp(settings->origins[level - settings_rows], "default") == 0)
        settings->log_level = "debug";
    if (environment_value(reading->environment, "REDIS_URL") && !*settings->memcached_servers)
        settings_warn(reading, "REDIS_URL is not used here: set MEMCACHED_SERVERS");
    if (*settings->cache_custom_config) {
        json_auto_t *custom = json_loads(settings->cache_custom_config, 0, NULL);
        if (!json_is_object(custom)) {
            settings_warn(reading, "CACHE_CUSTOM_CONFIG is not a JSON object and is ignored");
            settings->cache_custom_config = "";
        }
    }
}

bool
settings_parse(struct settings *settings, const char *file_text, const char *file_name,
               char *const *environment, struct arena *arena, struct strbuf *complaints)
{
    *settings = (struct settings){.arena = arena};
    struct settings_reading reading = {.settings = settings,
                                       .arena = arena,
                                       .file.name = file_name,
                                       .environment = environment,
                                       .complaints = complaints};
    strbuf_init(&reading.warnings, arena, 64);
    size_t before = complaints->length;
    settings_defaults(&reading, settings_rows, settings);
    settings_file_parse(&reading, file_text ? file_text : "");
    read_rows(&reading);
    check_together(&reading);
    settings_models(&reading);
    settings_strategies(&reading);
    settings->warnings = reading.warnings.data;
    return complaints->length == before;
}

static void
log_warnings(const struct settings *settings)
{
    enum log_level level;
    if (log_level_parse(settings->log_level, &level) && level > LOG_LEVEL_WARNING)
        return;
    for (const char *at = settings->warnings; *at;) {
        size_t length = strcspn(at, "\n");
        const char *text = arena_strndup(settings->arena, at, length);
        log_line(LOG_LEVEL_WARNING, "settings", LOG_TEXT("detail", text));
        at += length + 1;
    }
}

bool
settings_load(struct settings *settings, const char *path, struct arena *arena,
              struct strbuf *complaints)
{
    const char *name = path ? path : SETTINGS_DEFAULT_FILE;
    size_t length;
    char *text = read_whole(arena, name, FILE_BYTES_MAX, &length);
    if (!text && (path || errno != ENOENT)) {
        strbuf_printf(complaints, "%s: cannot be read: %s\n", name, strerror(errno));
        return false;
    }
    if (text && strlen(text) != length) {
        strbuf_printf(complaints, "%s: is not a text file\n", name);
        return false;
    }
    bool good = settings_parse(settings, text, name, environ, arena, complaints);
    if (good)
        log_warnings(settings);
    return good;
}

static bool
has_alias(const struct model_settings *model, const char *name)
{
    for (const char *const *alias = model->aliases; alias && *alias; alias++)
        if (strcmp(*alias, name) == 0)
            return true;
    return false;
}

const struct model_settings *
settings_model(const struct settings *settings, const char *name)
{
    for (size_t i = 0; i < settings->model_count; i++)
        if (strcmp(settings->models[i].name, name) == 0 || has_alias(&settings->models[i], name))
            return &settings->models[i];
    return NULL;
}
