/* The L1 cache: per shard a ring that records are appended to, and an index into it.
 *
 * Nothing is locked. A writer takes its place in the ring by moving the head, writes the record
 * there, and then publishes it by one compare-and-swap of an index word: 16 bits of tag over
 * the record's position, which never repeats. Being evicted is being overtaken by the head; a
 * record read in the second half of its life is appended anew, so what is used stays. A writer that
 * dies leaves a gap that nobody points at. A writer that sleeps until the ring came round may write
 * into another's record: readers copy, then check a hash over position, key and value, so such a
 * record is a miss and never an answer. */
#include "host/l1.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "host/hash.h"
#include "host/metrics.h"
#include "host/shared.h"

enum {
    WAYS = 8,           /* index words that a key may be in: one cache line */
    UNIT = 64,          /* records begin at multiples of it */
    VALUE_SHARE = 16,   /* of a shard that a value may take */
    BACKING = 64 * 1024 /* a ring gets its memory in such steps */
};
enum { TAG_SHIFT = 48 };
#define POSITION_MASK ((UINT64_C(1) << TAG_SHIFT) - 1)

struct header {
    uint64_t check; /* over all that follows, the position and the value */
    uint64_t key[4];
    uint32_t length, tag;
    int64_t expires_us;
};
enum { HEADER_WORDS = sizeof(struct header) / 8 };

/* Where a key belongs. */
struct place {
    struct l1_shard *shard;
    unsigned char *ring;
    atomic_uint_fast64_t *ways;
    uint64_t tag;
    uint64_t key[4];
};

static void
find_place(struct host *host, const unsigned char *key, struct place *place)
{
    memcpy(place->key, key, L1_KEY_BYTES);
    size_t number = place->key[0] % L1_SHARDS;
    size_t way = place->key[1] % (host->l1_slots / WAYS) * WAYS;
    place->shard = &host->shared->l1[number];
    place->ring = host->l1_rings + number * host->l1_ring_bytes;
    place->ways = host->l1_index + number * host->l1_slots + way;
    place->tag = place->key[2] >> TAG_SHIFT;
}

