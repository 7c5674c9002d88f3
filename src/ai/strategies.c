/* Which strategy holds for which operation: a table for each preset, and the one in force. */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ai/strategy.h"
#include "base/clock.h"
#include "base/log.h"
#include "host/alert.h"
#include "host/choice.h"
#include "host/journal.h"

enum { NONE_SEEN = PRESET_COUNT, SEEN_BITS = 8 };

struct strategies {
    const struct settings *settings;
    struct host *host;
    struct arena arena;
    const struct preset_custom *custom; /* NULL for none */
    struct strategy_table tables[PRESET_COUNT];
    size_t by_settings; /* the table that the settings choose */
    /* The host's generation of choice that was seen last, and in the lowest bits the table that it
     * means; NONE_SEEN: the settings'. */
    _Atomic uint64_t seen;
    int64_t opened_us; /* how long it took to be opened */
    bool announces;    /* notes what it follows in the journal and the log */
};

/* Adds a row of the journal about the preset that holds now. */
static void
note(struct strategies *strategies, enum journal_kind kind, const char *session, const char *text,
     int64_t value)
{
    struct journal_row row = {.kind = kind, .level = JOURNAL_INFO, .value = value};
    journal_text(row.subject, sizeof(row.subject), strategies_now(strategies)->preset->name);
    journal_text(row.session, sizeof(row.session), session);
    journal_text(row.text, sizeof(row.text), text);
    journal_add(strategies->host, &row);
}

/* The load of a configuration, and by it the use of a preset. */
static void
note_load(struct strategies *strategies, int64_t spent_us)
{
    char session[40];
    snprintf(session, sizeof(session), "process-%ld", (long)getpid());
    note(strategies, JOURNAL_CONFIG_LOAD, session, strategies->custom ? "custom" : "", spent_us);
    note(strategies, JOURNAL_PRESET_USAGE, session, "", 0);
}

static void
note_error(struct strategies *strategies, const struct error *err)
{
    struct journal_row row = {
        .kind = JOURNAL_CONFIG_ERROR, .level = JOURNAL_ERROR, .subject = "custom"};
    journal_text(row.text, sizeof(row.text), err->detail);
    if (strategies->host)
        journal_add(strategies->host, &row);
}

bool
strategies_check(const struct settings *settings, struct strbuf *complaints)
{
    const char *custom = settings->resilience_custom_config;
    struct error err = {0};
    if (!*custom || preset_custom_parse(custom, complaints->arena, &err))
        return true;
    if (!err.fields)
        strbuf_printf(complaints, "%s\n", err.detail);
    for (const struct field_error *bad = err.fields; bad; bad = bad->next)
        strbuf_printf(complaints, "RESILIENCE_CUSTOM_CONFIG: %s%s%s\n", bad->path,
                      *bad->path ? " " : "", bad->message);
    return false;
}

struct strategies *
strategies_open(const struct settings *settings, struct host *host, struct error *err)
{
    int64_t started_us = clock_monotonic_us();
    struct strategies *strategies = xmalloc(sizeof(*strategies));
    *strategies = (struct strategies){.settings = settings, .host = host, .seen = NONE_SEEN};
    const char *custom = settings->resilience_custom_config;
    if (custom && *custom) {
        strategies->custom = preset_custom_parse(custom, &strategies->arena, err);
        if (!strategies->custom) {
            note_error(strategies, err);
            strategies_close(strategies);
            return NULL;
        }
    }
    for (size_t i = 0; i < PRESET_COUNT; i++) {
        strategy_table_fill(&strategies->tables[i], &presets[i], settings, strategies->custom);
        if (settings->resilience_preset &&
            strcmp(settings->resilience_preset, presets[i].name) == 0)
            strategies->by_settings = i;
    }
    strategies->opened_us = clock_monotonic_us() - started_us;
    return strategies;
}

void
strategies_announce(struct strategies *strategies)
{
    /* What was chosen before this process started is followed from now on, and is no change. */
    strategies_now(strategies);
    strategies->announces = true;
    note_load(strategies, strategies->opened_us);
}

