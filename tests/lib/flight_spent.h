/* What calls under way have spent, so that a torn figure shows. */
#ifndef HEARTH_TESTS_FLIGHT_SPENT_H
#define HEARTH_TESTS_FLIGHT_SPENT_H

#include <stdio.h>

#include "host/flight.h"

/* All of it tells the same number. */
static inline struct flight_spent
flight_spent_of(int32_t number)
{
    struct flight_spent spent = {.cost_micros = number,
                                 .input = number,
                                 .output = number,
                                 .cached = number,
                                 .written = number,
                                 .thought = number,
                                 .source = number};
    snprintf(spent.model, sizeof spent.model, "%d", number);
    return spent;
}

#endif
