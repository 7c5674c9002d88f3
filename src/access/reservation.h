/* What may be spent on a call is held before it, in all budgets of its caller: whether they have
 * room for it, and the call's identity in the ledger. */
#ifndef HEARTH_ACCESS_RESERVATION_H
#define HEARTH_ACCESS_RESERVATION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/id.h"
#include "host/flight.h"
#include "http/request.h"

/* The worst that a call may cost, and what it is. */
struct ledger_estimate {
    const char *model, *operation;
    int64_t cost_micros, tokens;
};

/* What a call holds of its caller's budgets, and the call's identity in the ledger. */
struct reservation {
    char id[UUID_TEXT_BYTES]; /* of the call; "" where there is no ledger */
    int64_t at_us;            /* when it began, time of day: with id, the call's identity */
    struct flight flight;     /* its place among the calls under way */
    bool held;                /* in at least one budget */
    /* Of the tightest budget, where held: "money", "tokens" or "calls"; "day", "month" or "total";
     * what is left of it while this is held, and how much of it this holds. In the arena. */
    const char *unit, *period;
    int64_t remaining, amount;
};

/* Holds the estimate in all budgets of the request's caller, or in none; one statement. Callers
 * without a budget hold nothing and are always let pass. Fails with ERROR_BUDGET_EXHAUSTED naming
 * the budget and, in retry_after_s, when it is renewed, and with ERROR_UNAVAILABLE where a budget
 * is known to apply and the database cannot be asked. Waits: only on the waiting lane. Several
 * threads may share the request; the arena is the caller's own. What was made has to be settled:
 * settlement_make(). */
bool reservation_make(const struct request *request, const struct ledger_estimate *estimate,
                      struct arena *arena, struct reservation *reservation, struct error *err)
    __attribute__((warn_unused_result));

#endif
