/* The table of migrations, which the build makes of their files. */
#include "store/migration.h"

#include <string.h>

static const struct migration known[] = {
#include "store/migrations.inc"
};

struct migrations
migrations_known(void)
{
    return (struct migrations){known, sizeof(known) / sizeof(known[0])};
}

int
migrations_last(const struct migrations *migrations)
{
    return migrations->count > 0 ? migrations->items[migrations->count - 1].version : 0;
}

void
migration_digest(const struct migration *migration, unsigned char digest[SHA256_BYTES])
{
    struct sha256 sha;
    sha256_init(&sha);
    sha256_add(&sha, migration->text, strlen(migration->text));
    sha256_end(&sha, digest);
}
