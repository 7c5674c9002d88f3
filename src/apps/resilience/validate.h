/* Checks of custom configurations before they are put into the settings. */
#ifndef HEARTH_APPS_RESILIENCE_VALIDATE_H
#define HEARTH_APPS_RESILIENCE_VALIDATE_H

#include <jansson.h>

#include "ai/preset.h"
#include "apps/resilience/schemas.h"

/* What a configuration from outside may be, whatever its fields say. */
enum {
    VALIDATE_BYTES_MAX = 4096,
    VALIDATE_STRING_MAX = 200,
    VALIDATE_ARRAY_MAX = 20,
    VALIDATE_OBJECT_MAX = 50,
    VALIDATE_DEPTH_MAX = 10,
    VALIDATE_CODE_POINT_MAX = 0x1f4ff,
    VALIDATE_REPEATS_MAX = 10,
};

/* Texts in the order in which they were found; the first hundred are kept. */
struct findings {
    struct arena *arena;
    const char **items;
    size_t count;
};

struct validation {
    struct arena *arena;
    struct findings errors, warnings, suggestions;
};

void validation_init(struct validation *validation, struct arena *arena);
void findings_add(struct findings *findings, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
struct list findings_list(const struct findings *findings);

/* Checks the fields of a configuration by their rows and the rules over them; warnings are about
 * its use under preset. */
void validate_fields(struct validation *validation, const json_t *configuration,
                     const struct preset *preset);

/* Checks sizes, characters and texts that look like code or markup. */
void validate_content(struct validation *validation, const json_t *configuration);

/* The bytes of a configuration as compact JSON. */
size_t validate_size(const json_t *configuration, struct arena *arena);

/* How many kinds of code and markup are refused. */
size_t validate_pattern_count(void);

/* The fields of a configuration beside what is allowed of them. */
void validate_whitelist(struct validation *validation, const json_t *configuration,
                        struct whitelist_answer *answer);

/* The names of all fields. */
struct list validate_allowed_fields(struct arena *arena);

#endif
