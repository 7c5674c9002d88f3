/* The format of cached values. */
#include "cache/record.h"

#include <stdlib.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>
#include <zstd.h>

enum { RECORD_COMPRESSED = 1 };

/* The last byte is the format's version. Hosts of another byte order read another magic. */
#define RECORD_MAGIC UINT32_C(0x48524301)

struct record_header {
    uint32_t magic;
    uint32_t flags;
    int64_t stored_us, fresh_until_us;
    uint64_t data_bytes; /* before compression */
    uint64_t checksum;   /* of all fields above and the bytes behind, seeded by the key */
};

_Static_assert(sizeof(struct record_header) == 40, "no padding goes into the tiers");

static uint64_t
checksum(const struct record_header *header, const void *payload, size_t length,
         const unsigned char *key)
{
    uint64_t seed;
    memcpy(&seed, key, sizeof(seed));
    seed = XXH3_64bits_withSeed(header, offsetof(struct record_header, checksum), seed);
    return XXH3_64bits_withSeed(payload, length, seed);
}

void
codec_release(struct codec *codec)
{
    ZSTD_freeCCtx(codec->compressor);
    ZSTD_freeDCtx(codec->decompressor);
    *codec = (struct codec){0};
}

/* Fills room bytes at payload; 0 when the data does not become smaller. */
static size_t
compress(struct codec *codec, int level, const struct record *record, char *payload, size_t room)
{
    if (!codec->compressor)
        codec->compressor = ZSTD_createCCtx();
    if (!codec->compressor)
        return 0;
    size_t got =
        ZSTD_compressCCtx(codec->compressor, payload, room, record->data, record->length, level);
    return ZSTD_isError(got) ? 0 : got;
}

void *
record_pack(const struct record *record, const unsigned char *key, struct codec *codec,
            const struct record_compression *compression, size_t *length)
{
    struct record_header header = {RECORD_MAGIC,   0, record->stored_us, record->fresh_until_us,
                                   record->length, 0};
    char *bytes = xmalloc(sizeof(header) + record->length + 1);
    char *payload = bytes + sizeof(header);
    size_t payload_bytes = 0;
    if (codec && record->length >= compression->threshold_bytes)
        payload_bytes = compress(codec, compression->level, record, payload, record->length);
    if (payload_bytes > 0) {
        header.flags = RECORD_COMPRESSED;
    } else {
        payload_bytes = record->length + 1;
        memcpy(payload, record->data, record->length);
        payload[record->length] = '\0';
    }
    header.checksum = checksum(&header, payload, payload_bytes, key);
    memcpy(bytes, &header, sizeof(header));
    *length = sizeof(header) + payload_bytes;
    return bytes;
}

static const char *
decompress(struct codec *codec, const char *payload, size_t length, size_t data_bytes,
           struct arena *arena)
{
    if (!codec->decompressor)
        codec->decompressor = ZSTD_createDCtx();
    if (!codec->decompressor)
        return NULL;
    char *data = arena_alloc(arena, data_bytes + 1);
    size_t got = ZSTD_decompressDCtx(codec->decompressor, data, data_bytes, payload, length);
    return got == data_bytes ? data : NULL;
}

bool
record_unpack(const void *bytes, size_t length, const unsigned char *key, struct codec *codec,
              struct arena *arena, struct record *record)
{
    struct record_header header;
    if (length <= sizeof(header))
        return false;
    memcpy(&header, bytes, sizeof(header));
    const char *payload = (const char *)bytes + sizeof(header);
    size_t payload_bytes = length - sizeof(header);
    if (header.magic != RECORD_MAGIC || header.flags & ~(uint32_t)RECORD_COMPRESSED ||
        header.data_bytes > RECORD_DATA_MAX ||
        header.checksum != checksum(&header, payload, payload_bytes, key))
        return false;
    const char *data = payload;
    if (header.flags & RECORD_COMPRESSED) {
        data = codec ? decompress(codec, payload, payload_bytes, header.data_bytes, arena) : NULL;
    } else if (header.data_bytes + 1 != payload_bytes || payload[header.data_bytes] != '\0') {
        return false;
    }
    if (!data)
        return false;
    *record = (struct record){data, header.data_bytes, header.stored_us, header.fresh_until_us};
    return true;
}
