/* Anthropic's messages in their native form. */
#include "ai/anthropic.h"

static void
read_fault(const json_t *document, struct provider_fault *fault)
{
    const json_t *error = json_object_get(document, "error");
    fault->code = provider_text(error, "type");
    fault->message =
        json_is_string(error) ? json_string_value(error) : provider_text(error, "message");
}

const struct provider provider_anthropic = {
    .name = "anthropic",
    .build_chat = anthropic_build_chat,
    .parse_answer = anthropic_parse_answer,
    .parse_event = anthropic_parse_event,
    .read_fault = read_fault,
};
