/* Any JSON is checked as a custom configuration without harm; what the checks take, the settings
 * take, and a template is suggested for all of it. */
#include <stdlib.h>
#include <string.h>

#include "ai/preset_custom.h"
#include "apps/resilience/template.h"
#include "apps/resilience/validate.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void
check(const json_t *document, const char *text, struct arena *arena)
{
    struct validation validation;
    struct whitelist_answer whitelist = {0};
    struct template_suggestion suggestion;
    validation_init(&validation, arena);
    validate_content(&validation, document);
    template_suggest(document, arena, &suggestion);
    if (json_is_object(document))
        validate_whitelist(&validation, document, &whitelist);
    validation_init(&validation, arena);
    validate_fields(&validation, document, &presets[0]);
    struct error err = {0};
    const struct preset_custom *custom = preset_custom_parse(text, arena, &err);
    if ((custom != NULL) != (validation.errors.count == 0))
        abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct arena arena = {0};
    struct error err = {0};
    const char *text = arena_strndup(&arena, (const char *)bytes, size);
    const json_t *document = schema_parse(text, strlen(text), &arena, &err);
    if (document)
        check(document, text, &arena);
    arena_release(&arena);
    return 0;
}
