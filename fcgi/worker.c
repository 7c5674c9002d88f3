/* hearth-worker: one process of the pool. It knows that standard input is a listening FastCGI
 * socket, serves it until it is told to stop, and leaves supervision to whoever started it. */
#include <argp.h>
#include <jansson.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "ai/strategy.h"
#include "apps/service.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/log.h"
#include "fcgi/listener.h"
#include "fcgi/slot.h"
#include "host/metrics.h"

#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "unknown"
#endif

/* multiwatch takes a child that ends sooner than 10 s after its start for broken, and gives up its
 * place after a few of those. */
enum { SECONDS_TO_LIVE = 15, EXIT_NO_SOCKET = 2 };

const char *argp_program_version = "hearth-worker " PACKAGE_VERSION;

struct worker {
    struct settings settings;
    struct service service;
    struct slot slot;
    struct listener *listener;
    struct readiness readiness;
    int64_t started_us;
};

static const struct argp_option options[] = {
    {"config", 'c', "FILE", 0, "instead of " SETTINGS_DEFAULT_FILE, 0}, {0}};

static error_t
parse_option(int key, char *value, struct argp_state *state)
{
    const char **config = state->input;
    if (key == 'c')
        *config = value;
    else if (key == ARGP_KEY_ARG)
        argp_usage(state);
    else
        return ARGP_ERR_UNKNOWN;
    return 0;
}

static const struct argp argp = {
    .options = options,
    .parser = parse_option,
    .doc = "Answers HTTP requests that a web server passes on over FastCGI.\v"
           "Standard input must be the listening socket:\n"
           "  spawn-fcgi -n -s SOCKET -- /usr/bin/multiwatch -f 2 -s TERM -- hearth-worker",
};

static bool
listens(int descriptor)
{
    int value = 0;
    socklen_t length = sizeof(value);
    return getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &value, &length) == 0 && value == 1;
}

static void
explain_socket(const char *program, const char *config)
{
    char resolved[4096];
    ssize_t length = readlink("/proc/self/exe", resolved, sizeof(resolved) - 1);
    resolved[length > 0 ? length : 0] = '\0';
    fprintf(stderr,
            "hearth-worker: standard input is not a listening socket, so there is nothing to "
            "answer.\n"
            "A FastCGI worker is started by a program that opens the socket for it. Start two "
            "with:\n\n"
            "  spawn-fcgi -n -s /tmp/hearth.sock -M 0660 -- /usr/bin/multiwatch -f 2 -s TERM -- "
            "%s%s%s\n\n"
            "and point the web server at that socket. ./dev up does all of it.\n",
            length > 0 ? resolved : program, config ? " --config " : "", config ? config : "");
}

/* What supervisors say to end a process gracefully. Debian 12's multiwatch sends SIGQUIT when it
 * was told "-s TERM". */
static const int stop_signals[] = {SIGTERM, SIGINT, SIGQUIT, SIGUSR1, SIGHUP};

enum { STOP_SIGNALS = sizeof(stop_signals) / sizeof(stop_signals[0]) };

/* All threads inherit this: signals are only taken by sigwait() in the main thread. */
static void
block_signals(sigset_t *stops)
{
    sigemptyset(stops);
    for (int i = 0; i < STOP_SIGNALS; i++)
        sigaddset(stops, stop_signals[i]);
    pthread_sigmask(SIG_BLOCK, stops, NULL);
}

/* libfcgi puts handlers of its own on these. A blocked signal that is ignored is never seen by
 * sigwait(), hence the default. */
static void
set_dispositions(void)
{
    signal(SIGPIPE, SIG_IGN);
    for (int i = 0; i < STOP_SIGNALS; i++)
        signal(stop_signals[i], SIG_DFL);
}

/* Stops as if somebody had asked for it, unless that would look like a crash. */
static bool
worker_spent(void *context)
{
    const struct worker *worker = context;
    if (clock_monotonic_us() - worker->started_us < SECONDS_TO_LIVE * INT64_C(1000000))
        return false;
    kill(getpid(), SIGTERM);
    return true;
}

/* A tenth more or less, so that the workers of a pool do not all end at once. */
static uint64_t
spread(int64_t requests)
{
    uint32_t random;
    random_bytes(&random, sizeof(random));
    uint64_t most = (uint64_t)requests;
    return most < 10 ? most : most - most / 10 + random % (most / 5);
}

