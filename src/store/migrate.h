/* Brings the schema of a database along the migrations that this program knows, forward only. Each
 * goes in a transaction with its row in hearth.migration, under an advisory lock, so that any
 * number of migrators may run at once; one that fails leaves the database as it was before it. */
#ifndef HEARTH_STORE_MIGRATE_H
#define HEARTH_STORE_MIGRATE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "store/migration.h"

enum migrate_mode {
    MIGRATE_APPLY,
    MIGRATE_STATUS,  /* only tells */
    MIGRATE_DRY_RUN, /* runs what is to come in one transaction, and rolls it back */
};

/* For how long a table that is partitioned by day keeps its rows (hearth.retention). */
struct migrate_retention {
    const char *relation; /* NULL ends a list */
    int64_t days;
};

struct migrate_wish {
    enum migrate_mode mode;
    const char *url, *setting;   /* how to connect, and the setting that says so */
    const char *application_url; /* whose role is to have the program's rights; "" for nobody */
    struct migrations migrations;
    const struct migrate_retention *retention; /* written after the last one; NULL: none */
    FILE *out;                                 /* what was done, a line each */
};

/* Does it. *pending is how many migrations are not applied then. false with err telling the file,
 * line, SQLSTATE and message of a migration that failed, or what SQL to run as another role. */
bool migrate_run(const struct migrate_wish *wish, size_t *pending, struct error *err)
    __attribute__((warn_unused_result));

#endif
