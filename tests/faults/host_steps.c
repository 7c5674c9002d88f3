/* Kills a worker at every single instruction of every operation of src/host: a child is stepped
 * through the operation under ptrace and killed after 1, 2, 3 ... instructions; after each death
 * the parent does the same operation and checks that it works as if nobody had died. Exits with 77
 * where ptrace is not allowed. */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "host/alert.h"
#include "host/breaker.h"
#include "host/choice.h"
#include "host/epoch.h"
#include "host/flight.h"
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

enum { L1_BYTES = 1024 * 1024, STEPS_MAX = 20000, NOW = 1000000000, FLIGHT_SPENDINGS = 3 };
static const struct breaker_policy policy = {.threshold = 1, .recovery_ms = 0, .probe_ms = 10};
static const struct rate rate = {3, 60};
/* The word of a slot whose record is whole, and whose owner has a number that Linux gives nobody.
 */
#define FLIGHT_OF_THE_DEAD ((UINT64_C(1) << 23) - 1)

/* One trial: its number makes fresh names and keys, so each death meets a first use. */
struct trial {
    struct host *host;
    int number;
    char name[64];
    unsigned char key[32];
    uint64_t process; /* that is stepped, or the parent's */
};

struct operation {
    const char *name;
    void (*run)(struct trial *trial);
    bool (*holds)(struct trial *trial); /* after the death */
};

static void
run_count(struct trial *trial)
{
    metrics_add(trial->host, METRIC_AI_CALLS, trial->name, 1);
}

static bool
count_holds(struct trial *trial)
{
    struct arena arena = {0};
    struct strbuf text;
    uint64_t before = metrics_sum(trial->host, METRIC_AI_CALLS, trial->name);
    metrics_add(trial->host, METRIC_AI_CALLS, trial->name, 1);
    uint64_t after = metrics_sum(trial->host, METRIC_AI_CALLS, trial->name);
    strbuf_init(&text, &arena, 4096);
    metrics_write(trial->host, &text);
    const char *line = strstr(text.data, trial->name);
    bool once = line && !strstr(line + 1, trial->name);
    arena_release(&arena);
    return before <= 1 && after == before + 1 && once;
}

static void
run_limit(struct trial *trial)
{
    struct limit_state state;
    (void)!limit_take(trial->host, trial->name, rate, NOW, &state);
}

static bool
limit_holds(struct trial *trial)
{
    struct limit_state state;
    int granted = 0;
    while (limit_take(trial->host, trial->name, rate, NOW, &state))
        granted++;
    return granted == 2 || granted == 3;
}

static void
run_breaker(struct trial *trial)
{
    struct breaker *breaker = breaker_find(trial->host, "model");
    int64_t retry_after_ms;
    breaker_failure(breaker, &policy, NOW);
    breaker_rest(breaker, NOW - 1);
    if (breaker_allow(breaker, &policy, NOW, &retry_after_ms))
        breaker_success(breaker, NOW);
}

static bool
breaker_holds(struct trial *trial)
{
    struct breaker *breaker = breaker_find(trial->host, "model");
    int64_t retry_after_ms, late = NOW + (policy.probe_ms + 1) * 1000;
    struct breaker_view view;
    breaker_view(breaker, late, &view);
    bool allowed = breaker_allow(breaker, &policy, late, &retry_after_ms);
    bool second = breaker_allow(breaker, &policy, late, &retry_after_ms);
    breaker_reset(breaker);
    return allowed && second == (view.state == BREAKER_CLOSED);
}

static void
run_l1(struct trial *trial)
{
    l1_put(trial->host, trial->key, trial->name, sizeof trial->name, 0, NOW);
}

static bool
l1_holds(struct trial *trial)
{
    struct arena arena = {0};
    const void *value;
    size_t length;
    bool good = true;
    if (l1_get(trial->host, trial->key, 1, &arena, &value, &length))
        good = length == sizeof trial->name && memcmp(value, trial->name, length) == 0;
    l1_put(trial->host, trial->key, "x", 1, 0, NOW);
    good = good && l1_get(trial->host, trial->key, 1, &arena, &value, &length) && length == 1;
    arena_release(&arena);
    return good;
}

static void
run_lease(struct trial *trial)
{
    struct lease lease;
    if (lease_take(trial->host, trial->key, 600000, &lease) && lease_renew(&lease, 600000))
        lease_release(&lease);
}

static bool
lease_holds(struct trial *trial)
{
    struct lease lease, second;
    bool good = lease_wait(trial->host, trial->key, 1000) &&
                lease_take(trial->host, trial->key, 600000, &lease);
    good = good && !lease_take(trial->host, trial->key, 600000, &second);
    lease_release(&lease);
    return good;
}

static void
run_epoch(struct trial *trial)
{
    epoch_raise(trial->host, "all", trial->number);
}

static bool
epoch_holds(struct trial *trial)
{
    int64_t seen = epoch_get(trial->host, "all");
    epoch_raise(trial->host, "all", trial->number);
    return seen <= trial->number && epoch_get(trial->host, "all") == trial->number;
}

