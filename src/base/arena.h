/* An arena owns everything a request allocates and ends it at once. Allocation is a pointer bump in
 * chunks; memory comes zeroed, but for that of texts, and aligned for any type; running out of
 * memory aborts the process, so no call here can fail. One thread uses an arena at a time; it may
 * move between threads. */
#ifndef HEARTH_BASE_ARENA_H
#define HEARTH_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct arena_chunk;
struct arena_deferred;
struct arena_attachment;

struct arena {
    struct arena_chunk *chunk;
    struct arena_deferred *deferred;
    struct arena_attachment *attached;
    size_t used_bytes; /* handed out since the last reset, over all chunks */
};

/* An arena of all zero bytes is valid and empty; init only says so. */
void arena_init(struct arena *arena);

/* Ends all allocations, after running the deferred calls last to first. Keeps one chunk. */
void arena_reset(struct arena *arena);

/* As arena_reset(), and gives the last chunk back too. */
void arena_release(struct arena *arena);

void *arena_alloc(struct arena *arena, size_t size) __attribute__((malloc, returns_nonnull));

/* As arena_alloc(), but not zeroed: for the bytes of texts, which are written at once. */
void *arena_bytes(struct arena *arena, size_t size) __attribute__((malloc, returns_nonnull));

/* An array of count elements; aborts when the product overflows. */
void *arena_array(struct arena *arena, size_t count, size_t size) __attribute__((returns_nonnull));

/* Grows the block at old from old_size to new_size bytes, in place where it is the newest one. */
void *arena_grow(struct arena *arena, void *old, size_t old_size, size_t new_size)
    __attribute__((returns_nonnull));

char *arena_strdup(struct arena *arena, const char *text) __attribute__((returns_nonnull));
char *arena_strndup(struct arena *arena, const char *text, size_t length)
    __attribute__((returns_nonnull));
char *arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3), returns_nonnull));
char *arena_vprintf(struct arena *arena, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0), returns_nonnull));

/* Calls run(data) at the next reset or release: how a foreign object joins the request. */
void arena_defer(struct arena *arena, void (*run)(void *data), void *data);

/* Joins data to the arena until its next reset, under the address of something of the caller's own:
 * what those who have only the arena in common share. NULL where nothing is attached. */
void arena_attach(struct arena *arena, const void *key, void *data);
void *arena_attached(const struct arena *arena, const void *key);

/* malloc() and friends for what outlives a request: they abort instead of failing. */
void *xmalloc(size_t size) __attribute__((malloc, returns_nonnull));
void *xcalloc(size_t count, size_t size) __attribute__((malloc, returns_nonnull));
void *xrealloc(void *old, size_t size) __attribute__((returns_nonnull));
char *xstrdup(const char *text) __attribute__((malloc, returns_nonnull));

#endif
