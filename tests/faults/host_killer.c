/* Workers use all of src/host at once while they are killed and replaced; every one of them, and
 * the parent, checks what must hold. "host_killer [seconds]" kills processes; "host_killer
 * [seconds] threads" runs the same work in threads of one process, for ThreadSanitizer. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "host/alert.h"
#include "host/breaker.h"
#include "host/choice.h"
#include "host/epoch.h"
#include "host/flight.h"
#include "host/hash.h"
#include "host/host.h"
#include "host/journal.h"
#include "host/l1.h"
#include "host/lease.h"
#include "host/limit.h"
#include "host/metrics.h"
#include "host/permit.h"
#include "host/process.h"
#include "host/retry_budget.h"
#include "host/shared.h"
#include "tests/lib/flight_spent.h"

enum {
    WORKERS = 4,
    LEASE_KEYS = 4,
    L1_KEYS = 3000,
    L1_BYTES = 2 * 1024 * 1024,
    SERIES = 300,
    PROBE_MS = 100,
    STUCK_MS = 2000,
    PERMITS = 2,
    ROUNDS_PER_JOURNAL_READ = 512,
    ROUNDS_PER_SALVAGE = 64,
    SPENDINGS = 4,
    CALLS_PER_RETRY = 20, /* far more retries are asked for than a fifth of the calls */
};
static const struct breaker_policy policy = {
    .threshold = 1, .recovery_ms = 1, .probe_ms = PROBE_MS, .recovery_max_ms = 1};
static const struct rate hot_rate = {2000, 1};

/* What workers acknowledge, apart from the file under test. */
struct ledger {
    atomic_uint_fast64_t counted, observed, granted, led, probes, hits, rounds, wrong;
    atomic_int_fast64_t epoch, probe_started_us;
    atomic_int_fast64_t leaders[LEASE_KEYS];
    atomic_int_fast64_t holders[PERMITS_MAX];
    atomic_uint_fast64_t permits, retries, calls, rows_read, alerts, delivered, chosen;
    atomic_uint_fast64_t salvaged;
};

struct work {
    const char *directory;
    struct ledger *ledger;
    struct host *host;
    struct arena arena;
    uint64_t random, process;
    int64_t id; /* the process; in threads, a number above them */
    int64_t end_us;
};

static void __attribute__((format(printf, 2, 3)))
wrong(struct ledger *ledger, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    flockfile(stderr);
    fprintf(stderr, "wrong: ");
    vfprintf(stderr, format, arguments);
    fprintf(stderr, "\n");
    funlockfile(stderr);
    va_end(arguments);
    atomic_fetch_add(&ledger->wrong, 1);
}

static uint64_t
next_random(struct work *work, uint64_t below)
{
    work->random = hash_seeded(&work->random, sizeof work->random, 1);
    return work->random % below;
}

static void
use_metrics(struct work *work)
{
    char labels[64];
    metrics_add(work->host, METRIC_AI_CALLS, "operation=\"hot\"", 1);
    atomic_fetch_add(&work->ledger->counted, 1);
    snprintf(labels, sizeof labels, "operation=\"a-rather-long-name-%d\"",
             (int)next_random(work, SERIES));
    metrics_add(work->host, METRIC_AI_ATTEMPTS, labels, 1);
    histogram_observe(metrics_histogram(work->host, METRIC_AI_DURATION, "operation=\"hot\""),
                      (int64_t)next_random(work, 1000000));
    atomic_fetch_add(&work->ledger->observed, 1);
}

static void
use_limit(struct work *work)
{
    struct limit_state state;
    char key[32];
    if (limit_take(work->host, "hot", hot_rate, clock_monotonic_us(), &state))
        atomic_fetch_add(&work->ledger->granted, 1);
    snprintf(key, sizeof key, "client-%d", (int)next_random(work, 100000));
    (void)!limit_take(work->host, key, hot_rate, clock_monotonic_us(), &state);
}

/* The breaker never closes here, so whoever may go is the probe. One that started before this one
 * and is neither done nor given up is one too many. */
