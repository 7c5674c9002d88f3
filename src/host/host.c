/* Making, checking and mapping the file that the host's processes share. */
#include "host/host.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/id.h"
#include "host/hash.h"
#include "host/journal_ring.h"
#include "host/shared.h"

_Static_assert(sizeof(struct shared) == HOST_SHARED_BYTES, "the layout changed: raise HOST_LAYOUT");

enum {
    PATH_BYTES = 4096,
    PAGE_BYTES = 4096,
    RING_MIN_BYTES = 64 * 1024,
    SLOT_BYTES = 256,
    SLOTS_MIN = 64
};

static size_t
round_up(size_t size, size_t unit)
{
    return (size + unit - 1) / unit * unit;
}

/* A slot of the index for each 256 bytes: most answers are longer, so sets seldom overflow. */
static void
lay_out(struct host *host, size_t l1_bytes)
{
    size_t index_bytes = 0;
    if (l1_bytes > 0) {
        host->l1_ring_bytes = round_up(l1_bytes / L1_SHARDS, PAGE_BYTES);
        if (host->l1_ring_bytes < RING_MIN_BYTES)
            host->l1_ring_bytes = RING_MIN_BYTES;
        host->l1_slots = SLOTS_MIN;
        while (host->l1_slots < host->l1_ring_bytes / SLOT_BYTES)
            host->l1_slots *= 2;
        index_bytes = L1_SHARDS * host->l1_slots * sizeof *host->l1_index;
    }
    host->l1_rings_offset = round_up(sizeof(struct shared) + index_bytes, PAGE_BYTES);
    host->journal_offset = host->l1_rings_offset + L1_SHARDS * host->l1_ring_bytes;
    host->bytes = host->journal_offset + round_up(journal_bytes(), PAGE_BYTES);
}

static bool
check_file(const struct host *host, const char *path, struct stat *status, struct error *err)
{
    if (fstat(host->fd, status) < 0)
        return error_set(err, ERROR_INTERNAL, "cannot inspect \"%s\": %s", path, strerror(errno));
    if (!S_ISREG(status->st_mode))
        return error_set(err, ERROR_INTERNAL, "\"%s\" is not a regular file", path);
    if (status->st_uid != geteuid())
        return error_set(err, ERROR_INTERNAL, "\"%s\" belongs to user %u, not to user %u", path,
                         (unsigned)status->st_uid, (unsigned)geteuid());
    if (status->st_mode & (S_IRWXG | S_IRWXO))
        return error_set(err, ERROR_INTERNAL, "\"%s\" is open to other users", path);
    if (status->st_size != 0 && status->st_size != (off_t)host->bytes)
        return error_set(err, ERROR_INTERNAL, "\"%s\" has %lld bytes instead of %zu", path,
                         (long long)status->st_size, host->bytes);
    return true;
}

static uint64_t
boot_hash(void)
{
    char text[64] = "";
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? 0 : read(fd, text, sizeof text);
    if (fd >= 0)
        close(fd);
    return hash_bytes(text, length > 0 ? (size_t)length : 0) | 1;
}

/* What is always in use gets its space now, so that a full disk is an error here and not a SIGBUS
 * later; the rings and the journal get theirs as they fill. Where a file system cannot promise
 * space, nothing is lost but the promise. */
static bool
reserve_space(const struct host *host, const char *path, struct error *err)
{
    if (fallocate(host->fd, 0, 0, (off_t)host->l1_rings_offset) == 0 || errno == EOPNOTSUPP)
        return true;
    return error_set(err, ERROR_INTERNAL, "cannot reserve %zu bytes for \"%s\": %s",
                     host->l1_rings_offset, path, strerror(errno));
}

/* Times in the file count from boot and holders are process numbers, so what an earlier boot left
 * on a disk is emptied. Nobody of this boot maps the file before it carries this boot's mark, and
 * who dies here leaves it without: the next one empties it again. The kernel ends the lock with the
 * process. */
static bool
begin_boot(const struct host *host, const char *path, struct error *err)
{
    struct {
        uint64_t boot, seed;
    } mark = {0}, now = {.boot = boot_hash()};
    if (pread(host->fd, &mark, sizeof mark, 0) == (ssize_t)sizeof mark && mark.boot == now.boot)
        return reserve_space(host, path, err);
    if (ftruncate(host->fd, 0) < 0 || ftruncate(host->fd, (off_t)host->bytes) < 0)
        return error_set(err, ERROR_INTERNAL, "cannot size \"%s\": %s", path, strerror(errno));
    if (!reserve_space(host, path, err))
        return false;
    random_bytes(&now.seed, sizeof now.seed);
    if (pwrite(host->fd, &now, sizeof now, 0) != (ssize_t)sizeof now)
        return error_set(err, ERROR_INTERNAL, "cannot write \"%s\": %s", path, strerror(errno));
    return true;
}

static bool
map_file(struct host *host, const char *path, struct error *err)
{
    struct stat status;
    if (flock(host->fd, LOCK_EX) < 0)
        return error_set(err, ERROR_INTERNAL, "cannot lock \"%s\": %s", path, strerror(errno));
    bool ready = check_file(host, path, &status, err) && begin_boot(host, path, err);
    flock(host->fd, LOCK_UN);
    if (!ready)
        return false;
    unsigned char *base = mmap(NULL, host->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, host->fd, 0);
    if (base == MAP_FAILED)
        return error_set(err, ERROR_INTERNAL, "cannot map \"%s\": %s", path, strerror(errno));
    host->shared = (struct shared *)(void *)base;
    host->l1_index = (atomic_uint_fast64_t *)(void *)(base + sizeof(struct shared));
    host->l1_rings = base + host->l1_rings_offset;
    host->journal = (struct journal_cell *)(void *)(base + host->journal_offset);
    return true;
}

static bool
name_file(char *path, size_t size, const char *directory, size_t l1_bytes)
{
    int length = snprintf(path, size, "%s/hearth-shared.%d-%zu", directory, HOST_LAYOUT, l1_bytes);
    return length >= 0 && (size_t)length < size;
}

struct host *
host_open(const char *directory, size_t l1_bytes, struct error *err)
{
    char path[PATH_BYTES];
    if (!name_file(path, sizeof path, directory, l1_bytes) || l1_bytes > SIZE_MAX / 4) {
        error_set(err, ERROR_INTERNAL, "no name for the shared file in \"%.200s\"", directory);
        return NULL;
    }
    struct host *host = xcalloc(1, sizeof *host);
    lay_out(host, l1_bytes);
    host->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (host->fd < 0)
        error_set(err, ERROR_INTERNAL, "cannot open \"%s\": %s", path, strerror(errno));
    else if (map_file(host, path, err))
        return host;
    host_close(host);
    return NULL;
}

void
host_close(struct host *host)
{
    if (!host)
        return;
    if (host->shared)
        munmap(host->shared, host->bytes);
    if (host->fd >= 0)
        close(host->fd);
    free(host);
}

void
host_remove(const char *directory, size_t l1_bytes)
{
    char path[PATH_BYTES];
    if (name_file(path, sizeof path, directory, l1_bytes))
        unlink(path);
}
