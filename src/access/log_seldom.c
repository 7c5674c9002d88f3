/* The ledger's lines about a database or a disk that does not do its part. */
#include "access/log_seldom.h"

#include "access/access.h"
#include "base/clock.h"
#include "base/log.h"
#include "host/limit.h"

enum { LOG_EVERY_S = 60 };

void
log_seldom(const struct access *access, const char *event, const char *detail,
           const char *settlement)
{
    struct limit_state ignored;
    if (limit_take(access->host, event, (struct rate){1, LOG_EVERY_S}, clock_monotonic_us(),
                   &ignored))
        log_line(LOG_LEVEL_ERROR, event, LOG_TEXT("detail", detail),
                 LOG_TEXT("settlement", settlement));
}
