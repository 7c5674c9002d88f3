/* Reservations and settlements in a real database: what is held, what is spent, and when it is
 * given back. */
#include <pthread.h>
#include <stdbool.h>

#include "store_fixture.h"

#include "access/access.h"
#include "access/budget.h"
#include "access/caller.h"
#include "access/ledger.h"
#include "access/settlement.h"
#include "access/spool.h"
#include "access/tracked_call.h"
#include "access/usage.h"
#include "base/clock.h"
#include "host/metrics.h"
#include "host/process.h"
#include "host/shared.h"
#include "store/store.h"

static const char key_id[] = "018f0000-0000-7000-8000-000000000001";
static const char account_id[] = "018f0000-0000-7000-8000-00000000000a";
static const char key_owner[] = "key:018f0000-0000-7000-8000-000000000001";
static const char account_owner[] = "account:018f0000-0000-7000-8000-00000000000a";

struct bench {
    char directory[64], spool[96], database[64], url[256];
    struct settings settings;
    struct access access;
    struct caller caller;
    struct request request;
    struct arena arena;
};

static int
set_up(void **state)
{
    struct bench *bench = calloc(1, sizeof(*bench));
    struct error err = {0};
    snprintf(bench->directory, sizeof(bench->directory), "/tmp/hearth-test-XXXXXX");
    assert_non_null(mkdtemp(bench->directory));
    snprintf(bench->spool, sizeof(bench->spool), "%s/spool", bench->directory);
    fixture_database(bench->database);
    bench->settings = (struct settings){
        .database_url = fixture_url(bench->url, sizeof(bench->url), bench->database, false),
        .database_read_url = "",
        .database_pooling = "session",
        .database_pool_size = 2,
        .database_timeout_ms = 2000,
        .reservation_ttl_s = 900,
        .spool_directory = bench->spool};
    bench->access = (struct access){.settings = &bench->settings,
                                    .host = host_open(bench->directory, 4 << 20, &err)};
    assert_non_null(bench->access.host);
    bench->access.process = process_self();
    assert_true(store_open(&bench->settings, bench->access.host, &bench->access.store, &err));
    bench->caller = (struct caller){.kind = CALLER_KEY,
                                    .tenant = account_owner,
                                    .key_id = key_id,
                                    .account_id = account_id,
                                    .has_budget = true};
    bench->request =
        (struct request){.access = &bench->access, .caller = &bench->caller, .may_wait = true};
    *state = bench;
    return 0;
}

static int
tear_down(void **state)
{
    struct bench *bench = *state;
    char command[128];
    arena_release(&bench->arena);
    store_close(bench->access.store);
    host_close(bench->access.host);
    snprintf(command, sizeof(command), "rm -rf '%s'", bench->directory);
    fixture_shell(command);
    free(bench);
    return 0;
}

static void
set_budget(struct bench *bench, const char *owner, const char *unit, const char *period,
           int64_t most)
{
    const struct budget budget = {.owner = owner, .unit = unit, .period = period, .most = most};
    struct error err = {0};
    assert_true(budget_set(bench->access.store, NULL, &budget, &bench->arena, &err));
}

static struct budget
look(struct bench *bench, const char *owner, const char *unit)
{
    struct error err = {0};
    const struct list *list = budget_list(bench->access.store, owner, &bench->arena, &err);
    assert_non_null(list);
    for (size_t i = 0; i < list->count; i++) {
        const struct budget *budget = &((const struct budget *)list->items)[i];
        if (strcmp(budget->unit, unit) == 0)
            return *budget;
    }
    fail_msg("%s has no budget of %s", owner, unit);
    return (struct budget){0};
}

static bool
reserve(struct bench *bench, int64_t cost_micros, struct reservation *reservation,
        struct error *err)
{
    const struct ledger_estimate estimate = {"m", "chat", cost_micros, 1000};
    *err = (struct error){0};
    return reservation_make(&bench->request, &estimate, &bench->arena, reservation, err);
}

static void
settle(struct bench *bench, struct reservation *reservation, int64_t cost_micros)
{
    const struct usage usage = {.model = "m",
                                .operation = "chat",
                                .input = 10,
                                .output = 5,
                                .cost_micros = cost_micros,
                                .calls = 1,
                                .source = USAGE_PROVIDER,
                                .asked = true,
                                .raw = "{\"a\":1}"};
    settlement_make(&bench->request, reservation, &usage, &bench->arena);
}

