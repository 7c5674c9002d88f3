/* Closing a breaker by hand, over HTTP or from the shell. */
#include "apps/resilience/reset.h"

#include "host/alert.h"
#include "host/breaker.h"

bool
breaker_reset_by_hand(struct host *host, const char *name, const char *by)
{
    bool closes = breaker_reset(breaker_find(host, name));
    struct journal_row row = {.kind = JOURNAL_BREAKER_RESET};
    journal_text(row.subject, sizeof(row.subject), name);
    journal_text(row.session, sizeof(row.session), by);
    journal_text(row.text, sizeof(row.text), "breaker reset");
    journal_add(host, &row);
    if (closes)
        alert_raise(
            host, &(struct alert){.level = JOURNAL_INFO, .kind = "breaker_closed", .subject = name},
            "the breaker of \"%s\" was closed by hand", name);
    return closes;
}
