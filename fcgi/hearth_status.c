/* hearth status: what the pool on this host is doing, read from the memory that its workers share.
 */
#include "fcgi/hearth.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ai/strategy.h"
#include "base/clock.h"
#include "host/breaker.h"
#include "host/l1.h"
#include "host/metrics.h"
#include "net/fetch.h"

enum { BREAKERS_SHOWN = 64 };

/* One number of a file like /proc/1/status; 0 where it is not there. */
static long
proc_number(const char *path, const char *name)
{
    char line[256];
    long number = 0;
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof(line), file))
        if (strncmp(line, name, strlen(name)) == 0)
            number = strtol(line + strlen(name), NULL, 10);
    if (file)
        fclose(file);
    return number;
}

/* One worker by its file in the runtime directory, which says "<process id> <state>". A file is
 * left behind by a worker that was killed. */
static bool
print_worker(struct arena *arena, const char *path)
{
    char line[64] = "";
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    bool read = fgets(line, sizeof(line), file) != NULL;
    fclose(file);
    char *state;
    long process = strtol(line, &state, 10);
    state += *state == ' ';
    state[strcspn(state, " \n")] = '\0';
    if (!read || process <= 0 || (kill((pid_t)process, 0) != 0 && errno != EPERM))
        return false;
    const char *status = arena_printf(arena, "/proc/%ld/status", process);
    printf("worker    %ld: %s, %ld threads, %ld KB resident\n", process, state,
           proc_number(status, "Threads:"), proc_number(status, "VmRSS:"));
    return true;
}

static void
print_workers(struct command *command)
{
    const char *path = command->settings.runtime_directory;
    size_t count = 0;
    DIR *directory = opendir(path);
    for (struct dirent *entry; directory && (entry = readdir(directory));)
        if (strncmp(entry->d_name, "worker.", 7) == 0)
            count += print_worker(&command->arena,
                                  arena_printf(&command->arena, "%s/%s", path, entry->d_name));
    if (directory)
        closedir(directory);
    if (count == 0)
        printf("worker    none is running with RUNTIME_DIRECTORY \"%s\"\n", path);
}

static void
print_lanes(struct host *host)
{
    printf("requests  %" PRIu64 " answered, %" PRIu64 " refused by limits, %" PRIu64
           " clients left, %" PRIu64 " worker starts\n",
           metrics_sum(host, METRIC_HTTP_REQUESTS, ""), metrics_sum(host, METRIC_RATE_LIMITED, ""),
           metrics_sum(host, METRIC_CLIENT_GONE, ""), metrics_sum(host, METRIC_WORKER_STARTS, ""));
    printf("lanes     front %" PRIu64 " in flight, waiting %" PRIu64 " in flight, %" PRIu64
           " refused as full\n",
           metrics_sum(host, METRIC_HTTP_IN_FLIGHT, "lane=\"front\""),
           metrics_sum(host, METRIC_HTTP_IN_FLIGHT, "lane=\"waiting\""),
           metrics_sum(host, METRIC_LANE_REFUSED, ""));
}

static void
print_cache(struct host *host, const struct settings *settings)
{
    struct l1_stats stats;
    l1_stats(host, &stats);
    printf("cache     %" PRIu64 " entries, %" PRIu64 " of %" PRIu64 " bytes, %" PRIu64
           " hits, %" PRIu64 " misses, %" PRIu64 " evicted\n",
           stats.entries, stats.bytes, stats.capacity_bytes, stats.hits, stats.misses,
           stats.evictions);
    printf("memcached %s, %" PRIu64 " errors\n",
           *settings->memcached_servers ? settings->memcached_servers : "not used",
           metrics_sum(host, METRIC_CACHE_ERRORS, ""));
}

