/* What a text is about: words and phrases that can be quoted after "about". */
#ifndef HEARTH_NLP_TOPIC_H
#define HEARTH_NLP_TOPIC_H

#include "nlp/document.h"

/* At most limit phrases, the most used first, as they read inside a sentence. Returns how many;
 * with any_use also words used once. */
size_t topics_find(const struct document *document, size_t limit, bool any_use,
                   const char **topics);

#endif