static void
use_breaker(struct work *work)
{
    struct breaker *breaker = breaker_find(work->host, "model");
    int64_t now_us = clock_monotonic_us(), retry_after_ms;
    if (!breaker_allow(breaker, &policy, now_us, &retry_after_ms)) {
        if (retry_after_ms > STUCK_MS)
            wrong(work->ledger, "breaker rests %lld ms", (long long)retry_after_ms);
        return;
    }
    int64_t other_us = atomic_exchange(&work->ledger->probe_started_us, now_us);
    if (other_us != 0 && other_us < now_us && now_us < other_us + PROBE_MS * 1000)
        wrong(work->ledger, "two probes at once, %lld us apart", (long long)(now_us - other_us));
    atomic_fetch_add(&work->ledger->probes, 1);
    int64_t own_us = now_us;
    bool mine = atomic_compare_exchange_strong(&work->ledger->probe_started_us, &own_us, 0);
    if (mine && clock_monotonic_us() < now_us + PROBE_MS * 500)
        breaker_failure(breaker, &policy, clock_monotonic_us());
}

static void
use_l1(struct work *work)
{
    uint64_t number = next_random(work, L1_KEYS), words[128], key[4];
    size_t length = (1 + number % 128) * 8;
    const void *value;
    size_t got;
    for (uint64_t i = 0; i < 4; i++)
        key[i] = hash_seeded(&number, sizeof number, i + 1);
    if (l1_get(work->host, (unsigned char *)key, 1, &work->arena, &value, &got)) {
        memcpy(words, value, got < sizeof words ? got : sizeof words);
        for (size_t i = 1; i < got / 8; i++)
            if (words[i] != words[0])
                wrong(work->ledger, "torn value of key %llu", (unsigned long long)number);
        if (got != length || words[0] % L1_KEYS != number)
            wrong(work->ledger, "foreign value for key %llu", (unsigned long long)number);
        atomic_fetch_add(&work->ledger->hits, 1);
    }
    uint64_t fresh = next_random(work, 1000000) * L1_KEYS + number;
    for (size_t i = 0; i < length / 8; i++)
        words[i] = fresh;
    if (next_random(work, 4) == 0)
        l1_put(work->host, (unsigned char *)key, words, length, (uint32_t)(number % 5), 2);
    if (next_random(work, 5000) == 0)
        l1_remove_tag(work->host, (uint32_t)next_random(work, 5));
    arena_reset(&work->arena);
}

static void
lead(struct work *work, uint64_t number, struct lease *lease)
{
    atomic_int_fast64_t *leader = &work->ledger->leaders[number];
    int64_t other = atomic_exchange(leader, work->id);
    if (other != 0 && (kill((pid_t)other, 0) == 0 || errno != ESRCH))
        wrong(work->ledger, "two leaders: %lld and %lld", (long long)other, (long long)work->id);
    atomic_fetch_add(&work->ledger->led, 1);
    if (!lease_renew(lease, 60000))
        wrong(work->ledger, "a leader lost its lease");
    atomic_store(leader, 0);
    lease_release(lease);
}

static void
use_lease(struct work *work)
{
    uint64_t number = next_random(work, LEASE_KEYS);
    unsigned char key[32] = {(unsigned char)(number + 1)};
    struct lease lease;
    memcpy(key + 8, &number, sizeof number);
    int64_t start_ms = clock_monotonic_ms();
    while (!lease_take(work->host, key, 60000, &lease)) {
        (void)lease_wait(work->host, key, STUCK_MS);
        if (clock_monotonic_ms() - start_ms > STUCK_MS) {
            wrong(work->ledger, "lease %d is stuck", (int)number);
            return;
        }
    }
    lead(work, number, &lease);
}

static void
use_epoch(struct work *work)
{
    int64_t acknowledged = atomic_load(&work->ledger->epoch);
    if (epoch_get(work->host, "all") < acknowledged)
        wrong(work->ledger, "the epoch shrank");
    int64_t higher = acknowledged + (int64_t)next_random(work, 3);
    epoch_raise(work->host, "all", higher);
    while (acknowledged < higher &&
           !atomic_compare_exchange_weak(&work->ledger->epoch, &acknowledged, higher))
        continue;
}

/* Each permit is one of as many slots as the limit; who has a slot leaves his name there. */
static void
hold(struct work *work, struct permit *permit)
{
    if (permit->slot >= PERMITS)
        wrong(work->ledger, "a permit over the limit");
    atomic_int_fast64_t *holder = &work->ledger->holders[permit->slot];
    int64_t other = atomic_exchange(holder, work->id);
    if (other != 0 && (kill((pid_t)other, 0) == 0 || errno != ESRCH))
        wrong(work->ledger, "%lld and %lld have one permit", (long long)other, (long long)work->id);
    atomic_fetch_add(&work->ledger->permits, 1);
    if (!permit_renew(permit, 60000))
        wrong(work->ledger, "a holder lost its permit");
    if (permit_count(work->host, "model", PERMITS) > PERMITS)
        wrong(work->ledger, "more permits out than there are");
    atomic_store(holder, 0);
    permit_release(permit);
}

