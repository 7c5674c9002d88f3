/* Bump allocation in chunks, poisoned for AddressSanitizer so that an arena does not blind it. */
#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* gcc and clang tell of AddressSanitizer in different ways. */
#if defined(__SANITIZE_ADDRESS__)
#define ARENA_POISONS
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_POISONS
#endif
#endif

#ifdef ARENA_POISONS
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#endif

/* Chunks of an arena grow from the one size to the other: an arena for little things stays little,
 * and one that is used again has soon kept a chunk for all of a request. */
enum { CHUNK_BYTES_MIN = 4 * 1024, CHUNK_BYTES_MAX = 16 * 1024 };

struct arena_chunk {
    struct arena_chunk *next;
    size_t size;
    size_t used;
    alignas(max_align_t) unsigned char bytes[];
};

struct arena_deferred {
    struct arena_deferred *next;
    void (*run)(void *data);
    void *data;
};

struct arena_attachment {
    struct arena_attachment *next;
    const void *key;
    void *data;
};

static _Noreturn void
out_of_memory(size_t size)
{
    fprintf(stderr, "{\"level\":\"fatal\",\"message\":\"out of memory\",\"bytes\":%zu}\n", size);
    abort();
}

void *
xmalloc(size_t size)
{
    void *block = malloc(size > 0 ? size : 1);
    if (!block)
        out_of_memory(size);
    return block;
}

void *
xcalloc(size_t count, size_t size)
{
    void *block = calloc(count > 0 ? count : 1, size > 0 ? size : 1);
    if (!block)
        out_of_memory(size);
    return block;
}

void *
xrealloc(void *old, size_t size)
{
    void *block = realloc(old, size > 0 ? size : 1);
    if (!block)
        out_of_memory(size);
    return block;
}

char *
xstrdup(const char *text)
{
    size_t size = strlen(text) + 1;
    return memcpy(xmalloc(size), text, size);
}

static size_t
round_up(size_t size)
{
    size_t rounded;
    if (__builtin_add_overflow(size, alignof(max_align_t) - 1, &rounded))
        out_of_memory(size);
    return rounded & ~(alignof(max_align_t) - 1);
}

static struct arena_chunk *
chunk_new(size_t size)
{
    size_t total;
    if (__builtin_add_overflow(size, sizeof(struct arena_chunk), &total))
        out_of_memory(size);
    struct arena_chunk *chunk = xmalloc(total);
    chunk->next = NULL;
    chunk->size = size;
    chunk->used = 0;
    ASAN_POISON_MEMORY_REGION(chunk->bytes, chunk->size);
    return chunk;
}

static void
chunk_free(struct arena_chunk *chunk)
{
    ASAN_UNPOISON_MEMORY_REGION(chunk->bytes, chunk->size);
    free(chunk);
}

void
arena_init(struct arena *arena)
{
    *arena = (struct arena){0};
}

void
arena_reset(struct arena *arena)
{
    while (arena->deferred) {
        struct arena_deferred *deferred = arena->deferred;
        arena->deferred = deferred->next;
        deferred->run(deferred->data);
    }
    struct arena_chunk *kept = NULL;
    while (arena->chunk) {
        struct arena_chunk *chunk = arena->chunk;
        arena->chunk = chunk->next;
        if (kept || chunk->size > CHUNK_BYTES_MAX)
            chunk_free(chunk);
        else
            kept = chunk;
    }
    if (kept) {
        kept->next = NULL;
        kept->used = 0;
        ASAN_POISON_MEMORY_REGION(kept->bytes, kept->size);
    }
    arena->chunk = kept;
    arena->attached = NULL;
    arena->used_bytes = 0;
}

void
arena_release(struct arena *arena)
{
    arena_reset(arena);
    if (arena->chunk)
        chunk_free(arena->chunk);
    arena->chunk = NULL;
}

