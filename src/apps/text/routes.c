/* The text application's routes, and the answers that need no model. */
#include "apps/text/text.h"

#include "access/caller.h"
#include "apps/app.h"
#include "apps/components.h"
#include "apps/service.h"

struct operation_entry {
    const char *id, *name, *description;
    struct list options; /* const char * */
    bool requires_question, has_requires_question;
};

struct operations_response {
    struct list operations;
};

struct batch_status {
    const char *batch_id, *status, *message;
};

struct auth_status {
    bool authenticated;
    const char *api_key_prefix, *message;
};

struct resilience_part {
    bool healthy;
    struct list open_circuit_breakers, half_open_circuit_breakers;
    int64_t total_circuit_breakers;
};

struct infrastructure {
    struct resilience_part *resilience;
};

struct domain_part {
    const char *status, *model;
    struct list operations;
};

struct domain_services {
    struct domain_part *text_processing;
};

struct text_health {
    bool overall_healthy;
    const char *service_type;
    struct infrastructure *infrastructure;
    struct domain_services *domain_services;
};

static const struct schema operation_entry_schema = {
    .name = "TextOperation",
    .size = sizeof(struct operation_entry),
    .fields =
        (const struct field[]){
            STRING(struct operation_entry, id, .flags = FIELD_REQUIRED,
                   .doc = "What requests say as operation."),
            STRING(struct operation_entry, name, .flags = FIELD_REQUIRED, .doc = "For people."),
            STRING(struct operation_entry, description, .flags = FIELD_REQUIRED,
                   .doc = "What it answers."),
            STRINGS(struct operation_entry, options, .flags = FIELD_REQUIRED,
                    .doc = "The members of options that it reads."),
            BOOLEAN(struct operation_entry, requires_question, .flags = FIELD_OMITTED,
                    PRESENT(struct operation_entry, has_requires_question),
                    .doc = "True where a question is needed."),
            {.name = NULL}},
};

static const struct schema operations_schema = {
    .name = "TextOperations",
    .size = sizeof(struct operations_response),
    .fields = (const struct field[]){ARRAY(struct operations_response, operations,
                                           &operation_entry_schema, .flags = FIELD_REQUIRED,
                                           .doc = "All of them."),
                                     {.name = NULL}},
};

static const struct schema batch_status_schema = {
    .name = "BatchStatus",
    .size = sizeof(struct batch_status),
    .fields =
        (const struct field[]){
            STRING(struct batch_status, batch_id, .flags = FIELD_REQUIRED, .doc = "As asked."),
            STRING(struct batch_status, status, .flags = FIELD_REQUIRED, .doc = "COMPLETED_SYNC."),
            STRING(struct batch_status, message, .flags = FIELD_REQUIRED,
                   .doc = "Why there is nothing to wait for."),
            {.name = NULL}},
};

static const struct schema auth_status_schema = {
    .name = "AuthStatus",
    .size = sizeof(struct auth_status),
    .fields =
        (const struct field[]){
            BOOLEAN(struct auth_status, authenticated, .flags = FIELD_REQUIRED, .doc = "True."),
            STRING(struct auth_status, api_key_prefix, .flags = FIELD_REQUIRED,
                   .doc = "The beginning of the key, to tell which one it was."),
            STRING(struct auth_status, message, .flags = FIELD_REQUIRED, .doc = "For people."),
            {.name = NULL}},
};

static const struct schema resilience_schema = {
    .name = "TextHealthResilience",
    .size = sizeof(struct resilience_part),
    .fields =
        (const struct field[]){
            BOOLEAN(struct resilience_part, healthy, .flags = FIELD_REQUIRED,
                    .doc = "No model's breaker is open."),
            STRINGS(struct resilience_part, open_circuit_breakers, .flags = FIELD_REQUIRED,
                    .doc = "Names of open breakers."),
            STRINGS(struct resilience_part, half_open_circuit_breakers, .flags = FIELD_REQUIRED,
                    .doc = "Names of breakers that let one call probe."),
            INTEGER(struct resilience_part, total_circuit_breakers, .flags = FIELD_REQUIRED,
                    .max = INT64_MAX, .doc = "Breakers in use."),
            {.name = NULL}},
};