static struct usage_row
sums(struct bench *bench)
{
    struct error err = {0};
    const struct usage_wish wish = {
        .account_id = account_id, .from = "2000-01-01", .to = "2999-12-31"};
    const struct list *rows = usage_read(bench->access.store, &wish, NULL, &bench->arena, &err);
    assert_non_null(rows);
    return rows->count == 1 ? *(const struct usage_row *)rows->items : (struct usage_row){0};
}

static void
holds_in_all_budgets_of_a_caller_and_counts_what_was_spent(void **state)
{
    struct bench *bench = *state;
    struct reservation reservation;
    struct error err;
    set_budget(bench, key_owner, "money", "day", 1000);
    set_budget(bench, account_owner, "calls", "month", 5);
    assert_true(reserve(bench, 600, &reservation, &err));
    assert_true(reservation.held);
    assert_string_equal(reservation.unit, "money");
    assert_int_equal(reservation.remaining, 400);
    assert_int_equal(look(bench, key_owner, "money").reserved, 600);
    assert_int_equal(look(bench, account_owner, "calls").reserved, 1);
    settle(bench, &reservation, 70);
    assert_int_equal(reservation.remaining, 930);
    assert_int_equal(look(bench, key_owner, "money").reserved, 0);
    assert_int_equal(look(bench, key_owner, "money").spent, 70);
    assert_int_equal(look(bench, account_owner, "calls").spent, 1);
    assert_int_equal(sums(bench).cost_micros, 70);
}

static void
holds_nothing_where_one_budget_of_several_is_spent(void **state)
{
    struct bench *bench = *state;
    struct reservation reservation;
    struct error err;
    set_budget(bench, key_owner, "money", "day", 1000);
    set_budget(bench, account_owner, "calls", "total", 0);
    assert_false(reserve(bench, 600, &reservation, &err));
    assert_int_equal(err.code, ERROR_BUDGET_EXHAUSTED);
    assert_non_null(strstr(err.detail, "account"));
    assert_null(strstr(err.detail, account_id));
    assert_non_null(strstr(err.detail, "it is not renewed"));
    assert_int_equal(err.retry_after_s, 0);
    assert_int_equal(look(bench, key_owner, "money").reserved, 0);
}

static void
tells_when_a_day_or_month_is_renewed(void **state)
{
    struct bench *bench = *state;
    struct reservation reservation;
    struct error err;
    set_budget(bench, key_owner, "money", "day", 10);
    assert_false(reserve(bench, 600, &reservation, &err));
    assert_in_range(err.retry_after_s, 1, 86400);
    set_budget(bench, key_owner, "money", "month", 10);
    assert_false(reserve(bench, 600, &reservation, &err));
    assert_in_range(err.retry_after_s, 1, 31 * 86400);
}

static void
charges_what_a_call_cost_also_beyond_what_was_held(void **state)
{
    struct bench *bench = *state;
    struct reservation reservation;
    struct error err;
    set_budget(bench, key_owner, "money", "total", 100);
    assert_true(reserve(bench, 50, &reservation, &err));
    settle(bench, &reservation, 170);
    assert_int_equal(look(bench, key_owner, "money").spent, 170);
    assert_int_equal(reservation.remaining, 0);
    assert_false(reserve(bench, 0, &reservation, &err));
}

static void
writes_a_settlement_once_however_often_it_is_told(void **state)
{
    struct bench *bench = *state;
    struct reservation reservation, again;
    struct error err;
    set_budget(bench, key_owner, "money", "total", 1000);
    assert_true(reserve(bench, 50, &reservation, &err));
    again = reservation;
    settle(bench, &reservation, 70);
    settle(bench, &again, 70);
    assert_int_equal(look(bench, key_owner, "money").spent, 70);
    assert_int_equal(look(bench, key_owner, "money").reserved, 0);
    assert_int_equal(sums(bench).calls, 1);
}

static void
names_a_call_as_lost_until_somebody_knows_better(void **state)
{
    struct bench *bench = *state;
    struct reservation lost, next;
    struct error err;
    set_budget(bench, key_owner, "money", "total", 100);
    assert_true(reserve(bench, 80, &lost, &err));
    assert_false(reserve(bench, 80, &next, &err));
    fixture_sql(bench->database, "UPDATE hearth.reservation SET expires_at = now()");
    assert_true(reserve(bench, 80, &next, &err)); /* who needs it takes it */
    assert_int_equal(look(bench, key_owner, "money").reserved, 80);
    assert_int_equal(sums(bench).lost, 1);
    assert_int_equal(sums(bench).cost_micros, 0);
    settle(bench, &lost, 33);
    assert_int_equal(look(bench, key_owner, "money").spent, 33);
    assert_int_equal(look(bench, key_owner, "money").reserved, 80);
    assert_int_equal(sums(bench).lost, 0);
    assert_int_equal(sums(bench).cost_micros, 33);
}

