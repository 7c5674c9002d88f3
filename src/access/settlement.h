/* What a call cost is written after it, once, whatever dies in between: a small file of the spool
 * before it is a row. */
#ifndef HEARTH_ACCESS_SETTLEMENT_H
#define HEARTH_ACCESS_SETTLEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "access/reservation.h"
#include "access/spool.h"

struct access;
struct caller;
struct host;

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

/* Writes the usage and ends the reservation in one transaction; what was spent counts in place of
 * what was held, also where it is more. Does not fail: a file is told later. Updates
 * reservation->remaining.
 */
void settlement_make(const struct request *request, struct reservation *reservation,
                     const struct usage *usage, struct arena *arena);

/* Adds it to the metric of what calls cost. */
void usage_count_cost(struct host *host, const struct usage *usage);

/* As the database takes it, and as a file of the spool has it. */
struct settlement {
    const char *id, *key_id, *account_id, *organisation_id, *tenant, *model, *operation;
    const char *source, *outcome, *raw;
    int64_t at_us, cost_micros, input, output, cached, written, thought, duration_ms, calls;
    bool asked;
};

/* Enters what became of the call. */
void settlement_fill(struct settlement *settlement, const struct usage *usage);

/* Of a call of which nothing is known but whose it is. */
struct settlement settlement_of(const struct caller *caller, const struct reservation *reservation);

/* The tenant of a caller that is in no table, else NULL: the others' ids say whose a call is. */
const char *settlement_tenant(const struct caller *caller);

/* As JSON, in the arena. */
const char *settlement_text(const struct settlement *settlement, struct arena *arena);

/* Tells the database; what it does not take is logged once a minute. */
enum spool_verdict settlement_tell(struct access *access, const char *text, struct arena *arena);

/* Several in one transaction; anything but SPOOL_TOLD: none of them was written. */
enum spool_verdict settlement_tell_many(struct access *access, const char *const *texts,
                                        size_t count, struct arena *arena);

#endif