static void
run_permit(struct trial *trial)
{
    struct permit permit;
    if (permit_take(trial->host, "model", 1, 600000, &permit) && permit_renew(&permit, 600000))
        permit_release(&permit);
}

static bool
permit_holds(struct trial *trial)
{
    struct permit permit = {0}, second;
    int waits = 0;
    while (!permit_take(trial->host, "model", 1, 600000, &permit) && waits++ < 20)
        permit_wait(trial->host, "model", 1000);
    bool good = permit.ticket != 0 && !permit_take(trial->host, "model", 1, 600000, &second);
    permit_release(&permit);
    return good && permit_count(trial->host, "model", 1) == 0;
}

/* Each trial has a window of its own. */
static int64_t
window_of(const struct trial *trial)
{
    return INT64_C(1000000) * 100 * (trial->number + 1);
}

static void
run_retry(struct trial *trial)
{
    (void)!retry_budget_take(trial->host, window_of(trial));
}

static bool
retry_holds(struct trial *trial)
{
    int taken = 0;
    while (retry_budget_take(trial->host, window_of(trial)))
        taken++;
    return taken == 2 || taken == 3;
}

static void
run_journal(struct trial *trial)
{
    struct journal_row row = {.kind = JOURNAL_PERFORMANCE, .value = trial->number};
    journal_text(row.subject, sizeof row.subject, trial->name);
    memcpy(row.text, row.subject, sizeof row.subject);
    journal_add(trial->host, &row);
}

struct rows {
    int count;
    bool whole;
};

static bool
look_at_row(void *context, const struct journal_row *row)
{
    struct rows *rows = context;
    rows->count++;
    rows->whole = rows->whole && strcmp(row->subject, row->text) == 0 && row->value > 0;
    return rows->count < 20;
}

static bool
journal_holds(struct trial *trial)
{
    struct rows rows = {.whole = true};
    run_journal(trial);
    journal_read(trial->host, look_at_row, &rows);
    return rows.whole && rows.count > 0;
}

static void
run_alert(struct trial *trial)
{
    struct journal_row row = {.kind = JOURNAL_ALERT};
    journal_add(trial->host, &row);
    alert_stir(trial->host);
    (void)!alert_wait(trial->host, 0, &row);
}

/* The dead one's alert is delivered by him or by us, or its row was never whole. */
static bool
alert_holds(struct trial *trial)
{
    struct journal_row row = {.kind = JOURNAL_ALERT};
    int delivered = 0;
    journal_add(trial->host, &row);
    while (alert_wait(trial->host, 0, &row))
        delivered++;
    return delivered == 1 || delivered == 2;
}

static void
run_choice(struct trial *trial)
{
    choice_make(trial->host, trial->number % 2 ? "one preset" : "the other preset");
}

static bool
choice_holds(struct trial *trial)
{
    char name[CHOICE_NAME_BYTES];
    uint64_t before, after;
    bool whole = !choice_read(trial->host, name, &before) || strcmp(name, "one preset") == 0 ||
                 strcmp(name, "the other preset") == 0 || strcmp(name, "ours") == 0;
    choice_make(trial->host, "ours");
    return whole && choice_read(trial->host, name, &after) && strcmp(name, "ours") == 0 &&
           after > before;
}

static struct flight_record
flight_record_of(const struct trial *trial)
{
    struct flight_record record = {
        .at_us = trial->number, .tokens = trial->number, .spent = flight_spent_of(0)};
    snprintf(record.id, sizeof record.id, "%d", trial->number);
    snprintf(record.operation, sizeof record.operation, "%d", trial->number);
    return record;
}

static void
run_flight(struct trial *trial)
{
    struct flight_record record = flight_record_of(trial);
    struct flight flight;
    if (!flight_begin(trial->host, trial->process, &record, &flight))
        return;
    for (int i = 1; i <= FLIGHT_SPENDINGS; i++) {
        struct flight_spent spent = flight_spent_of(i);
        flight_spend(&flight, &spent);
    }
    flight_end(&flight);
}

struct salvaged {
    struct flight_record wanted;
    int right, wrong;
};

static bool
look_at_flight(void *context, const struct flight_record *record)
{
    struct salvaged *salvaged = context;
    struct flight_spent spent = flight_spent_of(record->spent.source);
    bool is_right = memcmp(record, &salvaged->wanted, offsetof(struct flight_record, spent)) == 0 &&
                    memcmp(&record->spent, &spent, sizeof spent) == 0 &&
                    spent.source <= FLIGHT_SPENDINGS;
    salvaged->right += is_right;
    salvaged->wrong += !is_right;
    return true;
}

static bool
flight_holds(struct trial *trial)
{
    struct salvaged salvaged = {.wanted = flight_record_of(trial)};
    struct flight ours;
    bool began = flight_begin(trial->host, trial->process, &salvaged.wanted, &ours);
    (void)flight_salvage(trial->host, look_at_flight, &salvaged);
    bool good = began && salvaged.right <= 2 && salvaged.wrong == 0;
    flight_end(&ours);
    for (int i = 0; i < FLIGHT_SLOTS; i++)
        good = good && atomic_load(&trial->host->shared->flight_owners[i]) == 0;
    return good;
}

