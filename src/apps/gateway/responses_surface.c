/* The surface of OpenAI's responses. */
#include "apps/gateway/responses_surface.h"

static bool
has_endpoint(const struct model_settings *model)
{
    return model->provider->responses;
}

const struct surface surface_responses = {
    .name = "responses",
    .operation = "gateway_responses",
    .family = PROVIDER_OPENAI,
    .native_path = "/responses",
    .is_native = has_endpoint,
    .decode = responses_read,
    .encode = responses_write,
    .begin = responses_begin,
    .delta = responses_step,
    .finish = responses_end,
    .pass = responses_pass,
    .complete = responses_complete,
    .fail = responses_fail,
};

bool
gateway_responses(struct request *request, struct error *err)
{
    return gateway_answer(request, &surface_responses, err);
}
