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
    return micros < PRICE_MICROS_MAX ? (int64_t)micros : PRICE_MICROS_MAX;
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
    return text && strncmp(text, beginning, strlen(beginning)) == 0;
}

/* Where in a request a value is. Images are counted as such only where an interface takes them:
 * the same JSON in a tool's description or arguments is text to the model. */
enum place {
    PLACE_TEXT,
    PLACE_TOP,
    PLACE_PARTS, /* messages, what they contain, and what is within that */
    PLACE_IMAGE, /* an image's part */
};

static bool
is_one_of(const char *name, const char *const *names)
{
    for (size_t i = 0; name && names[i]; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

static enum place
place_of(enum place parent, const char *name, const json_t *value)
{
    static const char *const tops[] = {"messages", "input", NULL};
    static const char *const contents[] = {"content", "output", NULL};
    static const char *const sources[] = {"image_url", "source", NULL};
    static const char *const images[] = {"image_url", "input_image", "image", NULL};
    enum place place = PLACE_TEXT;
    if (parent == PLACE_TOP && is_one_of(name, tops))
        place = PLACE_PARTS;
    if (parent == PLACE_PARTS && (name[0] == '\0' || is_one_of(name, contents)))
        place = PLACE_PARTS;
    if (parent == PLACE_IMAGE && is_one_of(name, sources))
        place = PLACE_IMAGE;
    const char *type = json_string_value(json_object_get(value, "type"));
    return place == PLACE_PARTS && is_one_of(type, images) ? PLACE_IMAGE : place;
}

/* Each interface has its own way to give an image: "image_url" with an address or with the bytes as
 * one, or a source of type "base64" or "url". */
static bool
is_image(const json_t *object, const char *name, const char *value)
{
    static const char *const addresses[] = {"url", "image_url", NULL};
    if (is_one_of(name, addresses))
        return begins_with(value, "data:image/") || begins_with(value, "https://") ||
               begins_with(value, "http://");
    const char *media = json_string_value(json_object_get(object, "media_type"));
    return strcmp(name, "data") == 0 && begins_with(media, "image/");
}

struct position {
    const json_t *parent;
    const char *name;
    enum place place; /* of the parent */
    int depth;
};

static int64_t
value_tokens(struct position at, const json_t *value)
{
    int64_t sum = 1;
    const char *member;
    json_t *item;
    if (json_is_string(value) && at.place == PLACE_IMAGE &&
        is_image(at.parent, at.name, json_string_value(value)))
        return sum + PRICE_IMAGE_TOKENS;
    if (json_is_string(value))
        return sum + price_tokens_at_most(json_string_length(value));
    if (at.depth == DEPTH_MAX)
        return sum;
    struct position below = {value, "", place_of(at.place, at.name, value), at.depth + 1};
    for (size_t i = 0; i < json_array_size(value); i++)
        sum += value_tokens(below, json_array_get(value, i));
    if (!json_is_object(value))
        return sum;
    json_object_foreach((json_t *)value, member, item)
    {
        below.name = member;
        sum += price_tokens_at_most(strlen(member)) + value_tokens(below, item);
    }
    return sum + MESSAGE_TOKENS;
}

int64_t
price_document_at_most(const json_t *document)
{
    int64_t sum = MESSAGE_TOKENS;
    const char *member;
    json_t *item;
    json_object_foreach((json_t *)document, member, item)
    {
        const struct position at = {document, member, PLACE_TOP, 0};
        sum += price_tokens_at_most(strlen(member)) + value_tokens(at, item);
    }
    return sum;
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
