/* Locked files that number the workers of a host. */
#include "fcgi/slot.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum { SLOTS_MAX = 1024 };

bool
slot_take(struct slot *slot, const char *directory, struct error *err)
{
    for (int number = 0; number < SLOTS_MAX; number++) {
        char path[PATH_MAX];
        snprintf(path, sizeof(path), "%s/worker.%d", directory, number);
        int descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
        if (descriptor < 0)
            return error_set(err, ERROR_INTERNAL, "cannot open \"%s\": %s", path, strerror(errno));
        if (flock(descriptor, LOCK_EX | LOCK_NB) == 0) {
            *slot = (struct slot){.descriptor = descriptor, .number = number};
            slot_say(slot, "starting");
            return true;
        }
        close(descriptor);
    }
    return error_set(err, ERROR_INTERNAL, "\"%s\" holds %d workers already", directory, SLOTS_MAX);
}

void
slot_say(const struct slot *slot, const char *state)
{
    char line[64];
    /* Padded, so that one write replaces whatever longer line was there. */
    int length = snprintf(line, sizeof(line), "%d %-10s\n", (int)getpid(), state);
    ssize_t written = pwrite(slot->descriptor, line, (size_t)length, 0);
    if (written == length && ftruncate(slot->descriptor, length) != 0)
        return;
}

void
slot_release(struct slot *slot)
{
    if (ftruncate(slot->descriptor, 0) != 0)
        slot_say(slot, "gone");
    close(slot->descriptor);
    slot->descriptor = -1;
}
