/* What the worker processes of one host share: a mapped file. All-zero bytes are its valid initial
 * state, so there is neither an initialiser nor a leader; the layout's version is in the file's
 * name, so old and new binaries coexist during a rolling restart. Each decision is one atomic
 * operation: a worker that dies at any instruction leaves nothing locked and nothing wrong. */
#ifndef HEARTH_HOST_HOST_H
#define HEARTH_HOST_HOST_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct host;

/* Maps directory/hearth-shared.<layout>-<l1 bytes>, making it where it is missing (mode 0600). The
 * caller owns the result. NULL with ERROR_INTERNAL when the file cannot be made or mapped. */
struct host *host_open(const char *directory, size_t l1_bytes, struct error *err)
    __attribute__((warn_unused_result));
void host_close(struct host *host);

/* Deletes the file that host_open() makes there; who has it open goes on with it. */
void host_remove(const char *directory, size_t l1_bytes);

#endif