static bool
take_the_first(void *context, const struct flight_record *record)
{
    int *taken = context;
    (void)record;
    return (*taken)++ == 0;
}

/* Who takes what others left dies over it. They left it in the first slots, so that no step is
 * spent on the others. */
static void
run_salvage(struct trial *trial)
{
    struct flight_record record = flight_record_of(trial);
    int taken = 0;
    for (int i = 0; i < 2; i++) {
        memcpy(&trial->host->shared->flights[i], &record, sizeof record);
        atomic_store(&trial->host->shared->flights[i].current, 0);
        atomic_store(&trial->host->shared->flight_owners[i], FLIGHT_OF_THE_DEAD);
    }
    (void)flight_salvage(trial->host, take_the_first, &taken);
}

static const struct operation operations[] = {
    {"metrics_add", run_count, count_holds}, {"limit_take", run_limit, limit_holds},
    {"breaker", run_breaker, breaker_holds}, {"l1_put", run_l1, l1_holds},
    {"lease", run_lease, lease_holds},       {"epoch_raise", run_epoch, epoch_holds},
    {"permit", run_permit, permit_holds},    {"retry_budget", run_retry, retry_holds},
    {"journal", run_journal, journal_holds}, {"alert", run_alert, alert_holds},
    {"choice", run_choice, choice_holds},    {"flight", run_flight, flight_holds},
    {"salvage", run_salvage, flight_holds},
};

static void
prepare(struct trial *trial, const char *operation, int number)
{
    trial->number = number;
    trial->process = process_self();
    memset(trial->name, 0, sizeof trial->name);
    snprintf(trial->name, sizeof trial->name, "operation=\"%s-%d-killed\"", operation, number);
    memset(trial->key, 0, sizeof trial->key);
    for (size_t i = 0; i < sizeof trial->key; i += sizeof number)
        memcpy(trial->key + i, &number, sizeof number);
}

/* Stops itself before and after the operation, so that only the operation is stepped. */
static void
act(const struct operation *operation, struct trial *trial)
{
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
        _exit(77);
    trial->process = process_self();
    raise(SIGSTOP);
    operation->run(trial);
    raise(SIGUSR1);
    _exit(0);
}

/* Steps the child and kills it. False where it was through before. */
static bool
kill_after(pid_t child, int steps, bool *untraceable)
{
    int status;
    waitpid(child, &status, 0);
    *untraceable = WIFEXITED(status);
    bool inside = !*untraceable;
    for (int i = 0; inside && i < steps; i++) {
        if (ptrace(PTRACE_SINGLESTEP, child, NULL, NULL) < 0)
            break;
        waitpid(child, &status, 0);
        inside = WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP;
    }
    if (!*untraceable) {
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
    }
    return inside;
}

/* -1: not allowed; else the deaths after which something did not hold. */
static int
kill_everywhere(const struct operation *operation, struct host *host, int stride)
{
    struct trial trial = {.host = host};
    int wrong = 0, deaths = 0, steps = 1;
    bool untraceable = false;
    for (; steps < STEPS_MAX; steps += stride, deaths++) {
        prepare(&trial, operation->name, steps);
        pid_t child = fork();
        if (child == 0)
            act(operation, &trial);
        bool inside = kill_after(child, steps, &untraceable);
        if (untraceable)
            return -1;
        if (!operation->holds(&trial)) {
            fprintf(stderr, "wrong: %s killed after %d instructions\n", operation->name, steps);
            wrong++;
        }
        if (!inside)
            break;
    }
    printf("%-12s %d deaths over %d instructions, wrong after %d\n", operation->name, deaths, steps,
           wrong);
    return wrong;
}

/* 1 where every death left all as it should be, 0 where not, -1 where ptrace is not allowed. */
static int
prove(const struct operation *operation, const char *directory, int stride)
{
    char path[128];
    struct error err = {0};
    struct host *host = host_open(directory, L1_BYTES, &err);
    int wrong = host ? kill_everywhere(operation, host, stride) : 1;
    host_close(host);
    snprintf(path, sizeof path, "%s/hearth-shared.%d-%d", directory, HOST_LAYOUT, L1_BYTES);
    unlink(path);
    return wrong < 0 ? wrong : wrong == 0;
}

int
main(int argc, char **argv)
{
    int stride = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 17;
    char directory[] = "/tmp/hearth-steps-XXXXXX";
    int passed = 0, failed = 0, skipped = 0;
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (stride < 1 || !mkdtemp(directory))
        return 1;
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++) {
        int proved = prove(&operations[i], directory, stride);
        passed += proved > 0;
        failed += proved == 0;
        skipped += proved < 0;
    }
    rmdir(directory);
    printf("host_steps: %d passed, %d failed, %d skipped\n", passed, failed, skipped);
    if (failed > 0)
        return 1;
    return skipped > 0 ? 77 : 0;
}