static bool
open_listener(struct worker *worker, struct error *err)
{
    static const struct handler handler = {
        .dispatch = dispatch, .refuse = dispatch_refuse, .finish = dispatch_finish};
    const struct settings *settings = &worker->settings;
    struct listener_options listener = {
        .socket = STDIN_FILENO,
        .front_threads = (size_t)settings->front_threads,
        .waiting_threads = (size_t)settings->waiting_threads,
        .handler = &handler,
        .service = &worker->service,
        .host = worker->service.host,
        .slot = worker->slot.number,
        .requests_max = spread(settings->worker_max_requests),
        .spent = worker_spent,
        .context = worker,
    };
    worker->listener = listener_open(&listener, err);
    worker->readiness = (struct readiness){listener_obstacle, worker->listener};
    worker->service.readiness = &worker->readiness;
    return worker->listener && listener_start(worker->listener, err);
}

/* A database that is away is no reason not to start; one that does not fit is. */
static bool
check_store(struct worker *worker, struct error *err)
{
    struct store *store = worker->service.store;
    int64_t workers = worker->settings.pool_size, seen = worker->slot.number + 1;
    if (!store)
        return true;
    switch (store_check(store, workers > seen ? workers : seen, worker->slot.number, err)) {
    case STORE_FITS:
        return true;
    case STORE_AWAY:
        log_line(LOG_LEVEL_WARNING, "database does not answer: what needs it is refused until it "
                                    "does");
        return true;
    default:
        return false;
    }
}

static bool
worker_open(struct worker *worker, struct error *err)
{
    return service_open(&worker->service, &worker->settings, err) &&
           slot_take(&worker->slot, worker->settings.runtime_directory, err) &&
           check_store(worker, err) && access_attend(worker->service.access, err) &&
           open_listener(worker, err);
}

/* Also after only a part of it was opened; nothing may be in flight any more. */
static void
worker_close(struct worker *worker)
{
    if (worker->listener)
        listener_close(worker->listener);
    if (worker->slot.descriptor > STDIN_FILENO)
        slot_release(&worker->slot);
    service_close(&worker->service);
}

/* Serves until a signal. false: requests were still in flight at the end of the time for stopping.
 */
static bool
worker_run(struct worker *worker, const sigset_t *stops)
{
    int number = 0;
    metrics_add(worker->service.host, METRIC_WORKER_STARTS, "", 1);
    slot_say(&worker->slot, "ready");
    log_line(LOG_LEVEL_INFO, "worker ready", LOG_NUMBER("pid", getpid()),
             LOG_NUMBER("worker", worker->slot.number), LOG_TEXT("version", PACKAGE_VERSION));
    sigwait(stops, &number);
    slot_say(&worker->slot, "stopping");
    log_line(LOG_LEVEL_INFO, "worker stops", LOG_NUMBER("pid", getpid()),
             LOG_NUMBER("signal", number));
    int64_t deadline_us = clock_monotonic_us() + worker->settings.stop_timeout_s * 1000000;
    return listener_stop(worker->listener, deadline_us);
}

static int
run(struct worker *worker, const sigset_t *stops)
{
    struct error err = {0};
    bool open = worker_open(worker, &err);
    int status = open ? EXIT_SUCCESS : EXIT_FAILURE;
    bool ended = true;
    if (!open)
        fprintf(stderr, "hearth-worker: %s\n", err.detail);
    if (open)
        ended = worker_run(worker, stops);
    else if (worker->listener)
        ended = listener_stop(worker->listener, clock_monotonic_us());
    if (!ended) {
        log_line(LOG_LEVEL_WARNING, "requests in flight were given up",
                 LOG_NUMBER("stop_timeout_s", worker->settings.stop_timeout_s));
        _exit(status); /* threads still use everything that could be closed */
    }
    worker_close(worker);
    return status;
}

int
main(int argc, char **argv)
{
    const char *config = NULL;
    argp_parse(&argp, argc, argv, 0, NULL, &config);
    if (!listens(STDIN_FILENO)) {
        explain_socket(argv[0], config);
        return EXIT_NO_SOCKET;
    }
    struct worker worker = {.started_us = clock_monotonic_us()};
    struct arena arena = {0};
    struct strbuf complaints;
    sigset_t stops;
    block_signals(&stops);
    if (!carrier_setup())
        return EXIT_FAILURE;
    set_dispositions();
    json_set_alloc_funcs(xmalloc, free);
    json_object_seed(0);
    strbuf_init(&complaints, &arena, 256);
    int status = EX_CONFIG;
    if (settings_load(&worker.settings, config, &arena, &complaints) &&
        strategies_check(&worker.settings, &complaints)) {
        enum log_level level = LOG_LEVEL_INFO;
        if (log_level_parse(worker.settings.log_level, &level))
            log_set_level(level);
        status = run(&worker, &stops);
    } else {
        fprintf(stderr, "%s", complaints.data);
    }
    arena_release(&arena);
    return status;
}