static void
lets_expired_reservations_go_without_a_request(void **state)
{
    struct bench *bench = *state;
    struct reservation lost;
    struct error err;
    set_budget(bench, key_owner, "money", "total", 100);
    assert_true(reserve(bench, 80, &lost, &err));
    ledger_sweep(&bench->access, &bench->arena);
    assert_int_equal(look(bench, key_owner, "money").reserved, 80);
    fixture_sql(bench->database, "UPDATE hearth.reservation SET expires_at = now()");
    ledger_sweep(&bench->access, &bench->arena);
    assert_int_equal(look(bench, key_owner, "money").reserved, 0);
    assert_int_equal(sums(bench).lost, 1);
}

/* The address of a database where none is. */
static struct store *
take_database_away(struct bench *bench, struct settings *nowhere)
{
    struct store *store = bench->access.store;
    struct error err = {0};
    *nowhere = bench->settings;
    nowhere->database_url = "postgresql://hearth@127.0.0.1:1/hearth";
    assert_true(store_open(nowhere, bench->access.host, &bench->access.store, &err));
    return store;
}

static void
answers_before_the_row_of_a_call_without_a_budget_and_writes_it_with_the_next_round(void **state)
{
    struct bench *bench = *state;
    struct reservation calls[3];
    struct error err;
    bench->caller.has_budget = false;
    for (int i = 0; i < 3; i++) {
        assert_true(reserve(bench, 80, &calls[i], &err));
        settle(bench, &calls[i], 20);
    }
    assert_int_equal(sums(bench).calls, 0);
    assert_true(spool_has(bench->spool, (struct spool_name){SPOOL_QUEUED, calls[0].id}));
    ledger_sweep(&bench->access, &bench->arena);
    assert_int_equal(sums(bench).calls, 3);
    assert_int_equal(sums(bench).cost_micros, 60);
    assert_false(spool_has(bench->spool, (struct spool_name){SPOOL_QUEUED, calls[0].id}));
}

static void
writes_the_others_of_a_round_though_one_is_not_taken(void **state)
{
    struct bench *bench = *state;
    static const char damaged[] = "{\"id\":\"none\",\"asked\":true}";
    static const char damaged_id[] = "018f0000-0000-7000-8000-0000000000ff";
    const struct spool_name name = {SPOOL_QUEUED, damaged_id};
    struct reservation calls[3];
    struct error err = {0};
    bench->caller.has_budget = false;
    for (int i = 0; i < 3; i++) {
        assert_true(reserve(bench, 80, &calls[i], &err));
        settle(bench, &calls[i], 20);
    }
    assert_true(spool_put(bench->spool, name, damaged, strlen(damaged), &err));
    ledger_sweep(&bench->access, &bench->arena);
    assert_int_equal(sums(bench).calls, 3);
    assert_true(spool_has(bench->spool, name));
}

static void
writes_the_row_before_the_answer_while_too_many_wait(void **state)
{
    struct bench *bench = *state;
    struct reservation reservation;
    struct error err;
    bench->caller.has_budget = false;
    metrics_set(bench->access.host, METRIC_SETTLEMENTS_BEHIND, "", 1);
    assert_true(reserve(bench, 80, &reservation, &err));
    settle(bench, &reservation, 20);
    assert_int_equal(sums(bench).calls, 1);
    ledger_sweep(&bench->access, &bench->arena);
    assert_int_equal(metrics_value(bench->access.host, METRIC_SETTLEMENTS_BEHIND, ""), 0);
}

/* As a worker that is killed while a provider works on the call. */
static struct reservation
reserve_and_die(struct bench *bench)
{
    struct reservation reservation;
    struct error err;
    uint64_t self = bench->access.process;
    bench->access.process = self - (UINT64_C(1) << 22); /* its number, and an earlier start */
    assert_true(reserve(bench, 80, &reservation, &err));
    bench->access.process = self;
    return reservation;
}

/* The same, when the provider has reported a part of what it took. */
static struct reservation
spend_and_die(struct bench *bench)
{
    static const struct usage reported = {.model = "fallback",
                                          .operation = "chat",
                                          .input = 30,
                                          .output = 4,
                                          .cached = 20,
                                          .written = 6,
                                          .thought = 3,
                                          .cost_micros = 55,
                                          .source = USAGE_PROVIDER};
    struct reservation reservation = reserve_and_die(bench);
    tracked_call_note(&reservation, &reported);
    return reservation;
}

