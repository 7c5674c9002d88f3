/* What tokens cost by the prices of models, in whole numbers only: sums are exact, and rounded up
 * once. Pure. */
#ifndef HEARTH_AI_PRICE_H
#define HEARTH_AI_PRICE_H

#include <jansson.h>
#include <stdint.h>

#include "ai/chat.h"
#include "base/settings.h"

enum { PRICE_IMAGE_TOKENS = 3000 };

/* A thousand million currency units: what one call can cost, so that sums fit into 64 bits. */
#define PRICE_MICROS_MAX INT64_C(1000000000000000)

/* Tokens times prices of a million of them: millionths of a micro-unit. */
struct price_sum {
    __int128 value;
};

/* Adds what this usage costs; counts that were not reported are none. Of the input, what came from
 * the provider's cache and what went there have prices of their own. */
void price_add(struct price_sum *sum, const struct model_settings *model,
               const struct chat_usage *usage);

/* Rounded up, at most PRICE_MICROS_MAX. */
int64_t price_micros(struct price_sum sum);

/* Tokens of a text, as they are charged where nobody reports them: four bytes each. */
int64_t price_tokens(size_t bytes);

/* No fewer tokens than a text of so many bytes has, as they are reserved: two bytes each. */
int64_t price_tokens_at_most(size_t bytes);

/* The same of a request's JSON: its texts, names included, and PRICE_IMAGE_TOKENS for each image,
 * given by its bytes or by its address in a part of a message that is for images. Other files and
 * sounds are counted as their bytes' text. */
int64_t price_document_at_most(const json_t *document);

/* A call before it is made. */
struct price_foreseen {
    int64_t input, output; /* tokens of one question, and of all its answers */
    int64_t questions;     /* how often it may be charged for */
    int64_t answers;
};

/* The most that it costs with any model of the chain that begins with this one. */
int64_t price_worst_micros(const struct model_settings *model,
                           const struct price_foreseen *foreseen);
int64_t price_worst_tokens(const struct price_foreseen *foreseen);

#endif
