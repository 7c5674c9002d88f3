/* Prices of a million tokens, applied. */
#include "ai/price.h"

#include <string.h>

enum {
    PER = 1000000, /* tokens that a price is for */
    CHARGED_BYTES_PER_TOKEN = 4,
    RESERVED_BYTES_PER_TOKEN = 2,
    MESSAGE_TOKENS = 4, /* what a provider adds to an object of a conversation */
    DEPTH_MAX = 40,
};

static int64_t
least(int64_t first, int64_t second)
{
    return first < second ? first : second;
}

static int64_t
known(int64_t count)
{
    return count > 0 ? count : 0;
}

void
price_add(struct price_sum *sum, const struct model_settings *model, const struct chat_usage *usage)
{
    int64_t input = known(usage->input);
    int64_t cached = least(known(usage->cached), input);
    int64_t written = least(known(usage->written), input - cached);
    sum->value += (__int128)(input - cached - written) * model->price_input_micros;
    sum->value += (__int128)cached * model->price_cached_input_micros;
    sum->value += (__int128)written * model->price_cache_write_micros;
    sum->value += (__int128)known(usage->output) * model->price_output_micros;
}

int64_t
price_micros(struct price_sum sum)
{
    __int128 micros = (sum.value + PER - 1) / PER;
    return micros < INT64_MAX ? (int64_t)micros : INT64_MAX;
}

int64_t
price_tokens(size_t bytes)
{
    return (int64_t)(bytes / CHARGED_BYTES_PER_TOKEN + (bytes % CHARGED_BYTES_PER_TOKEN != 0));
}

int64_t
price_tokens_at_most(size_t bytes)
{
    return (int64_t)(bytes / RESERVED_BYTES_PER_TOKEN + (bytes % RESERVED_BYTES_PER_TOKEN != 0));
}

static bool
begins_with(const char *text, const char *beginning)
{
    return strncmp(text, beginning, strlen(beginning)) == 0;
}

/* Each interface has its own way to give an image: "image_url" with an address or with the bytes as
 * one, or a source of type "base64" or "url". */
static int64_t
text_tokens(const json_t *object, const char *name, const json_t *text)
{
    const char *value = json_string_value(text);
    const char *type = json_string_value(json_object_get(object, "type"));
    bool is_address = strcmp(name, "url") == 0 || strcmp(name, "image_url") == 0;
    bool is_bytes = strcmp(name, "data") == 0 && type && strcmp(type, "base64") == 0;
    if (begins_with(value, "data:") || is_bytes || (is_address && begins_with(value, "http")))
        return PRICE_IMAGE_TOKENS;
    return price_tokens_at_most(json_string_length(text));
}

static int64_t
value_tokens(const json_t *parent, const char *name, const json_t *value, int depth)
{
    int64_t sum = 1;
    const char *member;
    json_t *item;
    if (json_is_string(value))
        return sum + text_tokens(parent, name, value);
    if (depth == DEPTH_MAX)
        return sum;
    for (size_t i = 0; i < json_array_size(value); i++)
        sum += value_tokens(value, "", json_array_get(value, i), depth + 1);
    if (!json_is_object(value))
        return sum;
    json_object_foreach((json_t *)value, member, item)
    {
        sum += price_tokens_at_most(strlen(member)) + value_tokens(value, member, item, depth + 1);
    }
    return sum + MESSAGE_TOKENS;
}

int64_t
price_document_at_most(const json_t *document)
{
    return value_tokens(NULL, "", document, 0);
}

static int64_t
worst_of(const struct model_settings *model, const struct price_foreseen *foreseen)
{
    int64_t input_micros = model->price_input_micros;
    if (model->price_cache_write_micros > input_micros)
        input_micros = model->price_cache_write_micros;
    struct price_sum sum = {(__int128)foreseen->input * foreseen->questions * input_micros +
                            (__int128)foreseen->output * foreseen->answers *
                                model->price_output_micros};
    return price_micros(sum);
}

int64_t
price_worst_micros(const struct model_settings *model, const struct price_foreseen *foreseen)
{
    int64_t worst = worst_of(model, foreseen);
    for (size_t i = 0; model->fallbacks[i]; i++) {
        int64_t other = worst_of(model->fallbacks[i], foreseen);
        worst = other > worst ? other : worst;
    }
    return worst;
}

int64_t
price_worst_tokens(const struct price_foreseen *foreseen)
{
    return foreseen->input * foreseen->questions + foreseen->output * foreseen->answers;
}