static void
look_for_one_charged_row(struct bench *bench)
{
    fixture_sql(
        bench->database,
        "DO $$ BEGIN ASSERT (SELECT array_agg((outcome, model, source, input, output, cached, "
        "written, thought, cost_micros, calls, raw)::text) = ARRAY[('lost', 'fallback', 'p', 30, 4, "
        "20, 6, 3, 55, 1, '{\"reserved_micros\":80,\"reserved_tokens\":1000}')::text] FROM "
        "hearth.usage); END $$");
    struct usage_row day = sums(bench);
    assert_int_equal(day.lost, 1);
    assert_int_equal(day.calls, 1);
    assert_int_equal(day.input, 30);
    assert_int_equal(day.output, 4);
    assert_int_equal(day.cost_micros, 55);
}

static void
look_for_one_lost_row(struct bench *bench)
{
    fixture_sql(bench->database,
                "DO $$ BEGIN ASSERT (SELECT count(*) = 1 AND min(outcome) = 'lost' AND "
                "min(raw) = '{\"reserved_micros\":80,\"reserved_tokens\":1000}' AND "
                "min(source) = 'n' AND sum(cost_micros) = 0 FROM hearth.usage); END $$");
    assert_int_equal(sums(bench).lost, 1);
    assert_int_equal(sums(bench).failed, 0);
}

static void
names_the_call_of_a_dead_worker_as_lost_though_its_caller_has_no_budget(void **state)
{
    struct bench *bench = *state;
    bench->caller.has_budget = false;
    struct reservation lost = reserve_and_die(bench);
    ledger_sweep(&bench->access, &bench->arena);
    look_for_one_lost_row(bench);
    ledger_sweep(&bench->access, &bench->arena);
    look_for_one_lost_row(bench);
    assert_int_equal(metrics_value(bench->access.host, METRIC_CALLS_LOST, ""), 1);
    settle(bench, &lost, 33); /* it was not dead, or its file was on the way */
    ledger_sweep(&bench->access, &bench->arena);
    assert_int_equal(sums(bench).lost, 0);
    assert_int_equal(sums(bench).cost_micros, 33);
}

static void
gives_back_at_once_what_a_dead_worker_held(void **state)
{
    struct bench *bench = *state;
    set_budget(bench, key_owner, "money", "total", 100);
    set_budget(bench, account_owner, "calls", "day", 1);
    (void)reserve_and_die(bench);
    assert_int_equal(look(bench, key_owner, "money").reserved, 80);
    ledger_sweep(&bench->access, &bench->arena);
    assert_int_equal(look(bench, key_owner, "money").reserved, 0);
    assert_int_equal(look(bench, account_owner, "calls").reserved, 0);
    assert_int_equal(look(bench, account_owner, "calls").spent, 0);
    look_for_one_lost_row(bench);
}

static void
writes_one_row_for_a_call_whose_reservation_ran_out_as_well(void **state)
{
    struct bench *bench = *state;
    struct reservation next;
    struct error err;
    set_budget(bench, key_owner, "money", "total", 100);
    (void)reserve_and_die(bench);
    fixture_sql(bench->database, "UPDATE hearth.reservation SET expires_at = now()");
    assert_true(reserve(bench, 80, &next, &err)); /* who needs it takes it */
    look_for_one_lost_row(bench);
    ledger_sweep(&bench->access, &bench->arena);
    look_for_one_lost_row(bench);
    assert_int_equal(look(bench, key_owner, "money").reserved, 80);
}

static void
set_three_budgets(struct bench *bench)
{
    set_budget(bench, key_owner, "money", "total", 100);
    set_budget(bench, key_owner, "tokens", "day", 5000);
    set_budget(bench, account_owner, "calls", "day", 1000);
}

static void
look_for_spent(struct bench *bench, int64_t micros, int64_t tokens, int64_t calls)
{
    assert_int_equal(look(bench, key_owner, "money").spent, micros);
    assert_int_equal(look(bench, key_owner, "tokens").spent, tokens);
    assert_int_equal(look(bench, account_owner, "calls").spent, calls);
    assert_int_equal(look(bench, key_owner, "money").reserved, 0);
}

static void
charges_a_lost_call_with_what_was_reported_of_it(void **state)
{
    struct bench *bench = *state;
    set_three_budgets(bench);
    (void)spend_and_die(bench);
    ledger_sweep(&bench->access, &bench->arena);
    look_for_one_charged_row(bench);
    look_for_spent(bench, 55, 34, 1);
    assert_int_equal(
        metrics_value(bench->access.host, METRIC_AI_COST, "model=\"fallback\",source=\"provider\""),
        55);
}

