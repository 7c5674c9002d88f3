/* One file that is written, and one that is taken from: a rename stands between them. */
#include "access/backlog.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/strbuf.h"

enum { PATH_BYTES = 1200 };

static void
make_path(char *path, const struct settings *settings, const char *name, const char *ending)
{
    snprintf(path, PATH_BYTES, "%s/%s.%s", settings->spool_directory, name, ending);
}

/* Opens the file that is written now. Another may have been renamed between its opening and its
 * lock: then it is not the one of this name any more, and the next one is taken. */
static int
open_locked(const char *path, const char *directory, struct stat *status)
{
    for (int tries = 0; tries < 10; tries++) {
        int file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (file < 0 && errno == ENOENT && mkdir(directory, 0700) == 0)
            continue;
        if (file < 0)
            return -1;
        struct stat named;
        if (flock(file, LOCK_SH) == 0 && fstat(file, status) == 0 && stat(path, &named) == 0 &&
            named.st_ino == status->st_ino && named.st_dev == status->st_dev)
            return file;
        close(file);
    }
    return -1;
}

/* A line that was written in part is ended, so that it harms no other: a reader passes over it. */
static bool
write_line(int file, const char *line, size_t length, struct error *err)
{
    char *whole = xmalloc(length + 1);
    memcpy(whole, line, length);
    whole[length] = '\n';
    ssize_t written = write(file, whole, length + 1);
    free(whole);
    if (written == (ssize_t)length + 1)
        return true;
    int cause = errno;
    if (written > 0 && write(file, "\n", 1) != 1)
        cause = errno;
    return error_set(err, ERROR_UNAVAILABLE, "a file of SPOOL_DIRECTORY cannot be written: %s",
                     written < 0 ? strerrordesc_np(cause) : "the disk is full");
}

bool
backlog_add(const struct settings *settings, const char *name, const char *line, size_t length,
            struct error *err)
{
    char path[PATH_BYTES];
    make_path(path, settings, name, "waiting");
    struct stat status;
    int file = open_locked(path, settings->spool_directory, &status);
    if (file < 0)
        return error_set(err, ERROR_UNAVAILABLE, "a file of SPOOL_DIRECTORY cannot be opened: %s",
                         strerrordesc_np(errno));
    bool good = status.st_size < BACKLOG_MAX_BYTES
                    ? write_line(file, line, length, err)
                    : error_set(err, ERROR_UNAVAILABLE, "too much waits for the database already");
    close(file);
    return good;
}

/* The file to take from: one that was left over, else what was written up to now. NULL: nothing. */
static FILE *
open_taken(const char *waiting, const char *taken)
{
    FILE *left = fopen(taken, "re");
    if (left)
        return left;
    FILE *file = fopen(waiting, "r+e");
    if (!file)
        return NULL;
    /* Nobody is writing once the lock is had; who gets it later finds that the name has gone. */
    bool renamed = flock(fileno(file), LOCK_EX) == 0 && rename(waiting, taken) == 0;
    flock(fileno(file), LOCK_UN);
    if (renamed)
        return file;
    fclose(file);
    return NULL;
}

struct batch {
    char *lines[BACKLOG_BATCH];
    size_t count, bytes;
    struct arena arena;
};

static bool
is_full(const struct batch *batch)
{
    return batch->count == BACKLOG_BATCH || batch->bytes >= BACKLOG_BATCH_BYTES;
}

/* Fills the batch; false when there was no line any more. */
static bool
read_batch(FILE *file, struct batch *batch, char **line, size_t *capacity)
{
    arena_reset(&batch->arena);
    batch->count = batch->bytes = 0;
    ssize_t length;
    while (!is_full(batch) && (length = getline(line, capacity, file)) > 0) {
        if ((*line)[length - 1] == '\n')
            length--;
        if (length == 0)
            continue;
        batch->lines[batch->count++] = arena_strndup(&batch->arena, *line, (size_t)length);
        batch->bytes += (size_t)length;
    }
    return batch->count > 0;
}

struct taker {
    const char *name;
    bool (*write)(void *context, const char *lines, struct arena *arena, struct error *err);
    void *context;
};

static const char *
join(char *const *lines, size_t count, struct arena *arena)
{
    struct strbuf text;
    strbuf_init(&text, arena, 4096);
    for (size_t i = 0; i < count; i++) {
        strbuf_add_char(&text, i == 0 ? '[' : ',');
        strbuf_add_text(&text, lines[i]);
    }
    strbuf_add_char(&text, ']');
    return text.data;
}

/* false: the rest is for later. */
static bool
give(const struct taker *taker, char *const *lines, size_t count, struct arena *arena)
{
    struct error err = {0};
    if (taker->write(taker->context, join(lines, count, arena), arena, &err))
        return true;
    if (err.code == ERROR_UNAVAILABLE)
        return false;
    if (count > 1) {
        for (size_t i = 0; i < count; i++)
            if (!give(taker, &lines[i], 1, arena))
                return false;
        return true;
    }
    log_line(LOG_LEVEL_ERROR, "a line that waited for the database cannot be written",
             LOG_TEXT("file", taker->name), LOG_TEXT("line", lines[0]),
             LOG_TEXT("cause", err.detail));
    return true;
}

void
backlog_drain(const struct settings *settings, const char *name,
              bool (*write_array)(void *context, const char *lines, struct arena *arena,
                                  struct error *err),
              void *context)
{
    char waiting[PATH_BYTES], taken[PATH_BYTES];
    make_path(waiting, settings, name, "waiting");
    make_path(taken, settings, name, "taken");
    FILE *file = open_taken(waiting, taken);
    if (!file)
        return;
    const struct taker taker = {name, write_array, context};
    struct batch *batch = xcalloc(1, sizeof(*batch));
    char *line = NULL;
    size_t capacity = 0;
    bool good = true;
    while (good && read_batch(file, batch, &line, &capacity))
        good = give(&taker, batch->lines, batch->count, &batch->arena);
    if (good && !ferror(file) && unlink(taken) != 0)
        log_line(LOG_LEVEL_ERROR, "a file of SPOOL_DIRECTORY cannot be removed",
                 LOG_TEXT("file", taken), LOG_TEXT("cause", strerrordesc_np(errno)));
    fclose(file);
    free(line);
    arena_release(&batch->arena);
    free(batch);
}