static void
use_permit(struct work *work)
{
    struct permit permit;
    int64_t start_ms = clock_monotonic_ms();
    while (!permit_take(work->host, "model", PERMITS, 60000, &permit)) {
        permit_wait(work->host, "model", STUCK_MS);
        if (clock_monotonic_ms() - start_ms > STUCK_MS) {
            wrong(work->ledger, "permits are stuck");
            return;
        }
    }
    hold(work, &permit);
}

static void
use_retry_budget(struct work *work)
{
    int64_t now_us = clock_monotonic_us();
    if (next_random(work, CALLS_PER_RETRY) == 0) {
        atomic_fetch_add(&work->ledger->calls, 1);
        retry_budget_call(work->host, now_us);
    }
    if (retry_budget_take(work->host, now_us))
        atomic_fetch_add(&work->ledger->retries, 1);
}

/* All of a row's texts and its value tell the same number. */
static bool
check_row(void *context, const struct journal_row *row)
{
    struct work *work = context;
    char text[32];
    snprintf(text, sizeof text, "%lld", (long long)row->value);
    if (row->kind == JOURNAL_PERFORMANCE &&
        (strcmp(row->subject, text) != 0 || strcmp(row->session, text) != 0 ||
         strcmp(row->text, text) != 0 || row->time_us != row->value))
        wrong(work->ledger, "torn row %llu", (unsigned long long)row->number);
    atomic_fetch_add(&work->ledger->rows_read, 1);
    return true;
}

static void
use_journal(struct work *work)
{
    struct journal_row row = {.kind = JOURNAL_PERFORMANCE};
    row.value = row.time_us = 1 + (int64_t)next_random(work, 1000000000);
    snprintf(row.subject, sizeof row.subject, "%lld", (long long)row.value);
    memcpy(row.session, row.subject, sizeof row.session);
    memcpy(row.text, row.subject, sizeof row.subject);
    journal_add(work->host, &row);
    if (next_random(work, ROUNDS_PER_JOURNAL_READ) == 0)
        journal_read(work->host, check_row, work);
}

static void
use_alerts(struct work *work)
{
    struct journal_row row = {.kind = JOURNAL_ALERT, .level = JOURNAL_INFO};
    atomic_fetch_add(&work->ledger->alerts, 1);
    journal_add(work->host, &row);
    if (alert_wait(work->host, 0, &row))
        atomic_fetch_add(&work->ledger->delivered, 1);
}

static void
use_choice(struct work *work)
{
    static const char *const names[] = {"simple", "development", "a preset with a longer name", ""};
    char name[CHOICE_NAME_BYTES];
    uint64_t generation, before = choice_generation(work->host);
    bool known = !choice_read(work->host, name, &generation);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        known = known || strcmp(name, names[i]) == 0;
    if (!known || generation < before)
        wrong(work->ledger, "a choice that nobody made: \"%s\"", name);
    atomic_fetch_add(&work->ledger->chosen, *name != '\0');
    if (next_random(work, 50) == 0)
        choice_make(work->host, names[next_random(work, sizeof names / sizeof *names)]);
}

/* All of a call's record tells the same number, what it spent another, and whose it is; whoever is
 * told of it was to be told of the dead only. */
static bool
check_flight(void *context, const struct flight_record *record)
{
    struct work *work = context;
    struct flight_spent spent = flight_spent_of(record->spent.input);
    char text[32];
    snprintf(text, sizeof text, "%lld", (long long)record->at_us);
    if (memcmp(&record->spent, &spent, sizeof spent) != 0)
        wrong(work->ledger, "torn figures of what call %s spent", text);
    if (strcmp(record->id, text) != 0 || strcmp(record->operation, text) != 0 ||
        record->cost_micros != record->at_us)
        wrong(work->ledger, "a torn call %s", text);
    if (!process_is_dead((uint64_t)record->tokens))
        wrong(work->ledger, "a call of a living process was given away");
    atomic_fetch_add(&work->ledger->salvaged, 1);
    return true;
}

static void
begin_flight(struct work *work, struct flight *flight)
{
    int64_t number = 1 + (int64_t)next_random(work, 1000000000);
    struct flight_record record = {.at_us = number,
                                   .cost_micros = number,
                                   .tokens = (int64_t)work->process,
                                   .spent = flight_spent_of(0)};
    snprintf(record.id, sizeof record.id, "%lld", (long long)number);
    snprintf(record.operation, sizeof record.operation, "%lld", (long long)number);
    if (!flight_begin(work->host, work->process, &record, flight))
        wrong(work->ledger, "no room for a call");
}

