/* Small files, written whole. */
#include "access/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/id.h"

enum {
    HALF_WRITTEN_MS = 3600 * 1000,
    KEPT_MS = 24 * 3600 * 1000,
    PAUSE_MAX_MS = 3600 * 1000,
    FILE_BYTES = 64, /* more than any name of ours */
};

static const char *const beginnings[SPOOL_KINDS] = {[SPOOL_USAGE] = "usage-",
                                                    [SPOOL_QUEUED] = "queued-",
                                                    [SPOOL_END] = "end-",
                                                    [SPOOL_LOST] = "lost-"};

static bool
make_path(char path[PATH_MAX], const char *directory, struct spool_name name, const char *ending)
{
    int length =
        snprintf(path, PATH_MAX, "%s/%s%s%s", directory, beginnings[name.kind], name.id, ending);
    return length > 0 && length < PATH_MAX;
}

static bool
write_all(int file, const char *text, size_t length)
{
    while (length > 0) {
        ssize_t written = write(file, text, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        text += written;
        length -= (size_t)written;
    }
    return true;
}

static int
create(const char *directory, const char *path)
{
    int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW;
    int file = open(path, flags, 0600);
    if (file < 0 && errno == ENOENT && (mkdir(directory, 0700) == 0 || errno == EEXIST))
        file = open(path, flags, 0600);
    return file;
}

bool
spool_put(const char *directory, struct spool_name name, const char *text, size_t length,
          struct error *err)
{
    char partial[PATH_MAX], whole[PATH_MAX];
    if (!make_path(partial, directory, name, ".part") ||
        !make_path(whole, directory, name, ".json"))
        return error_set(err, ERROR_INTERNAL, "the path of SPOOL_DIRECTORY is too long");
    int file = create(directory, partial);
    if (file < 0)
        return error_set(err, ERROR_UNAVAILABLE, "cannot create a file in SPOOL_DIRECTORY: %s",
                         strerrordesc_np(errno));
    bool written = write_all(file, text, length);
    int reason = errno;
    if (close(file) != 0 && written) {
        reason = errno;
        written = false;
    }
    if (written && rename(partial, whole) == 0)
        return true;
    if (written)
        reason = errno;
    (void)unlink(partial);
    return error_set(err, ERROR_UNAVAILABLE, "cannot write to SPOOL_DIRECTORY: %s",
                     strerrordesc_np(reason));
}

bool
spool_has(const char *directory, struct spool_name name)
{
    char path[PATH_MAX];
    return make_path(path, directory, name, ".json") && access(path, F_OK) == 0;
}

void
spool_drop(const char *directory, struct spool_name name)
{
    char path[PATH_MAX];
    if (make_path(path, directory, name, ".json"))
        (void)unlink(path);
}

/* A file that was found. */
struct found {
    int directory;
    char file[FILE_BYTES];
    enum spool_kind kind;
    char id[UUID_TEXT_BYTES];
    int64_t age_ms;   /* since it was written */
    int64_t tried_ms; /* since somebody was told in vain; -1: never */
};

/* Whether it is a name of ours with this ending; then found has whose. */
static bool
read_name(struct found *found, const char *ending)
{
    size_t id_length = UUID_TEXT_BYTES - 1;
    for (enum spool_kind kind = 0; kind < SPOOL_KINDS; kind++) {
        size_t beginning = strlen(beginnings[kind]);
        if (strncmp(found->file, beginnings[kind], beginning) != 0)
            continue;
        if (strlen(found->file) != beginning + id_length + strlen(ending) ||
            strcmp(found->file + beginning + id_length, ending) != 0)
            return false;
        found->kind = kind;
        memcpy(found->id, found->file + beginning, id_length);
        found->id[id_length] = '\0';
        return strspn(found->id, "0123456789abcdef-") == id_length;
    }
    return false;
}

static int64_t
milliseconds(struct timespec time)
{
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* The time of access says when it was tried last: it is set then, and by nothing else. */
static bool
look(struct found *found)
{
    struct stat status;
    if (fstatat(found->directory, found->file, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
        !S_ISREG(status.st_mode))
        return false;
    int64_t now_ms = clock_realtime_us() / 1000;
    int64_t written_ms = milliseconds(status.st_mtim), tried_ms = milliseconds(status.st_atim);
    found->age_ms = now_ms - written_ms;
    found->tried_ms = tried_ms > written_ms ? now_ms - tried_ms : -1;
    return true;
}

/* It waits as long again as it had waited when it was tried. */
static bool
is_due(const struct found *found, int64_t min_age_ms)
{
    int64_t pause_ms = found->tried_ms >= 0 ? found->age_ms - found->tried_ms : 0;
    if (pause_ms > PAUSE_MAX_MS)
        pause_ms = PAUSE_MAX_MS;
    return found->age_ms >= min_age_ms && (found->tried_ms < 0 || found->tried_ms >= pause_ms);
}

static void
note_try(const struct found *found)
{
    const struct timespec times[2] = {{.tv_nsec = UTIME_NOW}, {.tv_nsec = UTIME_OMIT}};
    (void)utimensat(found->directory, found->file, times, AT_SYMLINK_NOFOLLOW);
}

static void
set_aside(const struct found *found)
{
    char name[64];
    snprintf(name, sizeof(name), "%s%s.bad", beginnings[found->kind], found->id);
    (void)renameat(found->directory, found->file, found->directory, name);
}

/* Its text, NUL-terminated; NULL where it has gone. */
static const char *
read_text(const struct found *found, struct arena *arena)
{
    char text[SPOOL_FILE_MAX_BYTES];
    int file = openat(found->directory, found->file,
                      O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOATIME);
    if (file < 0)
        return NULL;
    ssize_t length = read(file, text, sizeof(text));
    close(file);
    return arena_strndup(arena, text, length > 0 ? (size_t)length : 0);
}

static void
drop_half_written(struct found *found)
{
    if (read_name(found, ".part") && look(found) && found->age_ms >= HALF_WRITTEN_MS)
        (void)unlinkat(found->directory, found->file, 0);
}

static void
conclude(const struct found *found, enum spool_verdict verdict)
{
    if (verdict == SPOOL_TOLD)
        (void)unlinkat(found->directory, found->file, 0);
    else if (verdict == SPOOL_KEEP && found->age_ms >= KEPT_MS)
        set_aside(found);
    else if (verdict != SPOOL_STOP)
        note_try(found);
}

static enum spool_verdict
tell_one(const struct found *found, const char *text, const struct spool_round *round,
         struct arena *arena)
{
    enum spool_verdict verdict =
        round->tell(round->context, (struct spool_name){found->kind, found->id}, text, arena);
    conclude(found, verdict);
    return verdict;
}

/* Files that are told together. */
struct batch {
    struct arena arena;
    size_t count;
    struct found found[SPOOL_MANY];
    const char *texts[SPOOL_MANY];
};

static enum spool_verdict
tell_batch(struct batch *batch, const struct spool_round *round)
{
    enum spool_verdict verdict = SPOOL_LATER;
    if (batch->count > 1 && round->tell_many)
        verdict = round->tell_many(round->context, batch->texts, batch->count, &batch->arena);
    for (size_t i = 0; i < batch->count && verdict == SPOOL_TOLD; i++)
        conclude(&batch->found[i], verdict);
    if (verdict != SPOOL_TOLD && verdict != SPOOL_STOP)
        for (size_t i = 0; i < batch->count && verdict != SPOOL_STOP; i++)
            verdict = tell_one(&batch->found[i], batch->texts[i], round, &batch->arena);
    batch->count = 0;
    arena_reset(&batch->arena);
    return verdict;
}

static enum spool_verdict
tell_found(struct batch *batch, const struct found *found, const struct spool_round *round)
{
    bool is_one_of_many = found->kind == SPOOL_QUEUED && found->tried_ms < 0;
    if (!is_one_of_many && batch->count > 0 && tell_batch(batch, round) == SPOOL_STOP)
        return SPOOL_STOP;
    const char *text = read_text(found, &batch->arena);
    if (!text)
        return SPOOL_LATER;
    batch->found[batch->count] = *found;
    batch->texts[batch->count++] = text;
    return !is_one_of_many || batch->count == SPOOL_MANY ? tell_batch(batch, round) : SPOOL_TOLD;
}

static bool
find(struct found *found, DIR *entries, const char *file, const struct spool_round *round)
{
    *found = (struct found){.directory = dirfd(entries)};
    if (strlen(file) >= sizeof(found->file))
        return false;
    memcpy(found->file, file, strlen(file) + 1);
    drop_half_written(found);
    return read_name(found, ".json") && look(found) &&
           is_due(found, round->min_age_ms[found->kind]);
}

bool
spool_each(const char *directory, const struct spool_round *round)
{
    DIR *entries = opendir(directory);
    if (!entries)
        return true;
    struct batch *batch = xcalloc(1, sizeof(*batch));
    enum spool_verdict verdict = SPOOL_TOLD;
    const struct dirent *entry;
    size_t left = round->max, left_again = round->max / 10 + 1;
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): of a directory that only this thread reads. */
    while (left > 0 && verdict != SPOOL_STOP && (entry = readdir(entries))) {
        struct found found;
        if (!find(&found, entries, entry->d_name, round))
            continue;
        size_t *bound = found.tried_ms < 0 ? &left : &left_again;
        if (*bound == 0)
            continue;
        --*bound;
        verdict = tell_found(batch, &found, round);
    }
    if (verdict != SPOOL_STOP && batch->count > 0)
        (void)tell_batch(batch, round);
    arena_release(&batch->arena);
    free(batch);
    closedir(entries);
    return left > 0;
}
