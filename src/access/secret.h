/* The secret that all processes of an installation share: it signs what only they may say. */
#ifndef HEARTH_ACCESS_SECRET_H
#define HEARTH_ACCESS_SECRET_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/settings.h"

/* AUTH_SECRET; where that is not set, which production does not start with where it is needed, one
 * that is made at random once and kept in the runtime directory for the workers of this host. In
 * the arena. false: the file cannot be made or read. */
bool secret_read(const struct settings *settings, struct arena *arena, const char **secret,
                 struct error *err) __attribute__((warn_unused_result));

#endif