static void *
take(struct arena *arena, size_t size)
{
    struct arena_chunk *chunk = arena->chunk;
    void *block = chunk->bytes + chunk->used;
    chunk->used += size;
    arena->used_bytes += size;
    ASAN_UNPOISON_MEMORY_REGION(block, size);
    return block;
}

/* What the next chunk holds; they grow, so that of those that may be kept the newest is the
 * largest.
 */
static size_t
next_size(const struct arena_chunk *newest)
{
    if (!newest)
        return CHUNK_BYTES_MIN;
    return newest->size < CHUNK_BYTES_MAX / 2 ? newest->size * 2 : CHUNK_BYTES_MAX;
}

static void *
allocate(struct arena *arena, size_t rounded)
{
    struct arena_chunk *chunk = arena->chunk;
    if (!chunk || chunk->size - chunk->used < rounded) {
        size_t least = next_size(chunk);
        struct arena_chunk *fresh = chunk_new(rounded > least ? rounded : least);
        fresh->next = chunk;
        arena->chunk = fresh;
    }
    return take(arena, rounded);
}

void *
arena_alloc(struct arena *arena, size_t size)
{
    size_t rounded = round_up(size > 0 ? size : 1);
    return memset(allocate(arena, rounded), 0, rounded);
}

void *
arena_bytes(struct arena *arena, size_t size)
{
    return allocate(arena, round_up(size > 0 ? size : 1));
}

void *
arena_array(struct arena *arena, size_t count, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(count, size, &total))
        out_of_memory(SIZE_MAX);
    return arena_alloc(arena, total);
}

void *
arena_grow(struct arena *arena, void *old, size_t old_size, size_t new_size)
{
    struct arena_chunk *chunk = arena->chunk;
    size_t old_rounded = round_up(old_size > 0 ? old_size : 1);
    size_t new_rounded = round_up(new_size);
    if (new_rounded <= old_rounded && old)
        return old;
    size_t extra = new_rounded - old_rounded;
    if (old && (unsigned char *)old + old_rounded == chunk->bytes + chunk->used &&
        chunk->size - chunk->used >= extra) {
        memset(take(arena, extra), 0, extra);
        return old;
    }
    void *block = arena_alloc(arena, new_size);
    if (old)
        memcpy(block, old, old_size);
    return block;
}

char *
arena_strndup(struct arena *arena, const char *text, size_t length)
{
    char *copy = arena_bytes(arena, length + 1);
    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

char *
arena_strdup(struct arena *arena, const char *text)
{
    return arena_strndup(arena, text, strlen(text));
}

/* Most texts are shorter: they are written once and not measured before. */
enum { BRIEF_BYTES = 256 };

char *
arena_vprintf(struct arena *arena, const char *format, va_list arguments)
{
    char brief[BRIEF_BYTES];
    brief[0] = '\0';
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(brief, sizeof(brief), format, arguments);
    size_t size = length < 0 ? 1 : (size_t)length + 1;
    char *text = arena_bytes(arena, size);
    if (size <= sizeof(brief))
        memcpy(text, brief, size);
    else
        vsnprintf(text, size, format, again);
    va_end(again);
    return text;
}

char *
arena_printf(struct arena *arena, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = arena_vprintf(arena, format, arguments);
    va_end(arguments);
    return text;
}

void
arena_defer(struct arena *arena, void (*run)(void *data), void *data)
{
    struct arena_deferred *deferred = arena_alloc(arena, sizeof(*deferred));
    *deferred = (struct arena_deferred){arena->deferred, run, data};
    arena->deferred = deferred;
}

void
arena_attach(struct arena *arena, const void *key, void *data)
{
    struct arena_attachment *attachment = arena_alloc(arena, sizeof(*attachment));
    *attachment = (struct arena_attachment){arena->attached, key, data};
    arena->attached = attachment;
}

void *
arena_attached(const struct arena *arena, const void *key)
{
    const struct arena_attachment *attachment = arena->attached;
    while (attachment && attachment->key != key)
        attachment = attachment->next;
    return attachment ? attachment->data : NULL;
}