static void
use_flights(struct work *work)
{
    struct flight flight;
    begin_flight(work, &flight);
    for (uint64_t left = next_random(work, SPENDINGS); left > 0; left--) {
        struct flight_spent spent = flight_spent_of((int32_t)next_random(work, 1000000));
        flight_spend(&flight, &spent);
    }
    if (next_random(work, ROUNDS_PER_SALVAGE) == 0)
        (void)flight_salvage(work->host, check_flight, work);
    flight_end(&flight);
}

/* Of whom was killed nothing stays, and of who lived nothing was left. */
static void
check_flights(struct work *work)
{
    (void)flight_salvage(work->host, check_flight, work);
    for (int i = 0; i < FLIGHT_SLOTS; i++)
        if (atomic_load(&work->host->shared->flight_owners[i]) != 0)
            wrong(work->ledger, "slot %d is held for ever", i);
}

static void *
run(void *data)
{
    struct work *work = data;
    struct flight life; /* one that each who is killed leaves behind */
    begin_flight(work, &life);
    while (clock_monotonic_us() < work->end_us) {
        use_metrics(work);
        use_limit(work);
        use_breaker(work);
        use_l1(work);
        use_lease(work);
        use_epoch(work);
        use_permit(work);
        use_retry_budget(work);
        use_journal(work);
        use_alerts(work);
        use_choice(work);
        use_flights(work);
        atomic_fetch_add(&work->ledger->rounds, 1);
    }
    flight_end(&life);
    arena_release(&work->arena);
    return NULL;
}

static struct host *
open_or_die(const char *directory)
{
    struct error err = {0};
    struct host *host = host_open(directory, L1_BYTES, &err);
    if (!host) {
        fprintf(stderr, "host_killer: %s\n", err.detail);
        _exit(1);
    }
    return host;
}

static pid_t
spawn(struct work work, uint64_t seed)
{
    pid_t child = fork();
    if (child != 0)
        return child;
    work.host = open_or_die(work.directory);
    work.random = seed;
    work.id = getpid();
    work.process = process_self();
    run(&work);
    host_close(work.host);
    _exit(0);
}

static void
check_limit(const struct work *work, int64_t start_us)
{
    uint64_t granted = atomic_load(&work->ledger->granted);
    int64_t elapsed_us = clock_monotonic_us() - start_us;
    if (granted > (uint64_t)(hot_rate.count + 1 + elapsed_us * hot_rate.count / 1000000))
        wrong(work->ledger, "%llu granted in %lld us", (unsigned long long)granted,
              (long long)elapsed_us);
}

/* A window has a fifth of its own calls, at least three; windows begin anew with each second. */
static void
check_retries(const struct work *work, int64_t start_us)
{
    int64_t windows = (clock_monotonic_us() - start_us) / 1000000 + 2;
    uint64_t calls = atomic_load(&work->ledger->calls);
    uint64_t retries = atomic_load(&work->ledger->retries);
    if (retries > calls / 5 + (uint64_t)windows * 3)
        wrong(work->ledger, "%llu retries for %llu calls", (unsigned long long)retries,
              (unsigned long long)calls);
}

/* Acknowledged counts are in; at most the one of each killed worker is more. */
static void
check_counts(struct work *work, uint64_t kills)
{
    uint64_t acknowledged = atomic_load(&work->ledger->counted);
    uint64_t counted = metrics_sum(work->host, METRIC_AI_CALLS, "hot");
    if (counted < acknowledged || counted > acknowledged + kills + WORKERS)
        wrong(work->ledger, "%llu counted, %llu acknowledged", (unsigned long long)counted,
              (unsigned long long)acknowledged);
    acknowledged = atomic_load(&work->ledger->observed);
    counted = metrics_sum(work->host, METRIC_AI_DURATION, "hot");
    if (counted < acknowledged || counted > acknowledged + kills + WORKERS)
        wrong(work->ledger, "%llu observed, %llu acknowledged", (unsigned long long)counted,
              (unsigned long long)acknowledged);
    struct strbuf text;
    strbuf_init(&text, &work->arena, 65536);
    metrics_write(work->host, &text);
    int lines = 0;
    for (const char *at = text.data; (at = strstr(at, "hearth_ai_attempts_total{")); at++)
        lines++;
    if (lines > SERIES)
        wrong(work->ledger, "%d lines for %d series", lines, SERIES);
    arena_reset(&work->arena);
}

