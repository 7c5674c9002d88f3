/* Small files, written whole. */
#include "access/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/id.h"

enum { HALF_WRITTEN_MS = 3600 * 1000, KEPT_MS = 24 * 3600 * 1000 };

static const char BEGINNING[] = "usage-";

static bool
make_path(char path[PATH_MAX], const char *directory, const char *id, const char *ending)
{
    int length = snprintf(path, PATH_MAX, "%s/%s%s%s", directory, BEGINNING, id, ending);
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
    if (file < 0 && errno == ENOENT && mkdir(directory, 0700) == 0)
        file = open(path, flags, 0600);
    return file;
}

bool
spool_put(const char *directory, const char *id, const char *text, size_t length, struct error *err)
{
    char partial[PATH_MAX], whole[PATH_MAX];
    if (!make_path(partial, directory, id, ".part") || !make_path(whole, directory, id, ".json"))
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

void
spool_drop(const char *directory, const char *id)
{
    char path[PATH_MAX];
    if (make_path(path, directory, id, ".json"))
        (void)unlink(path);
}

static void
set_aside(const char *directory, const char *id)
{
    char from[PATH_MAX], to[PATH_MAX];
    if (make_path(from, directory, id, ".json") && make_path(to, directory, id, ".bad"))
        (void)rename(from, to);
}

/* The id in a name of ours with this ending; false for any other name. */
static bool
read_name(const char *name, const char *ending, char id[UUID_TEXT_BYTES])
{
    size_t beginning = strlen(BEGINNING), id_length = UUID_TEXT_BYTES - 1;
    if (strncmp(name, BEGINNING, beginning) != 0 ||
        strlen(name) != beginning + id_length + strlen(ending) ||
        strcmp(name + beginning + id_length, ending) != 0)
        return false;
    memcpy(id, name + beginning, id_length);
    id[id_length] = '\0';
    return strspn(id, "0123456789abcdef-") == id_length;
}

static int64_t
age_ms(const struct stat *status)
{
    int64_t changed_ms = (int64_t)status->st_mtim.tv_sec * 1000 + status->st_mtim.tv_nsec / 1000000;
    return clock_realtime_us() / 1000 - changed_ms;
}

/* The text of a file that is old enough, NUL-terminated; NULL where there is none to tell. */
static char *
read_file(int directory, const char *name, int64_t min_age_ms, int64_t *age, struct arena *arena)
{
    struct stat status = {0};
    int file = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (file < 0)
        return NULL;
    char *text = NULL;
    bool is_known = fstat(file, &status) == 0;
    *age = age_ms(&status);
    if (is_known && S_ISREG(status.st_mode) && *age >= min_age_ms) {
        text = arena_alloc(arena, SPOOL_FILE_MAX_BYTES + 1);
        ssize_t length = read(file, text, SPOOL_FILE_MAX_BYTES);
        text[length > 0 ? length : 0] = '\0';
    }
    close(file);
    return text;
}

static void
drop_half_written(int directory, const char *name)
{
    char id[UUID_TEXT_BYTES];
    struct stat status;
    if (read_name(name, ".part", id) &&
        fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
        age_ms(&status) >= HALF_WRITTEN_MS)
        (void)unlinkat(directory, name, 0);
}

void
spool_each(const char *directory, int min_age_ms, size_t max,
           enum spool_verdict (*tell)(void *context, const char *id, const char *text,
                                      struct arena *arena),
           void *context)
{
    DIR *entries = opendir(directory);
    if (!entries)
        return;
    struct arena arena = {0};
    enum spool_verdict verdict = SPOOL_TOLD;
    const struct dirent *entry;
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): of a directory that only this thread reads. */
    while (max > 0 && verdict != SPOOL_STOP && (entry = readdir(entries))) {
        char id[UUID_TEXT_BYTES];
        drop_half_written(dirfd(entries), entry->d_name);
        if (!read_name(entry->d_name, ".json", id))
            continue;
        arena_reset(&arena);
        int64_t age;
        const char *text = read_file(dirfd(entries), entry->d_name, min_age_ms, &age, &arena);
        if (!text)
            continue;
        max--;
        verdict = tell(context, id, text, &arena);
        if (verdict == SPOOL_TOLD)
            spool_drop(directory, id);
        else if (verdict == SPOOL_KEEP && age >= KEPT_MS)
            set_aside(directory, id);
    }
    arena_release(&arena);
    closedir(entries);
}