static void
charges_a_lost_call_once_though_it_is_named_again(void **state)
{
    struct bench *bench = *state;
    set_three_budgets(bench);
    struct reservation lost = spend_and_die(bench);
    atomic_uint_fast64_t *word = &bench->access.host->shared->flight_owners[lost.flight.slot];
    uint64_t owner = atomic_load(word);
    for (int i = 0; i < 2; i++) { /* who named it first died before he could free its slot */
        atomic_store(word, owner);
        ledger_sweep(&bench->access, &bench->arena);
        assert_int_equal(atomic_load(word), 0);
        look_for_one_charged_row(bench);
        look_for_spent(bench, 55, 34, 1);
    }
}

static void *
sweep(void *data)
{
    struct arena arena = {0};
    ledger_sweep(data, &arena);
    arena_release(&arena);
    return NULL;
}

static void
charges_lost_calls_once_though_two_name_them_at_once(void **state)
{
    enum { CALLS = 20 };
    struct bench *bench = *state;
    pthread_t threads[2];
    set_three_budgets(bench);
    set_budget(bench, key_owner, "money", "total", 100 * CALLS);
    set_budget(bench, key_owner, "tokens", "day", 5000 * CALLS);
    for (int i = 0; i < CALLS; i++)
        (void)spend_and_die(bench);
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, sweep, &bench->access), 0);
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    ledger_sweep(&bench->access, &bench->arena);
    look_for_spent(bench, 55 * CALLS, 34 * CALLS, CALLS);
    assert_int_equal(sums(bench).lost, CALLS);
    assert_int_equal(sums(bench).cost_micros, 55 * CALLS);
}

static void
puts_the_exact_figures_in_the_place_of_what_a_lost_call_was_charged(void **state)
{
    struct bench *bench = *state;
    set_three_budgets(bench);
    struct reservation lost = spend_and_die(bench);
    ledger_sweep(&bench->access, &bench->arena);
    settle(bench, &lost, 70); /* it was not dead, or its file was on the way */
    look_for_spent(bench, 70, 15, 1);
    struct usage_row day = sums(bench);
    assert_int_equal(day.lost, 0);
    assert_int_equal(day.calls, 1);
    assert_int_equal(day.cost_micros, 70);
    fixture_sql(
        bench->database,
        "DO $$ BEGIN ASSERT (SELECT (sum(lost), sum(calls), sum(cost_micros), sum(input), "
        "sum(output), sum(cached), sum(written), sum(thought)) = (0, 1, 70, 10, 5, 0, 0, 0) "
        "FROM hearth.usage_total); END $$");
}

static void
charges_what_was_reported_of_a_lost_call_whose_reservation_had_run_out(void **state)
{
    struct bench *bench = *state;
    set_three_budgets(bench);
    struct reservation lost = spend_and_die(bench);
    uint64_t owner = lost.flight.owner;
    atomic_uint_fast64_t *word = &bench->access.host->shared->flight_owners[lost.flight.slot];
    atomic_store(word, 0); /* as long as it is under way */
    fixture_sql(bench->database, "UPDATE hearth.reservation SET expires_at = now()");
    ledger_sweep(&bench->access, &bench->arena);
    look_for_one_lost_row(bench);
    atomic_store(word, owner);
    ledger_sweep(&bench->access, &bench->arena);
    look_for_one_charged_row(bench);
    look_for_spent(bench, 55, 34, 1);
}

static void
leaves_calls_that_are_settled_or_under_way_alone(void **state)
{
    struct bench *bench = *state;
    struct reservation settled, under_way, unasked;
    struct error err;
    bench->caller.has_budget = false;
    assert_true(reserve(bench, 80, &settled, &err));
    assert_true(reserve(bench, 80, &under_way, &err));
    assert_true(reserve(bench, 80, &unasked, &err));
    settle(bench, &settled, 20);
    const struct usage nothing = {.model = "m", .operation = "chat", .source = USAGE_NONE};
    settlement_make(&bench->request, &unasked, &nothing, &bench->arena);
    assert_int_equal(unasked.flight.owner, 0);
    assert_int_equal(settled.flight.owner, 0);
    assert_int_not_equal(under_way.flight.owner, 0);
    ledger_sweep(&bench->access, &bench->arena);
    assert_int_equal(sums(bench).calls, 1);
    assert_int_equal(sums(bench).lost, 0);
    settle(bench, &under_way, 20);
    ledger_sweep(&bench->access, &bench->arena);
    assert_int_equal(sums(bench).calls, 2);
}

