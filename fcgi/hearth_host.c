/* The operator's way into the memory that the workers share, and out to other programs. */
#include "fcgi/hearth.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The file that the workers map, of the size that they were started with. */
static bool
find_shared(const char *directory, struct stat *status, size_t *l1_bytes)
{
    time_t newest = 0;
    DIR *entries = opendir(directory);
    for (struct dirent *entry; entries && (entry = readdir(entries));) {
        struct stat found;
        const char *dash = strrchr(entry->d_name, '-');
        if (strncmp(entry->d_name, "hearth-shared.", 14) != 0 || !dash ||
            fstatat(dirfd(entries), entry->d_name, &found, AT_SYMLINK_NOFOLLOW) != 0 ||
            !S_ISREG(found.st_mode) || found.st_size == 0 || found.st_mtime < newest)
            continue;
        newest = found.st_mtime;
        *status = found;
        *l1_bytes = strtoull(dash + 1, NULL, 10);
    }
    if (entries)
        closedir(entries);
    return newest > 0;
}

struct host *
command_host(struct command *command, const char **problem)
{
    const char *directory = command->settings.runtime_directory;
    struct stat status;
    size_t l1_bytes;
    if (!find_shared(directory, &status, &l1_bytes)) {
        *problem = arena_printf(&command->arena,
                                "nothing in \"%s\": no worker has run with this RUNTIME_DIRECTORY",
                                directory);
        return NULL;
    }
    /* The owner may not be able to walk the path that root did: a link below root's home. */
    char *resolved = realpath(directory, NULL);
    if (resolved) {
        directory = arena_strdup(&command->arena, resolved);
        free(resolved);
    }
    if ((geteuid() == 0 && (setegid(status.st_gid) != 0 || seteuid(status.st_uid) != 0)) ||
        geteuid() != status.st_uid) {
        *problem =
            arena_printf(&command->arena, "belongs to user %u: run this as that user or as root",
                         (unsigned)status.st_uid);
        return NULL;
    }
    struct error err = {0};
    struct host *host = host_open(directory, l1_bytes, &err);
    if (!host)
        *problem = arena_strdup(&command->arena, err.detail);
    return host;
}

void
command_remove(struct arena *arena, const char *path)
{
    DIR *directory = opendir(path);
    for (struct dirent *entry; directory && (entry = readdir(directory));)
        if (entry->d_name[0] != '.')
            unlink(arena_printf(arena, "%s/%s", path, entry->d_name));
    if (directory)
        closedir(directory);
    rmdir(path);
}

int
command_json(struct command *command, const struct schema *schema, const void *value)
{
    struct strbuf out;
    strbuf_init(&out, &command->arena, 4096);
    schema_encode(schema, value, &out);
    return puts(out.data) < 0;
}
