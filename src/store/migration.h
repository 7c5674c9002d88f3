/* The steps that the schema has been brought along, in order: the files of src/store/migrations. */
#ifndef HEARTH_STORE_MIGRATION_H
#define HEARTH_STORE_MIGRATION_H

#include <stddef.h>

#include "base/sha256.h"

struct migration {
    int version;
    const char *name, *text;
    int compatible_from; /* the oldest program, by the last migration it knows, that can run on the
                            schema then */
};

struct migrations {
    const struct migration *items;
    size_t count;
};

/* Those of this program. */
struct migrations migrations_known(void);

/* The last one's version; 0 where there is none. */
int migrations_last(const struct migrations *migrations);

void migration_digest(const struct migration *migration, unsigned char digest[SHA256_BYTES]);

#endif
