/* A database of its own for each test, with the schema as this build knows it. The environment's
 * HEARTH_TEST_CLUSTER is the directory of a running cluster (tests/dev/cluster); without it the
 * program starts one and stops it at its end. */
#ifndef HEARTH_TESTS_STORE_FIXTURE_H
#define HEARTH_TESTS_STORE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static char fixture_cluster[128];
static char fixture_template[64];
static bool fixture_owns_cluster;

static inline void
fixture_shell(const char *command)
{
    if (system(command) != 0) /* NOLINT(concurrency-mt-unsafe,cert-env33-c): a test's own script */
        fail_msg("%s failed", command);
}

/* Runs tests/dev/cluster. arguments follow the directory. */
static inline void
fixture_run(const char *verb, const char *arguments)
{
    char command[1024];
    const char *source = getenv("srcdir");
    snprintf(command, sizeof(command), "CLUSTER_FAST=1 %s/tests/dev/cluster %s '%s' %s",
             source ? source : ".", verb, fixture_cluster, arguments);
    fixture_shell(command);
}

/* The connection string of a database: of the program's role, or of the owner's who migrates. */
static inline const char *
fixture_url(char *url, size_t size, const char *database, bool owner)
{
    snprintf(url, size, "host=%s dbname=%s user=%s", fixture_cluster, database,
             owner ? "hearth_owner" : "hearth");
    return url;
}

static inline void
fixture_migrate(const char *database)
{
    char url[256], owner_url[256], command[1024];
    fixture_url(url, sizeof(url), database, false);
    fixture_url(owner_url, sizeof(owner_url), database, true);
    snprintf(command, sizeof(command),
             "DATABASE_URL='%s' DATABASE_MIGRATION_URL='%s' hearth migrate >/dev/null", url,
             owner_url);
    fixture_shell(command);
}

/* For cmocka_run_group_tests(): the cluster, and a template that tests' databases are copied from.
 */
static inline int
store_group_set_up(void **state)
{
    (void)state;
    const char *given = getenv("HEARTH_TEST_CLUSTER");
    if (given) {
        snprintf(fixture_cluster, sizeof(fixture_cluster), "%s", given);
    } else {
        snprintf(fixture_cluster, sizeof(fixture_cluster), "/var/tmp/hearth-database-XXXXXX");
        assert_non_null(mkdtemp(fixture_cluster));
        fixture_owns_cluster = true;
        fixture_run("start", "");
    }
    snprintf(fixture_template, sizeof(fixture_template), "template_%d", (int)getpid());
    fixture_run("create", fixture_template);
    fixture_migrate(fixture_template);
    return 0;
}

static inline int
store_group_tear_down(void **state)
{
    (void)state;
    if (!fixture_owns_cluster)
        return 0;
    char command[256];
    fixture_run("stop", "");
    snprintf(command, sizeof(command), "rm -rf '%s'", fixture_cluster);
    fixture_shell(command);
    return 0;
}

/* Makes a database for one test; name has room for 64 bytes. */
static inline void
fixture_database(char *name)
{
    static int number;
    char arguments[160];
    snprintf(name, 64, "test_%d_%d", (int)getpid(), ++number);
    snprintf(arguments, sizeof(arguments), "%s %s", name, fixture_template);
    fixture_run("create", arguments);
}

/* Runs SQL as the superuser, for what a test arranges or looks at; fails the test when the SQL
 * fails. */
static inline void
fixture_sql(const char *database, const char *sql)
{
    char command[4096];
    snprintf(
        command, sizeof(command),
        "psql -X -q -v ON_ERROR_STOP=1 -h '%s' -U postgres -d %s >/dev/null <<'END_OF_SQL'\n%s\nEND_OF_SQL",
        fixture_cluster, database, sql);
    fixture_shell(command);
}

/* The one row of a query as the superuser sees it, its columns joined with '|'; good until the next
 * call. */
static inline const char *
fixture_ask(const char *database, const char *sql)
{
    static char answer[1024];
    char command[4096];
    snprintf(
        command, sizeof(command),
        "psql -X -q -A -t -v ON_ERROR_STOP=1 -h '%s' -U postgres -d %s <<'END_OF_SQL'\n%s\nEND_OF_SQL",
        fixture_cluster, database, sql);
    FILE *stream = popen(command, "r"); /* NOLINT(cert-env33-c): a test's own script */
    if (!stream)
        fail_msg("%s does not start", command);
    size_t length = fread(answer, 1, sizeof(answer) - 1, stream);
    if (pclose(stream) != 0)
        fail_msg("%s failed", command);
    if (length > 0 && answer[length - 1] == '\n')
        length--;
    answer[length] = '\0';
    return answer;
}

#endif
