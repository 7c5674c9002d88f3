/* The name of a process in one word:
 *
 *   bits 22-62  when it started, in ticks since boot (proc_pid_stat(5)); 0: not known
 *   bits 0-21   its number (Linux numbers them below 2^22)
 */
#include "host/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NUMBER_BITS = 22, START_BITS = 41, STAT_BYTES = 512, PATH_BYTES = 32 };
#define NUMBER_MASK ((UINT64_C(1) << NUMBER_BITS) - 1)
#define START_MASK ((UINT64_C(1) << START_BITS) - 1)

/* Fields of the file, the state being number 3. */
enum { FIELD_STATE = 3, FIELD_THREADS = 20, FIELD_START = 22 };

struct standing {
    char state;
    uint64_t threads, start;
};

/* A program's name may hold anything, so fields are counted from behind its last parenthesis. */
static bool
parse(const char *text, struct standing *standing)
{
    const char *at = strrchr(text, ')');
    if (!at)
        return false;
    for (int field = FIELD_STATE; field <= FIELD_START; field++) {
        at = strchr(at + 1, ' ');
        if (!at)
            return false;
        if (field == FIELD_STATE)
            standing->state = at[1];
        else if (field == FIELD_THREADS)
            standing->threads = strtoull(at, NULL, 10);
        else if (field == FIELD_START)
            standing->start = strtoull(at, NULL, 10) & START_MASK;
    }
    return standing->start != 0;
}

static bool
look(pid_t number, struct standing *standing)
{
    char path[PATH_BYTES], text[STAT_BYTES];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)number);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return false;
    ssize_t length = read(file, text, sizeof text - 1);
    close(file);
    text[length > 0 ? length : 0] = '\0';
    return parse(text, standing);
}

uint64_t
process_self(void)
{
    struct standing standing;
    pid_t number = getpid();
    uint64_t start = look(number, &standing) ? standing.start : 0;
    return start << NUMBER_BITS | ((uint64_t)number & NUMBER_MASK);
}

/* One that nobody has waited for yet still has its number; while other threads of it are being
 * ended its first one is such a rest already. */
static bool
is_rest(const struct standing *standing)
{
    return (standing->state == 'Z' || standing->state == 'X') && standing->threads <= 1;
}

bool
process_is_dead(uint64_t process)
{
    struct standing standing;
    pid_t number = (pid_t)(process & NUMBER_MASK);
    uint64_t start = process >> NUMBER_BITS;
    if (kill(number, 0) != 0 && errno == ESRCH)
        return true;
    return look(number, &standing) &&
           (is_rest(&standing) || (start != 0 && standing.start != start));
}
