/* OpenAI's chat completions, and all that speak them: Ollama, vLLM, llama.cpp, OpenRouter. */
#include <stdlib.h>
#include <string.h>

#include "ai/openai.h"

/* Relays tell the status of the provider behind them as a code that is a number. */
static int
status_of(const json_t *error)
{
    int64_t number = provider_count(error, "code");
    const char *text = provider_text(error, "code");
    if (text && strspn(text, "0123456789") == 3 && text[3] == '\0')
        number = strtol(text, NULL, 10);
    return number >= 400 && number <= 999 ? (int)number : 0;
}

static void
read_fault(const json_t *document, struct provider_fault *fault)
{
    const json_t *error = json_object_get(document, "error");
    if (json_is_string(error))
        fault->message = json_string_value(error);
    if (!json_is_object(error))
        error = document;
    if (!fault->message)
        fault->message = provider_text(error, "message");
    fault->status = status_of(error);
    fault->param = provider_text(error, "param");
    fault->code = provider_text(error, "code");
    if (!fault->code || fault->status != 0)
        fault->code = provider_text(error, "type");
    const json_t *reasons = json_object_get(json_object_get(error, "metadata"), "reasons");
    fault->refused = json_array_size(reasons) > 0;
}

const struct provider provider_openai = {
    .name = "openai",
    .build_chat = openai_build_chat,
    .parse_answer = openai_parse_answer,
    .parse_event = openai_parse_event,
    .read_fault = read_fault,
    .build_embeddings = openai_build_embeddings,
    .parse_embeddings = openai_parse_embeddings,
};
