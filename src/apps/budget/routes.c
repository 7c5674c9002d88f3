/* The budget application's routes. */
#include "access/caller.h"
#include "apps/app.h"
#include "apps/budget/budget.h"
#include "apps/budget/knowledge.h"
#include "apps/components.h"
#include "apps/flags.h"
#include "apps/service.h"

struct breaker_response {
    const char *state;
    int64_t failure_count;
    double last_failure_time;
    bool has_last_failure_time;
};

static const char *const breaker_states[] = {"CLOSED", "OPEN", "HALF_OPEN", NULL};

static const struct schema breaker_schema = {
    .name = "CircuitBreakerHealth",
    .size = sizeof(struct breaker_response),
    .fields =
        (const struct field[]){
            STRING(struct breaker_response, state, .flags = FIELD_REQUIRED,
                   .choices = breaker_states, .doc = "Of the breaker that is worst off."),
            INTEGER(struct breaker_response, failure_count, .flags = FIELD_REQUIRED,
                    .max = INT64_MAX, .doc = "Its failures in a row."),
            NUMBER(struct breaker_response, last_failure_time,
                   .flags = FIELD_REQUIRED | FIELD_NULLABLE,
                   PRESENT(struct breaker_response, has_last_failure_time),
                   .doc = "When a model failed last, in seconds since 1970."),
            {.name = NULL}},
};

static const void *
ask(struct request *request, const struct operation *operation, const void *input,
    struct receipt *receipt, struct error *err)
{
    const struct ai_call call = {
        .operation = operation,
        .input = input,
        .tenant = request->caller ? request->caller->tenant : "public",
        .no_store = request_cache_control(request, "no-store"),
        .no_cache = request_wants_fresh(request),
    };
    const void *output =
        ai_run(request->service->ai, request, &request->arena, &call, receipt, err);
    if (output)
        receipt_headers(request, receipt);
    return output;
}

static struct budget_meta
describe(struct request *request, const struct receipt *receipt)
{
    return (struct budget_meta){
        .model = receipt->model ? receipt->model : "local",
        .degraded = receipt->degraded || receipt->cache == CACHE_STATE_STALE,
        .guard_flags = flags_split(receipt->guard, &request->arena),
    };
}

static const char *
name_or_null(const char *name)
{
    return name && name[0] != '\0' ? name : NULL;
}

static bool
say_hello(struct request *request, struct error *err)
{
    const struct hello_request *asked = request->input;
    const struct hello_request input = {name_or_null(asked->name)};
    struct receipt receipt = {0};
    const struct hello_response *output = ask(request, &hello_operation, &input, &receipt, err);
    if (!output)
        return false;
    struct budget_meta meta = describe(request, &receipt);
    struct hello_response response = {output->aiva_message, &meta};
    response_json(request, 200, &hello_response_schema, &response);
    return true;
}

static void
respond_insight(struct request *request, const struct spending *spending,
                const struct insight_response *words, struct budget_meta *meta)
{
    const struct knowledge *known = knowledge_find(spending->top_category);
    struct insight_response response = {
        .spending_summary = spending->by_category,
        .top_category = spending->top_category,
        .emotional_tone = words->emotional_tone,
        .suggested_action = words->suggested_action,
        .aiva_insight = words->aiva_insight,
        .checkin_question = known->question,
        .checkin_options = {(void *)known->options, CHECKIN_OPTIONS},
        .meta = meta,
    };
    response_json(request, 200, &insight_response_schema, &response);
}

static bool
give_insight(struct request *request, struct error *err)
{
    const struct insight_request *asked = request->input;
    bool sample = !asked->transactions.items;
    const struct list *rows = sample ? &sample_transactions : &asked->transactions;
    struct spending spending;
    if (!spending_sum(rows, sample ? SAMPLE_CURRENCY : asked->currency, &request->arena, &spending,
                      err))
        return false;
    const struct insight_input input = {
        .spending = spending.by_category,
        .currency = spending.currency,
        .total = spending.total,
        .income = spending.income,
        .top_amount = spending.top_amount,
        .top_category = spending.top_category,
        .level = insight_level(&spending),
    };
    struct receipt receipt = {0};
    const struct insight_response *words = ask(request, &insight_operation, &input, &receipt, err);
    if (!words)
        return false;
    struct budget_meta meta = describe(request, &receipt);
    meta.currency = spending.currency;
    meta.total = spending.total;
    meta.has_total = true;
    meta.sample = sample;
    meta.has_sample = true;
    respond_insight(request, &spending, words, &meta);
    return true;
}