static const struct schema infrastructure_schema = {
    .name = "TextHealthInfrastructure",
    .size = sizeof(struct infrastructure),
    .fields = (const struct field[]){OBJECT(struct infrastructure, resilience, &resilience_schema,
                                            .flags = FIELD_REQUIRED, .doc = "Circuit breakers."),
                                     {.name = NULL}},
};

static const struct schema domain_part_schema = {
    .name = "TextHealthService",
    .size = sizeof(struct domain_part),
    .fields = (const struct field[]){STRING(struct domain_part, status, .flags = FIELD_REQUIRED,
                                            .doc = "healthy, or degraded: the model rests."),
                                     STRING(struct domain_part, model, .flags = FIELD_REQUIRED,
                                            .doc = "The default model."),
                                     STRINGS(struct domain_part, operations,
                                             .flags = FIELD_REQUIRED, .doc = "What is offered."),
                                     {.name = NULL}},
};

static const struct schema domain_services_schema = {
    .name = "TextHealthServices",
    .size = sizeof(struct domain_services),
    .fields =
        (const struct field[]){OBJECT(struct domain_services, text_processing, &domain_part_schema,
                                      .flags = FIELD_REQUIRED, .doc = "The text application."),
                               {.name = NULL}},
};

static const struct schema text_health_schema = {
    .name = "TextHealth",
    .size = sizeof(struct text_health),
    .fields =
        (const struct field[]){
            BOOLEAN(struct text_health, overall_healthy, .flags = FIELD_REQUIRED,
                    .doc = "All is well."),
            STRING(struct text_health, service_type, .flags = FIELD_REQUIRED, .doc = "domain."),
            OBJECT(struct text_health, infrastructure, &infrastructure_schema,
                   .flags = FIELD_REQUIRED, .doc = "What the application stands on."),
            OBJECT(struct text_health, domain_services, &domain_services_schema,
                   .flags = FIELD_REQUIRED, .doc = "The application itself."),
            {.name = NULL}},
};

static bool
list_operations(struct request *request, struct error *err)
{
    (void)err;
    size_t count = 0;
    while (text_operations[count].name)
        count++;
    struct operation_entry *entries = arena_array(&request->arena, count, sizeof(*entries));
    for (size_t i = 0; i < count; i++) {
        const struct text_operation *row = &text_operations[i];
        entries[i] = (struct operation_entry){
            .id = row->name,
            .name = row->title,
            .description = row->description,
            .options = {(void *)row->options, row->options[0] ? 1 : 0},
            .requires_question = row->requires_question,
            .has_requires_question = row->requires_question,
        };
    }
    struct operations_response response = {{entries, count}};
    response_json(request, 200, &operations_schema, &response);
    return true;
}

static bool
show_batch_status(struct request *request, struct error *err)
{
    (void)err;
    struct batch_status response = {
        .batch_id = request->path_parameters[0],
        .status = "COMPLETED_SYNC",
        .message = "A batch is answered in the response to its own request; nothing is kept.",
    };
    response_json(request, 200, &batch_status_schema, &response);
    return true;
}

static bool
show_auth_status(struct request *request, struct error *err)
{
    (void)err;
    struct auth_status response = {
        .authenticated = true,
        .api_key_prefix = request->caller->key_prefix,
        .message = "Authentication successful",
    };
    response_json(request, 200, &auth_status_schema, &response);
    return true;
}

static bool
show_health(struct request *request, struct error *err)
{
    (void)err;
    struct components components;
    components_read(request->service, &request->arena, &components);
    size_t operations = 0;
    while (text_operation_names[operations])
        operations++;
    bool healthy = components.ai_available && components.resilience;
    struct text_health response = {
        .overall_healthy = healthy,
        .service_type = "domain",
        .infrastructure = &(struct infrastructure){&(struct resilience_part){
            components.resilience, components.open, components.half_open, components.breakers}},
        .domain_services = &(struct domain_services){&(struct domain_part){
            components_state(components.ai_available),
            components.model,
            {(void *)text_operation_names, operations},
        }},
    };
    response_json(request, 200, &text_health_schema, &response);
    return true;
}