static void
count(atomic_uint_fast64_t *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

/* An index word holds the position in units plus one, so that 0 means free. */
static uint64_t
position_of(uint64_t word)
{
    return ((word & POSITION_MASK) - 1) * UNIT;
}

static uint64_t
word_of(uint64_t tag, uint64_t position)
{
    return tag << TAG_SHIFT | (position / UNIT + 1);
}

static bool
is_live(const struct host *host, struct l1_shard *shard, uint64_t word)
{
    return word != 0 &&
           atomic_load_explicit(&shard->head, memory_order_acquire) - position_of(word) <=
               host->l1_ring_bytes;
}

/* Bytes of the ring move as relaxed atomic words: that others write there meanwhile is defined, and
 * found out by the hash. */
static void
copy_out(void *bytes, const unsigned char *ring, size_t count_bytes)
{
    atomic_uint_fast64_t *words = (atomic_uint_fast64_t *)(void *)ring;
    size_t whole = count_bytes / 8, rest = count_bytes % 8;
    uint64_t word;
    for (size_t i = 0; i < whole; i++) {
        word = atomic_load_explicit(&words[i], memory_order_relaxed);
        memcpy((unsigned char *)bytes + 8 * i, &word, 8);
    }
    if (rest == 0)
        return;
    word = atomic_load_explicit(&words[whole], memory_order_relaxed);
    memcpy((unsigned char *)bytes + 8 * whole, &word, rest);
}

static void
copy_in(unsigned char *ring, const void *bytes, size_t count_bytes)
{
    atomic_uint_fast64_t *words = (atomic_uint_fast64_t *)(void *)ring;
    size_t whole = count_bytes / 8, rest = count_bytes % 8;
    uint64_t word;
    for (size_t i = 0; i < whole; i++) {
        memcpy(&word, (const unsigned char *)bytes + 8 * i, 8);
        atomic_store_explicit(&words[i], word, memory_order_relaxed);
    }
    if (rest == 0)
        return;
    word = 0;
    memcpy(&word, (const unsigned char *)bytes + 8 * whole, rest);
    atomic_store_explicit(&words[whole], word, memory_order_relaxed);
}

static uint64_t
check_of(const struct header *header, uint64_t position, const void *value)
{
    uint64_t words[HEADER_WORDS + 1];
    memcpy(words, header, sizeof *header);
    words[0] = position;
    words[HEADER_WORDS] = hash_bytes(value, header->length);
    return hash_bytes(words, sizeof words);
}

/* The newest live word with the key's tag that is older than *way's present one (UINT64_MAX at
 * first); NULL when there is none. Words of one tag compare by age. */
static atomic_uint_fast64_t *
next_way(const struct host *host, const struct place *place, uint64_t *word)
{
    atomic_uint_fast64_t *best = NULL;
    uint64_t best_word = 0;
    for (size_t i = 0; i < WAYS; i++) {
        uint64_t seen = atomic_load_explicit(&place->ways[i], memory_order_acquire);
        if (seen >> TAG_SHIFT == place->tag && seen < *word && seen > best_word &&
            is_live(host, place->shard, seen)) {
            best = &place->ways[i];
            best_word = seen;
        }
    }
    *word = best_word;
    return best;
}

static bool
read_header(const struct host *host, const struct place *place, uint64_t word,
            struct header *header)
{
    size_t at = position_of(word) % host->l1_ring_bytes;
    copy_out(header, place->ring + at, sizeof *header);
    return memcmp(header->key, place->key, sizeof header->key) == 0 &&
           header->length <= host->l1_ring_bytes / VALUE_SHARE &&
           at + sizeof *header + header->length <= host->l1_ring_bytes;
}

static void
drop(atomic_uint_fast64_t *way, uint64_t word)
{
    atomic_compare_exchange_strong(way, &word, 0);
}

/* Gives the ring memory (or disk) up to end: where there is none left, the store does not happen,
 * instead of a SIGBUS. */
static bool
back(const struct host *host, struct l1_shard *shard, uint64_t end)
{
    uint64_t backed = atomic_load_explicit(&shard->backed, memory_order_acquire);
    if (end <= backed)
        return true;
    uint64_t wanted = (end + BACKING - 1) / BACKING * BACKING;
    if (wanted > host->l1_ring_bytes)
        wanted = host->l1_ring_bytes;
    size_t number = (size_t)(shard - host->shared->l1);
    off_t start = (off_t)(host->l1_rings_offset + number * host->l1_ring_bytes);
    if (fallocate(host->fd, 0, start, (off_t)wanted) < 0 && errno != EOPNOTSUPP)
        return false;
    while (backed < wanted && !atomic_compare_exchange_weak(&shard->backed, &backed, wanted))
        continue;
    return true;
}

/* The next place for size bytes, which never spans the ring's end. */
static bool
reserve(const struct host *host, struct l1_shard *shard, size_t size, uint64_t *position)
{
    uint64_t head = atomic_load_explicit(&shard->head, memory_order_relaxed);
    do {
        uint64_t left = host->l1_ring_bytes - head % host->l1_ring_bytes;
        *position = head + (left < size ? left : 0);
    } while (!atomic_compare_exchange_weak(&shard->head, &head, *position + size));
    return back(host, shard, *position % host->l1_ring_bytes + size);
}

static bool
append(struct host *host, const struct place *place, struct header *header, const void *value,
       uint64_t *word)
{
    size_t size = (sizeof *header + header->length + UNIT - 1) / UNIT * UNIT;
    uint64_t position;
    if (!reserve(host, place->shard, size, &position))
        return false;
    header->check = check_of(header, position, value);
    unsigned char *at = place->ring + position % host->l1_ring_bytes;
    copy_in(at, header, sizeof *header);
    copy_in(at + sizeof *header, value, header->length);
    *word = word_of(place->tag, position);
    return true;
}

/* The word to give up for a new one: a free one, an overtaken one, or the oldest. */
static atomic_uint_fast64_t *
victim(const struct host *host, const struct place *place, uint64_t *word)
{
    atomic_uint_fast64_t *best = NULL;
    for (size_t i = 0; i < WAYS; i++) {
        uint64_t seen = atomic_load_explicit(&place->ways[i], memory_order_acquire);
        bool older = best && (seen & POSITION_MASK) < (*word & POSITION_MASK);
        if (!best || older) {
            best = &place->ways[i];
            *word = seen;
        }
        if (!is_live(host, place->shard, seen))
            break;
    }
    return best;
}

static void
publish(struct host *host, const struct place *place, uint64_t fresh)
{
    uint64_t word = fresh;
    struct header header;
    atomic_uint_fast64_t *way;
    while ((way = next_way(host, place, &word)) != NULL)
        if (read_header(host, place, word, &header) &&
            atomic_compare_exchange_strong(way, &word, fresh))
            break;
    while (!way) {
        way = victim(host, place, &word);
        if (!atomic_compare_exchange_strong(way, &word, fresh))
            way = NULL;
        else if (word != 0) {
            count(&place->shard->evictions);
            metrics_add(host, METRIC_CACHE_EVICTIONS, "", 1);
        }
    }
    word = fresh;
    while ((way = next_way(host, place, &word)) != NULL)
        if (read_header(host, place, word, &header))
            drop(way, word);
}

void
l1_put(struct host *host, const unsigned char *key, const void *value, size_t length, uint32_t tag,
       int64_t expires_us)
{
    if (host->l1_ring_bytes == 0 || length > host->l1_ring_bytes / VALUE_SHARE)
        return;
    struct place place;
    find_place(host, key, &place);
    struct header header = {.length = (uint32_t)length, .tag = tag, .expires_us = expires_us};
    memcpy(header.key, place.key, sizeof header.key);
    uint64_t word;
    if (!append(host, &place, &header, value, &word))
        return;
    publish(host, &place, word);
    count(&place.shard->stores);
}

/* Second chance: what is read in the second half of its life starts a new one. */
static void
keep(struct host *host, const struct place *place, atomic_uint_fast64_t *way, uint64_t word,
     struct header *header, const void *value)
{
    uint64_t age =
        atomic_load_explicit(&place->shard->head, memory_order_relaxed) - position_of(word);
    uint64_t fresh;
    if (age > host->l1_ring_bytes / 2 && append(host, place, header, value, &fresh))
        atomic_compare_exchange_strong(way, &word, fresh);
}

bool
l1_get(struct host *host, const unsigned char *key, int64_t realtime_us, struct arena *arena,
       const void **value, size_t *length)
{
    if (host->l1_ring_bytes == 0)
        return false;
    struct place place;
    find_place(host, key, &place);
    uint64_t word = UINT64_MAX;
    struct header header;
    atomic_uint_fast64_t *way;
    while ((way = next_way(host, &place, &word)) != NULL) {
        if (!read_header(host, &place, word, &header))
            continue;
        unsigned char *copy = arena_alloc(arena, header.length + 1);
        uint64_t position = position_of(word);
        copy_out(copy, place.ring + position % host->l1_ring_bytes + sizeof header, header.length);
        if (check_of(&header, position, copy) != header.check) {
            if (is_live(host, place.shard, word))
                count(&place.shard->repairs);
            drop(way, word);
            continue;
        }
        if (header.expires_us <= realtime_us) {
            drop(way, word);
            break;
        }
        keep(host, &place, way, word, &header, copy);
        count(&place.shard->hits);
        *value = copy;
        *length = header.length;
        return true;
    }
    count(&place.shard->misses);
    return false;
}

/* Walks the index of all shards; drops, where asked, and counts what is live and has the tag (any
 * tag where NULL). A shard that was never written to is not touched. */
static size_t
sweep(struct host *host, const uint32_t *tag, bool dropping)
{
    size_t found = 0;
    for (size_t number = 0; number < L1_SHARDS; number++) {
        struct l1_shard *shard = &host->shared->l1[number];
        unsigned char *ring = host->l1_rings + number * host->l1_ring_bytes;
        atomic_uint_fast64_t *index = host->l1_index + number * host->l1_slots;
        if (atomic_load(&shard->head) == 0)
            continue;
        for (size_t i = 0; i < host->l1_slots; i++) {
            uint64_t word = atomic_load_explicit(&index[i], memory_order_acquire);
            struct header header;
            if (!is_live(host, shard, word))
                continue;
            if (tag) {
                copy_out(&header, ring + position_of(word) % host->l1_ring_bytes, sizeof header);
                if (header.tag != *tag)
                    continue;
            }
            found += !dropping || atomic_compare_exchange_strong(&index[i], &word, 0);
        }
    }
    return found;
}

size_t
l1_remove_tag(struct host *host, uint32_t tag)
{
    return sweep(host, &tag, true);
}

size_t
l1_clear(struct host *host)
{
    return sweep(host, NULL, true);
}

void
l1_stats(struct host *host, struct l1_stats *stats)
{
    *stats = (struct l1_stats){.entries = sweep(host, NULL, false),
                               .capacity_bytes = L1_SHARDS * host->l1_ring_bytes};
    for (size_t i = 0; i < L1_SHARDS; i++) {
        struct l1_shard *shard = &host->shared->l1[i];
        uint64_t head = atomic_load(&shard->head);
        stats->bytes += head < host->l1_ring_bytes ? head : host->l1_ring_bytes;
        stats->hits += atomic_load(&shard->hits);
        stats->misses += atomic_load(&shard->misses);
        stats->stores += atomic_load(&shard->stores);
        stats->evictions += atomic_load(&shard->evictions);
        stats->repairs += atomic_load(&shard->repairs);
    }
}
