/* The routes that check custom configurations. A configuration that does not hold is no failure of
 * the request: the answer is 200 and says what is wrong. */
#include <string.h>

#include "apps/resilience/resilience.h"
#include "apps/resilience/template.h"
#include "apps/resilience/validate.h"
#include "apps/service.h"
#include "ai/strategy.h"
#include "base/clock.h"
#include "host/journal.h"

/* One check of a configuration on its way to an answer. */
struct check {
    struct request *request;
    const char *name; /* "validate-secure", for the journal */
    int64_t started_us;
    struct validation validation;
};

static void
check_begin(struct check *check, struct request *request, const char *name)
{
    *check = (struct check){.request = request, .name = name, .started_us = clock_monotonic_us()};
    validation_init(&check->validation, &request->arena);
}

static const struct preset *
preset_now(const struct request *request)
{
    return strategies_now(ai_strategies(request->service->ai))->preset;
}

static void
check_note(const struct check *check)
{
    const struct validation *validation = &check->validation;
    bool good = validation->errors.count == 0;
    struct journal_row row = {.kind = JOURNAL_VALIDATION,
                              .level = good ? JOURNAL_INFO : JOURNAL_WARNING,
                              .value = clock_monotonic_us() - check->started_us};
    journal_text(row.subject, sizeof(row.subject), check->name);
    journal_text(row.session, sizeof(row.session), resilience_session(check->request));
    journal_text(row.text, sizeof(row.text), good ? "valid" : validation->errors.items[0]);
    journal_add(check->request->service->host, &row);
}

static bool
check_answer(const struct check *check, struct security_info *security)
{
    const struct validation *validation = &check->validation;
    struct validation_answer response = {
        .is_valid = validation->errors.count == 0,
        .errors = findings_list(&validation->errors),
        .warnings = findings_list(&validation->warnings),
        .suggestions = findings_list(&validation->suggestions),
        .security_info = security,
    };
    check_note(check);
    response_json(check->request, 200, &validation_answer_schema, &response);
    return true;
}

static bool
is_object(struct request *request, const json_t *configuration, const char *path, struct error *err)
{
    return json_is_object(configuration) ||
           error_set_field(err, &request->arena, path, "must be an object");
}

bool
resilience_validate(struct request *request, struct error *err)
{
    const struct configuration_request *input = request->input;
    if (!is_object(request, input->configuration, "body.configuration", err))
        return false;
    struct check check;
    check_begin(&check, request, "validate");
    validate_fields(&check.validation, input->configuration, preset_now(request));
    return check_answer(&check, NULL);
}

static void
check_all(struct check *check, const json_t *configuration)
{
    validate_content(&check->validation, configuration);
    if (check->validation.errors.count == 0)
        validate_fields(&check->validation, configuration, preset_now(check->request));
}

bool
resilience_validate_secure(struct request *request, struct error *err)
{
    const struct configuration_request *input = request->input;
    if (!is_object(request, input->configuration, "body.configuration", err))
        return false;
    struct check check;
    check_begin(&check, request, "validate-secure");
    const char *reason;
    if (resilience_may_validate(request, &reason)) {
        check_all(&check, input->configuration);
    } else {
        findings_add(&check.validation.errors, "%s", reason);
        findings_add(&check.validation.suggestions, "wait before the next validation");
    }
    struct security_info info = {
        .size_bytes = (int64_t)validate_size(input->configuration, &request->arena),
        .max_size_bytes = VALIDATE_BYTES_MAX,
        .field_count = (int64_t)json_object_size(input->configuration),
        .validation_timestamp = clock_text(&request->arena, clock_realtime_us()),
    };
    return check_answer(&check, &info);
}

bool
resilience_validate_json(struct request *request, struct error *err)
{
    (void)err;
    const struct json_query *query = request->filter;
    struct check check;
    check_begin(&check, request, "validate-json");
    struct error broken = {0};
    const json_t *document =
        schema_parse(query->json_config, strlen(query->json_config), &request->arena, &broken);
    if (document)
        validate_fields(&check.validation, document, preset_now(request));
    else
        findings_add(&check.validation.errors, "Invalid JSON: %s", broken.detail);
    return check_answer(&check, NULL);
}

bool
resilience_validate_template(struct request *request, struct error *err)
{
    const struct template_request *input = request->input;
    const struct config_template *template = template_find(input->template_name);
    if (!template)
        return template_unknown(input->template_name, err);
    if (input->overrides && !json_is_null(input->overrides) &&
        !is_object(request, input->overrides, "body.overrides", err))
        return false;
    struct check check;
    check_begin(&check, request, "validate-template");
    json_t *configuration = template_document(template, &request->arena);
    if (json_is_object(input->overrides))
        json_object_update(configuration, (json_t *)input->overrides);
    check_all(&check, configuration);
    return check_answer(&check, NULL);
}

bool
resilience_validate_whitelist(struct request *request, struct error *err)
{
    const struct configuration_request *input = request->input;
    if (!is_object(request, input->configuration, "body.configuration", err))
        return false;
    struct check check;
    check_begin(&check, request, "field-whitelist");
    struct whitelist_answer response = {.validation_timestamp =
                                            clock_text(&request->arena, clock_realtime_us())};
    validate_whitelist(&check.validation, input->configuration, &response);
    check_note(&check);
    response_json(request, 200, &whitelist_answer_schema, &response);
    return true;
}