static const struct route_answer process_answers[] = {
    {200, NULL, "text/event-stream",
     "Asked for by Accept or by stream: events named delta ({\"text\": ...}) show prose while it is "
     "made; then result brings the whole answer as in application/json, which counts, and "
     "\"data: [DONE]\" ends the stream. Where it breaks off, an event named error brings the "
     "problem, and the end is missing. Comments come every 15 s while there is nothing to say."},
    {0},
};

static const struct route routes[] = {
    {
        .method = METHOD_GET,
        .pattern = "/v1/text_processing/operations",
        .handle = list_operations,
        .flags = ROUTE_KEY_OPTIONAL,
        .response = &operations_schema,
        .tag = "Text",
        .summary = "List the operations",
        .doc = "What can be done with a text, and the options of each.",
        .operation_id = "text_operations",
    },
    {
        .method = METHOD_POST,
        .pattern = "/v1/text_processing/process",
        .handle = text_process,
        .flags = ROUTE_KEY | ROUTE_IDEMPOTENT,
        .scope = SCOPE_TEXT,
        .limit = LIMIT_PROCESS,
        .request = &text_request_schema,
        .response = &text_response_schema,
        .answers = process_answers,
        .body_max_bytes = 2 << 20,
        .tag = "Text",
        .summary = "Process one text",
        .doc =
            "Summarises a text, judges its feeling, finds its key points, asks questions about "
            "it, or answers one. Equal requests are answered from the cache, as X-Cache and Age "
            "tell; Cache-Control: no-cache or max-age=0 asks for a fresh answer, no-store for "
            "one that is not kept. Accept: text/event-stream or \"stream\": true asks for events; "
            "with X-Hearth-Delivery: whole nothing of the answer is shown before all of it is "
            "there.",
        .operation_id = "text_process",
    },
    {
        .method = METHOD_POST,
        .pattern = "/v1/text_processing/batch_process",
        .handle = text_batch,
        .flags = ROUTE_KEY | ROUTE_IDEMPOTENT | ROUTE_WAITS,
        .scope = SCOPE_TEXT,
        .limit = LIMIT_PROCESS,
        .request = &batch_request_schema,
        .response = &batch_response_schema,
        .body_max_bytes = 20 << 20,
        .tag = "Text",
        .summary = "Process many texts",
        .doc = "Answers up to 200 texts side by side. Each succeeds or fails by itself; the "
               "results stand in the order of the requests.",
        .operation_id = "text_batch",
    },
    {
        .method = METHOD_GET,
        .pattern = "/v1/text_processing/batch_status/{batch_id}",
        .handle = show_batch_status,
        .flags = ROUTE_KEY,
        .scope = SCOPE_TEXT,
        .response = &batch_status_schema,
        .tag = "Text",
        .summary = "Ask after a batch",
        .doc = "Batches are answered at once, so that each one has been completed.",
        .operation_id = "text_batch_status",
    },
    {
        .method = METHOD_GET,
        .pattern = "/v1/text_processing/health",
        .handle = show_health,
        .flags = ROUTE_KEY_OPTIONAL,
        .response = &text_health_schema,
        .tag = "Text",
        .summary = "Health of the text application",
        .doc = "Whether the application and what it stands on are well.",
        .operation_id = "text_health",
    },
    {
        .method = METHOD_GET,
        .pattern = "/v1/auth/status",
        .handle = show_auth_status,
        .flags = ROUTE_KEY,
        .limit = LIMIT_AUTH,
        .response = &auth_status_schema,
        .tag = "Access",
        .summary = "Check a key",
        .doc = "Says whether the key that came with the request is valid.",
        .operation_id = "auth_status",
    },
    {.pattern = NULL},
};

const struct app text_app = {"text", routes, text_operation_list};
