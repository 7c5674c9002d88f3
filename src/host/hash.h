/* The hash that finds things in tables and proves that copied bytes are whole: XXH3, 64 bits. */
#ifndef HEARTH_HOST_HASH_H
#define HEARTH_HOST_HASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t hash_bytes(const void *bytes, size_t count);
uint64_t hash_seeded(const void *bytes, size_t count, uint64_t seed);

#endif