static void
keeps_the_call_of_a_dead_worker_in_a_file_while_the_database_is_away(void **state)
{
    struct bench *bench = *state;
    struct settings nowhere;
    bench->caller.has_budget = false;
    struct reservation lost = reserve_and_die(bench);
    struct store *store = take_database_away(bench, &nowhere);
    ledger_sweep(&bench->access, &bench->arena);
    assert_true(spool_has(bench->spool, (struct spool_name){SPOOL_LOST, lost.id}));
    store_close(bench->access.store);
    bench->access.store = store;
}

static void
begins_a_new_window_and_forgets_the_old_one(void **state)
{
    struct bench *bench = *state;
    struct reservation old, next;
    struct error err;
    set_budget(bench, key_owner, "money", "day", 100);
    assert_true(reserve(bench, 80, &old, &err));
    /* As if all of it had been yesterday. */
    fixture_sql(bench->database,
                "UPDATE hearth.reservation SET at = at - interval '1 day';"
                "UPDATE hearth.budget SET since = since - interval '1 day', spent = 20");
    old.at_us -= INT64_C(86400000000);
    assert_true(reserve(bench, 90, &next, &err));
    assert_int_equal(look(bench, key_owner, "money").reserved, 90);
    settle(bench, &old, 50); /* belongs to yesterday */
    assert_int_equal(look(bench, key_owner, "money").spent, 0);
    assert_int_equal(look(bench, key_owner, "money").reserved, 90);
    settle(bench, &next, 60);
    assert_int_equal(look(bench, key_owner, "money").spent, 60);
    assert_int_equal(look(bench, key_owner, "money").reserved, 0);
}

static void
counts_a_call_that_was_under_way_when_its_budget_was_set_only_from_then_on(void **state)
{
    struct bench *bench = *state;
    struct reservation before, after;
    struct error err;
    assert_true(reserve(bench, 80, &before, &err));
    assert_false(before.held);
    set_budget(bench, key_owner, "money", "total", 100);
    settle(bench, &before, 50);
    assert_int_equal(look(bench, key_owner, "money").spent, 0);
    assert_true(reserve(bench, 80, &after, &err));
    settle(bench, &after, 50);
    assert_int_equal(look(bench, key_owner, "money").spent, 50);
}

static void
ends_what_was_held_without_a_row_where_nobody_was_asked(void **state)
{
    struct bench *bench = *state;
    struct reservation reservation;
    struct error err;
    set_budget(bench, key_owner, "calls", "total", 1);
    assert_true(reserve(bench, 80, &reservation, &err));
    const struct usage nothing = {.model = "m", .operation = "chat", .source = USAGE_NONE};
    settlement_make(&bench->request, &reservation, &nothing, &bench->arena);
    assert_int_equal(look(bench, key_owner, "calls").reserved, 0);
    assert_int_equal(sums(bench).failed, 0);
    assert_true(reserve(bench, 80, &reservation, &err));
}

static void
takes_a_budget_away_with_what_was_held_in_it(void **state)
{
    struct bench *bench = *state;
    struct reservation reservation;
    struct error err = {0};
    const struct budget name = {.owner = key_owner, .unit = "money", .period = "day"};
    set_budget(bench, key_owner, "money", "day", 100);
    assert_true(reserve(bench, 80, &reservation, &err));
    assert_true(budget_clear(bench->access.store, NULL, &name, &bench->arena, &err));
    settle(bench, &reservation, 50);
    assert_int_equal(sums(bench).cost_micros, 50);
    assert_false(budget_clear(bench->access.store, NULL, &name, &bench->arena, &err));
    assert_int_equal(err.code, ERROR_NOT_FOUND);
}

struct settled {
    bool granted;
};

static const struct column settled_columns[] = {COLUMN_BOOLEAN_OF(struct settled, granted), {0}};
static const struct query reserve_query = {"test_reserve",
                                           "SELECT granted FROM hearth.reserve($1::jsonb)",
                                           1,
                                           settled_columns,
                                           sizeof(struct settled),
                                           false};

/* Another call that has locked the budgets of a key of the settings, and does not end. */
static struct transaction *
lock_budgets(struct bench *bench)
{
    static const char *const wish =
        "{\"id\":\"018f0000-0000-7000-8000-0000000000ff\",\"tenant\":\"key:0813ba6d30f7\","
        "\"model\":\"m\",\"operation\":\"chat\",\"cost_micros\":0,\"tokens\":0,\"ttl_s\":900}";
    struct error err = {0};
    struct transaction *transaction = transaction_begin(bench->access.store, &bench->arena, &err);
    assert_non_null(transaction);
    assert_non_null(transaction_query(transaction, &reserve_query, &wish, &bench->arena, &err));
    return transaction;
}

