/* Time, always passed as a number so that tests can choose it. */
#ifndef HEARTH_BASE_CLOCK_H
#define HEARTH_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct arena;

/* CLOCK_MONOTONIC, the same for all processes of the host: for durations and deadlines. */
int64_t clock_monotonic_us(void);

/* Time of day since 1970, for what people and other hosts read. */
int64_t clock_realtime_us(void);

static inline int64_t
clock_monotonic_ms(void)
{
    return clock_monotonic_us() / 1000;
}

/* RFC 3339 in UTC with milliseconds, "2026-05-04T12:00:00.123Z". size is at least 25. */
void clock_format(char *text, int64_t realtime_us);
enum { CLOCK_TEXT_BYTES = 25 };

/* The same in the arena. */
const char *clock_text(struct arena *arena, int64_t realtime_us);

/* Reads "2026-05-04" (the start of the day in UTC) or RFC 3339 with any offset. false: it is
 * neither, or no such day. Seconds past 59 and years before 1970 are none. */
bool clock_parse(const char *text, int64_t *realtime_us) __attribute__((warn_unused_result));

#endif
