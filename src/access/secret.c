/* AUTH_SECRET, or what stands in for it while somebody tries things out on one host. */
#include "access/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/id.h"
#include "base/sha256.h"

enum { RANDOM_BYTES = 32, SECRET_CHARACTERS = 2 * RANDOM_BYTES };

/* Written whole under a name of its own, then linked: who comes second finds a whole one too. */
static bool
make(const char *path, struct arena *arena)
{
    unsigned char bytes[RANDOM_BYTES];
    char text[SECRET_CHARACTERS + 1], id[UUID_TEXT_BYTES];
    random_bytes(bytes, sizeof(bytes));
    hex_format(text, bytes, sizeof(bytes));
    uuid_v7(id, 0);
    const char *draft = arena_printf(arena, "%s.%s", path, id);
    int file = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file < 0)
        return false;
    bool made = write(file, text, SECRET_CHARACTERS) == SECRET_CHARACTERS;
    made = close(file) == 0 && made && (link(draft, path) == 0 || errno == EEXIST);
    unlink(draft);
    return made;
}

static const char *
read_kept(const char *path, struct arena *arena)
{
    char *text = arena_alloc(arena, SECRET_CHARACTERS + 1);
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (file < 0)
        return NULL;
    struct stat status;
    bool ours = fstat(file, &status) == 0 && status.st_uid == geteuid() &&
                (status.st_mode & (S_IRWXG | S_IRWXO)) == 0;
    bool whole = ours && read(file, text, SECRET_CHARACTERS) == SECRET_CHARACTERS;
    close(file);
    return whole ? text : NULL;
}

bool
secret_read(const struct settings *settings, struct arena *arena, const char **secret,
            struct error *err)
{
    *secret = settings->auth_secret;
    if (*secret && (*secret)[0] != '\0')
        return true;
    if (settings->production)
        return error_set(err, ERROR_INTERNAL,
                         "AUTH_SECRET is not set, and accounts in production need one");
    const char *path = arena_printf(arena, "%s/auth_secret", settings->runtime_directory);
    *secret = read_kept(path, arena);
    if (!*secret && make(path, arena))
        *secret = read_kept(path, arena);
    return *secret || error_set(err, ERROR_INTERNAL, "\"%s\" cannot be made or read", path);
}
