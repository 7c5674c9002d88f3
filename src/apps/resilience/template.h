/* Templates: custom configurations to begin with. */
#ifndef HEARTH_APPS_RESILIENCE_TEMPLATE_H
#define HEARTH_APPS_RESILIENCE_TEMPLATE_H

#include <jansson.h>

#include "ai/preset_custom.h"

struct config_template {
    const char *name, *title, *description;
    struct preset_custom config;
};

enum { TEMPLATE_COUNT = 5 };
extern const struct config_template config_templates[TEMPLATE_COUNT];
extern const char *const template_names[TEMPLATE_COUNT + 1]; /* NULL-terminated */

/* The template of this name, or NULL. */
const struct config_template *template_find(const char *name);

/* Fills err with ERROR_NOT_FOUND that names the templates there are. Returns false. */
bool template_unknown(const char *name, struct error *err);

/* Its configuration as a document of the arena's. */
json_t *template_document(const struct config_template *template, struct arena *arena);

struct template_suggestion {
    const struct config_template *template; /* the nearest one; NULL: none is near */
    double confidence;                      /* equal fields by fields given */
    const char *reasoning;
};

/* The template that is nearest to a configuration, which need not hold. */
void template_suggest(const json_t *configuration, struct arena *arena,
                      struct template_suggestion *out);

#endif