static bool
check_in(struct request *request, struct error *err)
{
    const struct checkin_request *asked = request->input;
    const struct checkin_request input = {name_or_null(asked->name), asked->category,
                                          asked->selected_option};
    struct receipt receipt = {0};
    const struct checkin_response *output = ask(request, &checkin_operation, &input, &receipt, err);
    if (!output)
        return false;
    struct budget_meta meta = describe(request, &receipt);
    struct checkin_response response = *output;
    response.meta = &meta;
    response_json(request, 200, &checkin_response_schema, &response);
    return true;
}

static bool
list_transactions(struct request *request, struct error *err)
{
    (void)err;
    struct strbuf text;
    strbuf_init(&text, &request->arena, 1024);
    const struct transaction *rows = sample_transactions.items;
    for (size_t i = 0; i < sample_transactions.count; i++) {
        strbuf_add_char(&text, i == 0 ? '[' : ',');
        schema_encode(&transaction_schema, &rows[i], &text);
    }
    strbuf_add_char(&text, ']');
    response_bytes(request, 200, "application/json", text.data, text.length);
    return true;
}

static bool
show_breaker(struct request *request, struct error *err)
{
    (void)err;
    static const char *const names[] = {
        [BREAKER_CLOSED] = "CLOSED", [BREAKER_HALF_OPEN] = "HALF_OPEN", [BREAKER_OPEN] = "OPEN"};
    struct components components;
    components_read(request->service, &request->arena, &components);
    struct breaker_response response = {
        .state = names[components.worst],
        .failure_count = components.worst_failures,
        .last_failure_time = (double)components.last_failure_us / 1000000,
        .has_last_failure_time = components.last_failure_us > 0,
    };
    response_json(request, 200, &breaker_schema, &response);
    return true;
}

#define CHECKIN_ROUTE(path, id, extra_flags)                                                       \
    {                                                                                              \
        .method = METHOD_POST, .pattern = (path), .handle = check_in,                              \
        .flags = (extra_flags) | ROUTE_IDEMPOTENT, .limit = LIMIT_PROCESS,                         \
        .request = &checkin_request_schema, .response = &checkin_response_schema, .tag = "Budget", \
        .summary = "Answer a check-in",                                                            \
        .doc = "Takes what a person said about their spending and answers with understanding, a "  \
               "name for the feeling and a small next step.",                                      \
        .operation_id = (id),                                                                      \
    }

static const struct route routes[] = {
    {
        .method = METHOD_GET,
        .pattern = "/health/circuit-breaker",
        .handle = show_breaker,
        .flags = ROUTE_UNVERSIONED,
        .limit = LIMIT_HEALTH,
        .response = &breaker_schema,
        .tag = "Health",
        .summary = "State of the models' breakers",
        .doc = "The breaker that is worst off speaks for all; it is shared by all workers.",
        .operation_id = "health_circuit_breaker",
    },
    {
        .method = METHOD_GET,
        .pattern = "/transactions/mock",
        .handle = list_transactions,
        .flags = ROUTE_NOT_IN_PRODUCTION | ROUTE_UNVERSIONED,
        .response = &transaction_schema,
        .response_is_list = true,
        .tag = "Budget",
        .summary = "The sample transactions",
        .doc = "What insights look at when no transactions are given. Not there in production.",
        .operation_id = "budget_sample",
    },
    {
        .method = METHOD_POST,
        .pattern = "/v1/ai/hello",
        .handle = say_hello,
        .flags = ROUTE_BODY_OPTIONAL | ROUTE_IDEMPOTENT,
        .limit = LIMIT_PROCESS,
        .request = &hello_request_schema,
        .response = &hello_response_schema,
        .tag = "Budget",
        .summary = "Say hello",
        .doc = "Greets a person, by name where one is given.",
        .operation_id = "budget_hello",
    },
    {
        .method = METHOD_POST,
        .pattern = "/v1/ai/insights",
        .handle = give_insight,
        .flags = ROUTE_BODY_OPTIONAL | ROUTE_IDEMPOTENT,
        .limit = LIMIT_PROCESS,
        .request = &insight_request_schema,
        .response = &insight_response_schema,
        .tag = "Budget",
        .summary = "Look at spending",
        .doc = "Adds up what went out by category, exactly, and finds words for it. An empty body "
               "looks at the sample transactions. Descriptions are not shown to any model.",
        .operation_id = "budget_insights",
    },
    CHECKIN_ROUTE("/v1/ai/checkins", "budget_checkins", 0),
    CHECKIN_ROUTE("/v1/ai/checkin", "budget_checkin", 0),
    {.pattern = NULL},
};

static const struct operation *const operations[] = {&hello_operation, &insight_operation,
                                                     &checkin_operation, NULL};

const struct app budget_app = {"budget", routes, operations};
