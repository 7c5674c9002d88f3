/* What an ask costs: foreseen, counted, settled. */
#include "ai/bill.h"

#include <string.h>

#include "access/tracked_call.h"
#include "ai/attempt.h"
#include "ai/run.h"
#include "base/clock.h"

static int64_t
least(int64_t first, int64_t second)
{
    return first < second ? first : second;
}

static int64_t
known(int64_t count)
{
    return count > 0 ? count : 0;
}

static int64_t
output_of(const struct ask *ask, const struct model_settings *model)
{
    return model->output_tokens > 0 ? model->output_tokens : ask->ai->settings->reserved_output;
}

static int64_t
foreseen_output(const struct ask *ask)
{
    if (ask->output_tokens != 0)
        return known(ask->output_tokens);
    int64_t most = output_of(ask, ask->model);
    for (size_t i = 0; ask->model->fallbacks[i]; i++)
        if (ask->model->fallbacks[i]->provider->kind != PROVIDER_LOCAL &&
            output_of(ask, ask->model->fallbacks[i]) > most)
            most = output_of(ask, ask->model->fallbacks[i]);
    return most;
}

/* A plain answer is charged for when it came, and each model may be asked to repair it. Of streams
 * a provider may charge for the question before the connection breaks, and where they are held back
 * for the answer too. */
static void
foresee(const struct ask *ask, struct price_foreseen *foreseen)
{
    int64_t models = 1;
    for (size_t i = 0; ask->model->fallbacks[i]; i++)
        models += ask->model->fallbacks[i]->provider->kind != PROVIDER_LOCAL;
    int64_t attempts = ask->one_try ? models : ask->policy->attempts + models - 1;
    *foreseen = (struct price_foreseen){
        .input = ask->input_tokens > 0 ? ask->input_tokens
                                       : price_tokens_at_most((size_t)ask->bill.question_bytes),
        .output = foreseen_output(ask),
        .questions = 1,
        .answers = 1,
    };
    if (ask->repairs > 0)
        foreseen->questions = foreseen->answers = models * (1 + ask->repairs);
    if (ask->streams && foreseen->questions < attempts)
        foreseen->questions = attempts;
    if (ask->streams && ask->whole && foreseen->answers < attempts)
        foreseen->answers = attempts;
}

static void
show_budget(struct ask *ask)
{
    const struct reservation *reservation = &ask->bill.reservation;
    if (!reservation->held)
        return;
    ask->receipt->budget_unit = reservation->unit;
    ask->receipt->budget_period = reservation->period;
    ask->receipt->budget_remaining = reservation->remaining;
}

bool
bill_open(struct ask *ask, const struct provider_request *request, struct provider_failure *failure)
{
    struct bill *bill = &ask->bill;
    bill->question_bytes = (int64_t)request->body.length;
    if (bill->opened)
        return true;
    struct price_foreseen foreseen;
    foresee(ask, &foreseen);
    const struct ledger_estimate estimate = {
        .model = ask->model->name,
        .operation = ask->operation,
        .cost_micros = price_worst_micros(ask->model, &foreseen),
        .tokens = price_worst_tokens(&foreseen),
    };
    bill->started_us = clock_monotonic_us();
    *failure = (struct provider_failure){.class = FAULT_CALLER, .retry_after_ms = -1};
    if (!reservation_make(ask->request, &estimate, ask->arena, &bill->reservation, &failure->error))
        return false;
    bill->opened = true;
    bill->tally.usage = (struct usage){.model = ask->model->name, .operation = ask->operation};
    show_budget(ask);
    return true;
}

static bool
is_reported(const struct chat_usage *usage)
{
    return usage->reports > 0 && (usage->input >= 0 || usage->output >= 0);
}

/* The request's bytes, but no more than was foreseen: an image is not its bytes. */
static int64_t
question_tokens(const struct ask *ask)
{
    int64_t tokens = price_tokens((size_t)ask->bill.question_bytes);
    return ask->input_tokens > 0 ? least(tokens, ask->input_tokens) : tokens;
}

static void
tally_add(struct tally *tally, const struct model_settings *model, const struct chat_usage *counted)
{
    struct usage *sum = &tally->usage;
    sum->model = model->name;
    sum->input += known(counted->input);
    sum->output += known(counted->output);
    sum->cached += known(counted->cached);
    sum->written += known(counted->written);
    sum->thought += known(counted->thought);
    price_add(&tally->sum, model, counted);
}

/* The tally's usage with what follows from it. */
static struct usage
usage_of(const struct tally *tally)
{
    struct usage usage = tally->usage;
    usage.source = USAGE_NONE;
    if (tally->reported)
        usage.source = USAGE_PROVIDER;
    if (tally->estimated)
        usage.source = USAGE_ESTIMATED;
    usage.cost_micros = price_micros(tally->sum);
    return usage;
}

void
bill_add(struct ask *ask, const struct model_settings *model, const struct bill_item *item)
{
    struct bill *bill = &ask->bill;
    struct tally *tally = &bill->tally;
    bool reported = is_reported(item->usage);
    bool estimated = !reported || (!item->whole && item->made_bytes > 0);
    if (!reported && !item->whole && item->made_bytes == 0)
        return;
    struct chat_usage counted = *item->usage;
    if (counted.input < 0 && !reported)
        counted.input = question_tokens(ask);
    if (estimated)
        counted.output = known(counted.output) + price_tokens(item->made_bytes);
    tally_add(tally, model, &counted);
    tally->reported = tally->reported || reported;
    tally->estimated = tally->estimated || estimated;
    if (counted.raw[0] != '\0')
        memcpy(bill->raw, counted.raw, sizeof(bill->raw));
    const struct usage usage = usage_of(tally);
    tracked_call_note(&bill->reservation, &usage);
}

void
bill_note(struct ask *ask, const struct model_settings *model, const struct chat_usage *reported)
{
    struct bill *bill = &ask->bill;
    if (!is_reported(reported))
        return;
    struct tally tally = bill->tally;
    tally_add(&tally, model, reported);
    tally.reported = true;
    const struct usage usage = usage_of(&tally);
    tracked_call_note(&bill->reservation, &usage);
}

void
bill_close(struct ask *ask, const struct error *err)
{
    struct bill *bill = &ask->bill;
    if (!bill->opened)
        return;
    struct usage usage = usage_of(&bill->tally);
    usage.outcome = err ? error_info(err->code)->name : NULL;
    usage.calls = !err || usage.source != USAGE_NONE;
    usage.duration_ms = (clock_monotonic_us() - bill->started_us) / 1000;
    usage.asked = ask->receipt->attempts > 0;
    usage.raw = bill->raw[0] != '\0' ? bill->raw : NULL;
    usage_count_cost(ask->ai->host, &usage);
    settlement_make(ask->request, &bill->reservation, &usage, ask->arena);
    ask->receipt->cost_micros += usage.cost_micros;
    ask->receipt->settled = true;
    show_budget(ask);
}