static void
be_key_of_the_settings(struct bench *bench)
{
    bench->caller = (struct caller){.kind = CALLER_ENVIRONMENT_KEY, .tenant = "key:0813ba6d30f7"};
}

static void
lets_no_key_of_the_settings_pass_a_budget_that_is_locked(void **state)
{
    struct bench *bench = *state;
    struct reservation reservation;
    struct error err, ignored = {0};
    set_budget(bench, "key:0813ba6d30f7", "calls", "total", 9);
    be_key_of_the_settings(bench);
    struct transaction *transaction = lock_budgets(bench);
    assert_false(reserve(bench, 80, &reservation, &err));
    assert_int_equal(err.code, ERROR_UNAVAILABLE);
    assert_true(err.retry_after_s >= 1);
    assert_false(transaction_end(transaction, false, &ignored));
}

static void
lets_keys_of_the_settings_pass_while_the_database_is_away(void **state)
{
    struct bench *bench = *state;
    struct reservation reservation;
    struct settings nowhere;
    struct error err;
    be_key_of_the_settings(bench);
    assert_true(reserve(bench, 80, &reservation, &err));
    struct store *store = take_database_away(bench, &nowhere);
    assert_true(reserve(bench, 80, &reservation, &err));
    assert_true(store_is_down(bench->access.store));
    assert_true(reserve(bench, 80, &reservation, &err));
    store_close(bench->access.store);
    bench->access.store = store;
}

static void
lets_no_key_of_the_settings_pass_that_was_known_to_have_a_budget(void **state)
{
    struct bench *bench = *state;
    struct reservation reservation;
    struct settings nowhere;
    struct error err;
    be_key_of_the_settings(bench);
    set_budget(bench, bench->caller.tenant, "calls", "total", 9);
    assert_true(reserve(bench, 80, &reservation, &err));
    assert_true(reservation.held);
    struct store *store = take_database_away(bench, &nowhere);
    for (int i = 0; i < 2; i++) {
        assert_false(reserve(bench, 80, &reservation, &err));
        assert_int_equal(err.code, ERROR_UNAVAILABLE);
    }
    store_close(bench->access.store);
    bench->access.store = store;
}

static void
holds_nothing_for_a_call_that_has_gone(void **state)
{
    struct bench *bench = *state;
    static const char *const wish =
        "{\"id\":\"018f0000-0000-7000-8000-0000000000ff\",\"tenant\":\"key:0813ba6d30f7\","
        "\"model\":\"m\",\"operation\":\"chat\",\"cost_micros\":0,\"tokens\":0,\"ttl_s\":900,"
        "\"valid_until_us\":1700000000000000}";
    struct error err = {0};
    set_budget(bench, "key:0813ba6d30f7", "calls", "total", 9);
    const struct list *rows =
        store_query(bench->access.store, &reserve_query, &wish, &bench->arena, &err);
    assert_non_null(rows);
    assert_int_equal(rows->count, 0);
    assert_int_equal(look(bench, "key:0813ba6d30f7", "calls").reserved, 0);
}

static void
takes_a_lost_call_out_of_its_day_that_settles_under_another_model(void **state)
{
    struct bench *bench = *state;
    struct reservation lost;
    struct error err;
    set_budget(bench, key_owner, "money", "total", 100);
    assert_true(reserve(bench, 80, &lost, &err));
    fixture_sql(bench->database, "UPDATE hearth.reservation SET expires_at = now()");
    ledger_sweep(&bench->access, &bench->arena);
    assert_int_equal(sums(bench).lost, 1);
    const struct usage usage = {.model = "other",
                                .operation = "chat",
                                .cost_micros = 33,
                                .calls = 1,
                                .source = USAGE_PROVIDER,
                                .asked = true};
    settlement_make(&bench->request, &lost, &usage, &bench->arena);
    assert_int_equal(sums(bench).lost, 0);
    fixture_sql(bench->database, "DO $$ BEGIN ASSERT (SELECT min(lost) = 0 AND max(lost) = 0 FROM "
                                 "hearth.usage_day); END $$");
    fixture_sql(bench->database,
                "DO $$ BEGIN ASSERT (SELECT (sum(lost), sum(calls), sum(cost_micros)) = (0, 1, 33) "
                "FROM hearth.usage_total); END $$");
}