static void
print_database(struct host *host, const struct settings *settings)
{
    if (!*settings->database_url && metrics_sum(host, METRIC_STORE_DURATION, "") == 0) {
        puts("database  not used");
        return;
    }
    printf("database  %" PRIu64 " connections, %" PRIu64 " in use, %" PRIu64 " statements, %" PRIu64
           " failures\n",
           metrics_sum(host, METRIC_STORE_CONNECTIONS, "state=\"open\""),
           metrics_sum(host, METRIC_STORE_CONNECTIONS, "state=\"busy\""),
           metrics_sum(host, METRIC_STORE_DURATION, ""),
           metrics_sum(host, METRIC_STORE_FAILURES, ""));
}

static void
print_breakers(struct host *host)
{
    static const char *const names[] = {"closed", "half open", "open"};
    struct breaker_view views[BREAKERS_SHOWN];
    size_t count = breaker_list(host, clock_monotonic_us(), views, BREAKERS_SHOWN);
    for (size_t i = 0; i < count && i < BREAKERS_SHOWN; i++)
        printf("breaker   %s: %s, %" PRIu64 " good, %" PRIu64 " failed, opened %" PRIu64 " times\n",
               views[i].name, names[views[i].state], views[i].successes_total,
               views[i].failures_total, views[i].opens_total);
}

static void
print_models(const struct settings *settings)
{
    for (size_t i = 0; i < settings->model_count; i++)
        printf("model     %s of %s%s\n", settings->models[i].name,
               settings->models[i].provider->name,
               &settings->models[i] == settings->default_model ? ", the default" : "");
}

static void
print_refused_keys(struct command *command, struct host *host)
{
    const struct settings *settings = &command->settings;
    for (size_t i = 0; i < settings->model_count; i++) {
        const struct model_settings *model = &settings->models[i];
        const char *labels =
            arena_printf(&command->arena, "model=\"%s\",outcome=\"key_refused\"", model->name);
        uint64_t count = metrics_sum(host, METRIC_AI_ATTEMPTS, labels);
        if (count > 0)
            printf("key       refused by %s for model %s, %" PRIu64
                   " times since the first worker\n",
                   model->provider->name, model->name, count);
    }
}

static void
print_preset(struct command *command, struct host *host)
{
    struct error err = {0};
    struct strategies *strategies = strategies_open(&command->settings, host, &err);
    if (strategies)
        printf("preset    %s, chosen by %s\n", strategies_now(strategies)->preset->name,
               strategies_chosen(strategies) ? "the operator" : "the settings");
    strategies_close(strategies);
}

static bool
print_shared(struct command *command)
{
    const char *problem;
    struct host *host = command_host(command, &problem);
    if (!host) {
        printf("shared    %s\n", problem);
        return false;
    }
    print_lanes(host);
    print_cache(host, &command->settings);
    print_database(host, &command->settings);
    print_preset(command, host);
    print_breakers(host);
    print_refused_keys(command, host);
    host_close(host);
    return true;
}

static bool
print_health(struct command *command)
{
    struct error err = {0};
    struct fetch_answer answer = {0};
    const char *url = arena_printf(&command->arena, "%s/health", command->url);
    if (fetch(&(struct fetch_wish){.url = url}, &command->arena, &answer, &err))
        printf("health    %d from %s: %s\n", answer.status, url, answer.body);
    else
        printf("health    no answer from %s: %s\n", url, err.detail);
    return answer.status == 200;
}

static bool
print_socket(struct command *command)
{
    const char *problem = "";
    const char *path = command_socket(command);
    int status = fastcgi_get(path, "/livez", 3000, &problem);
    if (status > 0)
        printf("socket    %s answers %d\n", path, status);
    else
        printf("socket    %s: %s\n", path, problem);
    return status == 200;
}

int
hearth_status(struct command *command)
{
    print_workers(command);
    bool good = true;
    if (command->url)
        good = print_health(command);
    if (command->socket || !command->url)
        good = print_socket(command) && good;
    print_models(&command->settings);
    fflush(stdout);
    good = print_shared(command) && good;
    return good ? 0 : 1;
}
