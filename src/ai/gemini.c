/* Google's Gemini in its native form, generateContent. */
#include <string.h>

#include "ai/gemini.h"
#include "ai/retry_after.h"

static void
read_detail(const json_t *detail, struct provider_fault *fault)
{
    const char *reason = provider_text(detail, "reason");
    const char *delay = provider_text(detail, "retryDelay");
    const json_t *violation = json_array_get(json_object_get(detail, "fieldViolations"), 0);
    const json_t *quotas = json_object_get(detail, "violations");
    if (reason && strcmp(reason, "API_KEY_INVALID") == 0)
        fault->key_refused = true;
    if (delay)
        fault->retry_after_ms = retry_after_duration(delay);
    if (provider_text(violation, "field"))
        fault->param = provider_text(violation, "field");
    for (size_t i = 0; i < json_array_size(quotas); i++) {
        /* The delay told beside a day's quota is that of a minute. */
        const char *id = provider_text(json_array_get(quotas, i), "quotaId");
        fault->quota_spent |= id && strstr(id, "PerDay");
    }
}

static void
read_fault(const json_t *document, struct provider_fault *fault)
{
    const json_t *error = json_object_get(document, "error");
    const json_t *details = json_object_get(error, "details");
    fault->message =
        json_is_string(error) ? json_string_value(error) : provider_text(error, "message");
    fault->code = provider_text(error, "status");
    fault->status = (int)provider_count(error, "code");
    for (size_t i = 0; i < json_array_size(details); i++)
        read_detail(json_array_get(details, i), fault);
}

const struct provider provider_gemini = {
    .name = "gemini",
    .build_chat = gemini_build_chat,
    .parse_answer = gemini_parse_answer,
    .parse_event = gemini_parse_event,
    .read_fault = read_fault,
    .build_embeddings = gemini_build_embeddings,
    .parse_embeddings = gemini_parse_embeddings,
};
