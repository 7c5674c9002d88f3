/* The surface of OpenAI's chat completions. */
#include "apps/gateway/chat_surface.h"

const struct surface surface_chat = {
    .name = "chat",
    .operation = "gateway_chat",
    .family = PROVIDER_OPENAI,
    .native_path = "/chat/completions",
    .decode = chat_read,
    .encode = chat_write,
    .begin = chat_begin,
    .delta = chat_step,
    .finish = chat_end,
    .pass = chat_pass,
    .complete = chat_complete,
    .fail = chat_fail,
};

bool
gateway_chat(struct request *request, struct error *err)
{
    return gateway_answer(request, &surface_chat, err);
}