void
strategies_close(struct strategies *strategies)
{
    if (!strategies)
        return;
    arena_release(&strategies->arena);
    free(strategies);
}

static size_t
index_named(const char *name)
{
    const struct preset *preset = preset_find(name);
    return preset ? (size_t)(preset - presets) : NONE_SEEN;
}

/* Looks up what the host's choice means, once for each of its changes. */
static size_t
look_again(struct strategies *strategies, uint64_t seen)
{
    int64_t started_us = clock_monotonic_us();
    char name[CHOICE_NAME_BYTES];
    uint64_t generation;
    bool chosen = choice_read(strategies->host, name, &generation);
    size_t index = chosen ? index_named(name) : NONE_SEEN;
    bool first =
        atomic_compare_exchange_strong(&strategies->seen, &seen, generation << SEEN_BITS | index);
    if (!first || !strategies->announces)
        return index;
    if (chosen && index == NONE_SEEN)
        log_line(LOG_LEVEL_WARNING, "the preset chosen is not known here",
                 LOG_TEXT("preset", name));
    else
        log_line(LOG_LEVEL_INFO, "resilience preset",
                 LOG_TEXT("preset", chosen ? name : presets[strategies->by_settings].name),
                 LOG_TEXT("from", chosen ? "choice" : "settings"));
    note_load(strategies, clock_monotonic_us() - started_us);
    return index;
}

/* The table that the host's choice means, or NONE_SEEN. */
static size_t
index_chosen(struct strategies *strategies)
{
    if (!strategies->host)
        return NONE_SEEN;
    uint64_t seen = atomic_load_explicit(&strategies->seen, memory_order_relaxed);
    if (seen >> SEEN_BITS == choice_generation(strategies->host))
        return seen & ((1U << SEEN_BITS) - 1);
    return look_again(strategies, seen);
}

const struct strategy_table *
strategies_now(struct strategies *strategies)
{
    size_t index = index_chosen(strategies);
    return &strategies->tables[index == NONE_SEEN ? strategies->by_settings : index];
}

const struct strategy_table *
strategies_under(const struct strategies *strategies, const struct preset *preset)
{
    return &strategies->tables[preset - presets];
}

const struct preset_custom *
strategies_custom(const struct strategies *strategies)
{
    return strategies->custom;
}

const struct preset *
strategies_chosen(struct strategies *strategies)
{
    size_t index = index_chosen(strategies);
    return index == NONE_SEEN ? NULL : &presets[index];
}

bool
strategies_choose(struct strategies *strategies, const char *name, const char *by,
                  struct error *err)
{
    bool back = !*name || strcmp(name, "default") == 0;
    if (!back && !preset_find(name))
        return error_set(err, ERROR_NOT_FOUND,
                         "no preset is called \"%.60s\"; there are simple, development and "
                         "production, and default for the settings' choice",
                         name);
    choice_make(strategies->host, back ? "" : name);
    const struct strategy_table *table = strategies_now(strategies);
    note(strategies, JOURNAL_CONFIG_CHANGE, by,
         back ? "back to the settings' choice" : "chosen while running", 0);
    const struct alert alert = {
        .level = JOURNAL_INFO, .kind = "preset_changed", .subject = table->preset->name};
    alert_raise(strategies->host, &alert, "resilience preset \"%s\" holds from now on%s",
                table->preset->name, back ? ", as the settings say" : "");
    return true;
}

const struct strategy_policy *
strategy_of(struct strategies *strategies, const struct operation *operation)
{
    const struct strategy_table *table = strategies_now(strategies);
    for (size_t i = 0; i < STEERED_OPERATIONS; i++)
        if (strcmp(table->steered[i].operation, operation->name) == 0)
            return table->steered[i].policy;
    return operation->strategy == STRATEGY_GATEWAY ? table->gateway.policy
                                                   : &table->strategies[operation->strategy];
}

const struct strategy_policy *
strategy_of_gateway(struct strategies *strategies)
{
    return strategies_now(strategies)->gateway.policy;
}