static void
does_not_hold_a_part_of_a_budget_that_was_set_meanwhile(void **state)
{
    struct bench *bench = *state;
    struct error err = {0};
    /* Between the lock and the update nothing can be put by a test: the lock names no budget. */
    fixture_sql(bench->database,
                "INSERT INTO hearth.budget (owner, unit, period, most) VALUES "
                "('key:0813ba6d30f7', 'calls', 'total', 9);"
                "ALTER FUNCTION hearth.budget_lock(text[]) RENAME TO budget_lock_whole;"
                "CREATE FUNCTION hearth.budget_lock(owners text[], OUT moment timestamptz, OUT ids "
                "uuid[]) LANGUAGE sql AS 'SELECT now(), ARRAY[]::uuid[]'");
    be_key_of_the_settings(bench);
    struct reservation reservation;
    assert_true(reserve(bench, 80, &reservation, &err));
    assert_false(reservation.held);
    assert_int_equal(look(bench, "key:0813ba6d30f7", "calls").reserved, 0);
    settle(bench, &reservation, 5);
    assert_int_equal(look(bench, "key:0813ba6d30f7", "calls").spent, 0);
}

static void
does_nothing_without_a_database(void **state)
{
    struct bench *bench = *state;
    struct access none = {.settings = &bench->settings, .host = bench->access.host};
    struct reservation reservation;
    struct error err;
    bench->request.access = &none;
    assert_true(reserve(bench, 80, &reservation, &err));
    assert_string_equal(reservation.id, "");
    settle(bench, &reservation, 50);
    assert_int_not_equal(access(bench->spool, F_OK), 0);
}

static void
names_owners_of_budgets(void **state)
{
    (void)state;
    assert_null(budget_owner_complaint(key_owner));
    assert_null(budget_owner_complaint("key:0813ba6d30f7"));
    assert_non_null(budget_owner_complaint("account:0813ba6d30f7"));
    assert_non_null(budget_owner_complaint("key:"));
    assert_non_null(budget_owner_complaint("018f0000-0000-7000-8000-000000000001"));
    assert_non_null(budget_owner_complaint("key:018f0000-0000-7000-8000-000000000001'"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(holds_in_all_budgets_of_a_caller_and_counts_what_was_spent),
        TEST(holds_nothing_where_one_budget_of_several_is_spent),
        TEST(tells_when_a_day_or_month_is_renewed),
        TEST(charges_what_a_call_cost_also_beyond_what_was_held),
        TEST(writes_a_settlement_once_however_often_it_is_told),
        TEST(names_a_call_as_lost_until_somebody_knows_better),
        TEST(lets_expired_reservations_go_without_a_request),
        TEST(answers_before_the_row_of_a_call_without_a_budget_and_writes_it_with_the_next_round),
        TEST(writes_the_others_of_a_round_though_one_is_not_taken),
        TEST(writes_the_row_before_the_answer_while_too_many_wait),
        TEST(names_the_call_of_a_dead_worker_as_lost_though_its_caller_has_no_budget),
        TEST(gives_back_at_once_what_a_dead_worker_held),
        TEST(writes_one_row_for_a_call_whose_reservation_ran_out_as_well),
        TEST(charges_a_lost_call_with_what_was_reported_of_it),
        TEST(charges_a_lost_call_once_though_it_is_named_again),
        TEST(charges_lost_calls_once_though_two_name_them_at_once),
        TEST(puts_the_exact_figures_in_the_place_of_what_a_lost_call_was_charged),
        TEST(charges_what_was_reported_of_a_lost_call_whose_reservation_had_run_out),
        TEST(leaves_calls_that_are_settled_or_under_way_alone),
        TEST(keeps_the_call_of_a_dead_worker_in_a_file_while_the_database_is_away),
        TEST(begins_a_new_window_and_forgets_the_old_one),
        TEST(counts_a_call_that_was_under_way_when_its_budget_was_set_only_from_then_on),
        TEST(ends_what_was_held_without_a_row_where_nobody_was_asked),
        TEST(takes_a_budget_away_with_what_was_held_in_it),
        TEST(lets_no_key_of_the_settings_pass_a_budget_that_is_locked),
        TEST(lets_keys_of_the_settings_pass_while_the_database_is_away),
        TEST(lets_no_key_of_the_settings_pass_that_was_known_to_have_a_budget),
        TEST(holds_nothing_for_a_call_that_has_gone),
        TEST(takes_a_lost_call_out_of_its_day_that_settles_under_another_model),
        TEST(does_not_hold_a_part_of_a_budget_that_was_set_meanwhile),
        TEST(does_nothing_without_a_database),
        cmocka_unit_test(names_owners_of_budgets),
    };
    return cmocka_run_group_tests(tests, store_group_set_up, store_group_tear_down);
}
