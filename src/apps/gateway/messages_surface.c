/* The surface of Anthropic's messages. */
#include "apps/gateway/messages_surface.h"

const struct surface surface_messages = {
    .name = "messages",
    .operation = "gateway_messages",
    .family = PROVIDER_ANTHROPIC,
    .native_path = "/messages",
    .beta_header = "anthropic-beta",
    .beta_cgi_name = "ANTHROPIC_BETA",
    .decode = messages_read,
    .encode = messages_write,
    .begin = messages_begin,
    .delta = messages_step,
    .finish = messages_end,
    .pass = messages_pass,
    .complete = messages_complete,
    .fail = messages_fail,
};

bool
gateway_messages(struct request *request, struct error *err)
{
    return gateway_answer(request, &surface_messages, err);
}
