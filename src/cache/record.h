/* A cached value as it lies in a tier: a header, then the bytes, perhaps compressed. What does not
 * check out when it is read (another format, another key, a flipped bit) is no value. */
#ifndef HEARTH_CACHE_RECORD_H
#define HEARTH_CACHE_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

/* Raw bytes of a value; larger ones are neither stored nor believed. */
enum { RECORD_DATA_MAX = 8 * 1024 * 1024 };

struct record {
    const char *data; /* NUL-terminated */
    size_t length;
    int64_t stored_us, fresh_until_us; /* time of day */
};

struct record_compression {
    size_t threshold_bytes; /* smaller data is left as it is */
    int level;
};

/* Compression state, reused between calls; one thread at a time. All zero is valid. */
struct codec {
    void *compressor, *decompressor;
};
void codec_release(struct codec *codec);

/* Makes the bytes for a tier; the caller frees the result. key (32 bytes) is bound into the
 * checksum. With a codec, data is compressed where that makes it smaller. */
void *record_pack(const struct record *record, const unsigned char *key, struct codec *codec,
                  const struct record_compression *compression, size_t *length)
    __attribute__((malloc, returns_nonnull));

/* Reads packed bytes. Data that is not compressed is borrowed from them, else it lives in the
 * arena. codec may be NULL where nothing was compressed. */
bool record_unpack(const void *bytes, size_t length, const unsigned char *key, struct codec *codec,
                   struct arena *arena, struct record *record);

#endif
