/* What is logged while a test runs: standard error goes into a pipe. */
#ifndef HEARTH_TESTS_LOG_CAPTURE_H
#define HEARTH_TESTS_LOG_CAPTURE_H

#include <fcntl.h>
#include <stdbool.h>
#include <unistd.h>

struct log_capture {
    int saved, reader;
    char text[16384];
};

/* false: it cannot. */
static inline bool
log_capture_begin(struct log_capture *capture)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
        return false;
    capture->saved = dup(STDERR_FILENO);
    capture->reader = ends[0];
    dup2(ends[1], STDERR_FILENO);
    close(ends[1]);
    return true;
}

static inline void
log_capture_end(struct log_capture *capture)
{
    dup2(capture->saved, STDERR_FILENO);
    close(capture->saved);
    close(capture->reader);
}

/* What came since the last call; borrowed. */
static inline const char *
log_captured(struct log_capture *capture)
{
    ssize_t got = read(capture->reader, capture->text, sizeof(capture->text) - 1);
    capture->text[got > 0 ? got : 0] = '\0';
    return capture->text;
}

#endif
