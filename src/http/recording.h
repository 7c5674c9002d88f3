/* What a response sends, kept while it is sent. A request that is recorded goes on after its client
 * has left: the answer is for whoever asks for it again. */
#ifndef HEARTH_HTTP_RECORDING_H
#define HEARTH_HTTP_RECORDING_H

#include <stdbool.h>

#include "base/strbuf.h"

struct recording {
    struct strbuf bytes;
    size_t max_bytes;
    bool is_cut; /* more was sent than may be kept */
};

static inline void
recording_add(struct recording *recording, const char *bytes, size_t length)
{
    if (recording->is_cut || length > recording->max_bytes - recording->bytes.length)
        recording->is_cut = true;
    else
        strbuf_add(&recording->bytes, bytes, length);
}

#endif
