/* Identifiers: UUIDv7 (RFC 9562), W3C trace context, and random bytes. */
#ifndef HEARTH_BASE_ID_H
#define HEARTH_BASE_ID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { UUID_TEXT_BYTES = 37, TRACEPARENT_BYTES = 56 };

/* Fills bytes with random ones of the kernel; aborts where there are none. Small counts come from a
 * buffer of the thread, so they cost no system call. */
void random_bytes(void *bytes, size_t count);

/* 36 characters and a NUL: time-ordered, unique over processes and hosts. */
void uuid_v7(char *text, int64_t realtime_us);

/* Whether text is a UUID as we write them: lower-case hex in five groups. */
bool uuid_is_valid(const char *text);

/* A request id from outside is taken when it is 1 to 128 characters of letters, digits, '-', '_'
 * and '.', so that it is safe in headers, logs and file names. */
bool request_id_is_valid(const char *text);

/* Starts a child span: keeps the trace id of parent when that is a well-formed traceparent, starts
 * a new sampled trace when it is NULL or not (W3C Trace Context, section 3.2). */
void traceparent_child(char *text, const char *parent);

#endif
