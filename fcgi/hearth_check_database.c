/* Doctor's check of the database: whether it answers, fits this program, and as whom we come. */
#include "fcgi/hearth.h"

#include <string.h>

#include "store/probe.h"

static void
say_what_fits(struct doctor *doctor, const struct store_probe_wish *wish,
              const struct store_probe *probe)
{
    doctor_say(doctor, VERDICT_OK, "%s: %s%s answers, its schema fits, role \"%s\"", wish->setting,
               probe->server, probe->is_standby ? " (a standby)" : "", probe->role);
    if (probe->is_superuser)
        doctor_say(doctor, VERDICT_WARN,
                   "%s: \"%s\" is a superuser, whom no right bounds: give the program a role of "
                   "its own (docs/store.md)",
                   wish->setting, probe->role);
    if (probe->is_standby && !wish->is_read)
        doctor_say(doctor, VERDICT_FAIL,
                   "%s leads to a standby, which takes no changes: name the primary, or all hosts "
                   "and target_session_attrs=read-write",
                   wish->setting);
}

static void
check(struct doctor *doctor, const char *setting, const char *url, bool is_read)
{
    const struct settings *settings = &doctor->command->settings;
    struct store_probe_wish wish = {
        .url = url,
        .setting = setting,
        .session = strcmp(settings->database_pooling, "session") == 0,
        .is_read = is_read,
        .workers = settings->pool_size,
        .pool_size = settings->database_pool_size,
    };
    struct store_probe probe;
    store_probe(&wish, &doctor->command->arena, &probe);
    if (probe.verdict == STORE_FITS)
        say_what_fits(doctor, &wish, &probe);
    else if (probe.verdict == STORE_MISFIT)
        doctor_say(doctor, VERDICT_FAIL, "%s: %s", setting, probe.reason);
    else
        doctor_say(doctor, VERDICT_FAIL, "%s: the database does not answer: %s", setting,
                   *probe.reason ? probe.reason : "no reason was given");
}

void
doctor_check_database(struct doctor *doctor)
{
    if (!doctor->command->settings_good)
        return;
    const struct settings *settings = &doctor->command->settings;
    if (!*settings->database_url) {
        doctor_say(doctor, VERDICT_OK,
                   "DATABASE_URL is not set here: text, budget and gateway need no database");
        return;
    }
    check(doctor, "DATABASE_URL", settings->database_url, false);
    if (*settings->database_read_url)
        check(doctor, "DATABASE_READ_URL", settings->database_read_url, true);
}
