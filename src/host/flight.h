/* Calls under way over all workers of the host, each with what is to be said of it should its
 * worker die: a process that is killed leaves it here, and one that lives finds it. */
#ifndef HEARTH_HOST_FLIGHT_H
#define HEARTH_HOST_FLIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/host.h"

enum {
    FLIGHT_ID_BYTES = 37, /* a UUID as text */
    FLIGHT_TENANT_BYTES = 28,
    FLIGHT_MODEL_BYTES = 72,
    FLIGHT_OPERATION_BYTES = 32,
};

/* What is charged for a call as far as that is known. */
struct flight_spent {
    char model[FLIGHT_MODEL_BYTES]; /* charged last; the first to be asked while none was */
    int64_t cost_micros;
    int32_t input, output, cached, written, thought; /* tokens */
    int32_t source; /* where the figures are from: whoever writes it knows its values */
};

/* Texts are NUL-terminated; "" where there is none. */
struct flight_record {
    int64_t at_us;               /* when it began, time of day: with id, the call's identity */
    int64_t cost_micros, tokens; /* the worst that it may cost */
    char id[FLIGHT_ID_BYTES];
    char key_id[FLIGHT_ID_BYTES], account_id[FLIGHT_ID_BYTES], organisation_id[FLIGHT_ID_BYTES];
    char tenant[FLIGHT_TENANT_BYTES];
    char operation[FLIGHT_OPERATION_BYTES];
    struct flight_spent spent; /* the last member: only this one changes */
};

struct flight {
    struct host *host;
    uint64_t owner; /* 0: it is in no slot */
    uint32_t slot;
};

/* Enters a call of this process (process_self()). false, and the flight in no slot, where the table
 * is full. No system call. */
bool flight_begin(struct host *host, uint64_t process, const struct flight_record *record,
                  struct flight *flight) __attribute__((warn_unused_result));

/* Puts this in the place of what was spent. Only the thread whose call it is. Nothing where it is
 * in no slot. */
void flight_spend(struct flight *flight, const struct flight_spent *spent);

/* Takes it out. Nothing where it is in no slot. */
void flight_end(struct flight *flight);

/* Gives the calls of dead processes to take(), whose record is gone afterwards; one that it took is
 * in the table no more, at any other it returns false and the rest stays for the next time. A call
 * may be given twice, where who was given it died before he said that it was taken. Returns how
 * many were taken. */
size_t flight_salvage(struct host *host,
                      bool (*take)(void *context, const struct flight_record *record),
                      void *context);

#endif
