/* What calls to models cost: what a caller may still spend is held before a call, and what it cost
 * is written after it, once, whatever dies in between. Money is counted in millionths of the
 * currency unit. All of it needs PostgreSQL; without one nothing is held and nothing written.
 *
 * A settlement is a small file of the spool before it is a row: it is written whole, then told to
 * the database, then deleted. What a dead worker or an unreachable database leaves there is told
 * later by ledger_sweep(); telling twice is once, by its id. */
#ifndef HEARTH_ACCESS_LEDGER_H
#define HEARTH_ACCESS_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/id.h"
#include "http/request.h"

struct access;

/* The worst that a call may cost, and what it is. */
struct ledger_estimate {
    const char *model, *operation;
    int64_t cost_micros, tokens;
};

/* What a call holds of its caller's budgets, and the call's identity in the ledger. */
struct reservation {
    char id[UUID_TEXT_BYTES]; /* of the call; "" where there is no ledger */
    int64_t at_us;            /* when it began, time of day: with id, the call's identity */
    bool held;                /* in at least one budget */
    /* Of the tightest budget, where held: "money", "tokens" or "calls"; "day", "month" or "total";
     * what is left of it while this is held, and how much of it this holds. In the arena. */
    const char *unit, *period;
    int64_t remaining, amount;
};

enum usage_source {
    USAGE_PROVIDER,  /* as the provider reported it */
    USAGE_ESTIMATED, /* at least a part of it was not reported */
    USAGE_NONE,      /* nothing is known: nothing is charged */
};

/* What became of a call. Tokens are counted whatever the provider's arithmetic: input with cached
 * and written, output with thought. */
struct usage {
    const char *model, *operation;
    const char *outcome; /* machine code of its failure; NULL: answered */
    int64_t input, output;
    int64_t cached;  /* of input: read from the provider's cache */
    int64_t written; /* of input: written to it */
    int64_t thought; /* of output */
    int64_t cost_micros;
    int64_t calls; /* how many calls this counts as: 0 where nothing came of it */
    int64_t duration_ms;
    enum usage_source source;
    bool asked;      /* a provider was asked at all; else only the reservation ends */
    const char *raw; /* the provider's own figures as JSON text, under USAGE_RAW_BYTES; or NULL */
};

enum { USAGE_RAW_BYTES = 160 };

/* Holds the estimate in all budgets of the request's caller, or in none; one statement. Callers
 * without a budget hold nothing and are always let pass. Fails with ERROR_BUDGET_EXHAUSTED naming
 * the budget and, in retry_after_s, when it is renewed, and with ERROR_UNAVAILABLE where a budget
 * is known to apply and the database cannot be asked. Waits: only on the waiting lane. Several
 * threads may share the request; the arena is the caller's own. */
bool ledger_reserve(const struct request *request, const struct ledger_estimate *estimate,
                    struct arena *arena, struct reservation *reservation, struct error *err)
    __attribute__((warn_unused_result));

/* Writes the usage and ends the reservation in one transaction; what was spent counts in place of
 * what was held, also where it is more. Does not fail: see above. Updates reservation->remaining.
 */
void ledger_settle(const struct request *request, struct reservation *reservation,
                   const struct usage *usage, struct arena *arena);

/* Tells the database what the spool holds of others, and lets expired reservations go: a duty of
 * the caretaker, once a second. Stops at the first failure. */
void ledger_sweep(struct access *access, struct arena *arena);

#endif