static uint64_t
kill_in_a_loop(struct work *work, int64_t start_us)
{
    pid_t children[WORKERS];
    uint64_t kills = 0;
    for (int i = 0; i < WORKERS; i++)
        children[i] = spawn(*work, next_random(work, UINT64_MAX));
    while (clock_monotonic_us() < work->end_us) {
        usleep((useconds_t)(500 + next_random(work, 8000)));
        int victim = (int)next_random(work, WORKERS);
        kill(children[victim], SIGKILL);
        waitpid(children[victim], NULL, 0);
        kills++;
        check_limit(work, start_us);
        check_retries(work, start_us);
        children[victim] = spawn(*work, next_random(work, UINT64_MAX));
    }
    for (int i = 0; i < WORKERS; i++)
        waitpid(children[i], NULL, 0);
    return kills;
}

static void
run_threads(struct work *work)
{
    struct work works[WORKERS];
    pthread_t threads[WORKERS];
    for (int i = 0; i < WORKERS; i++) {
        works[i] = *work;
        works[i].random = (uint64_t)i + 1;
        works[i].id = (int64_t)getpid();
        if (pthread_create(&threads[i], NULL, run, &works[i]) != 0)
            abort();
    }
    for (int i = 0; i < WORKERS; i++)
        pthread_join(threads[i], NULL);
}

static void
report(struct work *work, uint64_t kills)
{
    struct ledger *ledger = work->ledger;
    struct l1_stats stats;
    l1_stats(work->host, &stats);
    printf(
        "kills %llu, rounds %llu, granted %llu, probes %llu, led %llu, l1 hits %llu, stores %llu, "
        "damaged and dropped %llu, wrong %llu\n",
        (unsigned long long)kills, (unsigned long long)ledger->rounds,
        (unsigned long long)ledger->granted, (unsigned long long)ledger->probes,
        (unsigned long long)ledger->led, (unsigned long long)ledger->hits,
        (unsigned long long)stats.stores, (unsigned long long)stats.repairs,
        (unsigned long long)ledger->wrong);
    printf("permits %llu, retries %llu of %llu calls, rows read %llu, alerts %llu, delivered %llu, "
           "salvaged %llu\n",
           (unsigned long long)ledger->permits, (unsigned long long)ledger->retries,
           (unsigned long long)ledger->calls, (unsigned long long)ledger->rows_read,
           (unsigned long long)ledger->alerts, (unsigned long long)ledger->delivered,
           (unsigned long long)ledger->salvaged);
    if (ledger->probes == 0 || ledger->hits == 0 || ledger->led == 0 || ledger->permits == 0 ||
        ledger->retries == 0 || ledger->rows_read == 0 || ledger->chosen == 0 ||
        (kills > 0 && ledger->salvaged == 0))
        wrong(ledger, "something never happened");
    if (ledger->delivered == 0 || ledger->delivered > ledger->alerts)
        wrong(ledger, "more alerts delivered than raised, or none");
}

int
main(int argc, char **argv)
{
    char directory[] = "/tmp/hearth-killer-XXXXXX", path[128];
    int seconds = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 10;
    struct work work = {
        .directory = mkdtemp(directory), .random = (uint64_t)getpid(), .process = process_self()};
    work.ledger =
        mmap(NULL, sizeof *work.ledger, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (!work.directory || work.ledger == MAP_FAILED)
        return 1;
    work.host = open_or_die(directory);
    breaker_failure(breaker_find(work.host, "model"), &policy, clock_monotonic_us());
    int64_t start_us = clock_monotonic_us();
    uint64_t kills = 0;
    work.end_us = start_us + (int64_t)seconds * 1000000;
    if (argc > 2 && strcmp(argv[2], "threads") == 0)
        run_threads(&work);
    else
        kills = kill_in_a_loop(&work, start_us);
    check_limit(&work, start_us);
    check_retries(&work, start_us);
    check_counts(&work, kills);
    check_flights(&work);
    report(&work, kills);
    bool good = atomic_load(&work.ledger->wrong) == 0;
    printf("host_killer: %d passed, %d failed\n", good, !good);
    arena_release(&work.arena);
    host_close(work.host);
    munmap(work.ledger, sizeof *work.ledger);
    snprintf(path, sizeof path, "%s/hearth-shared.%d-%d", directory, HOST_LAYOUT, L1_BYTES);
    unlink(path);
    rmdir(directory);
    return good ? 0 : 1;
}
