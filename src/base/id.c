/* Identifiers. Random bits come from a per-thread buffer so that an id costs no system call. */
#include "base/id.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/sha256.h"

static void
ask_kernel(unsigned char *bytes, size_t count)
{
    while (count > 0) {
        ssize_t got = getrandom(bytes, count, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            abort();
        bytes += got;
        count -= (size_t)got;
    }
}

void
random_bytes(void *bytes, size_t count)
{
    static _Thread_local unsigned char pool[512];
    static _Thread_local size_t left;
    if (count > sizeof(pool) / 4) {
        ask_kernel(bytes, count);
        return;
    }
    if (left < count) {
        ask_kernel(pool, sizeof(pool));
        left = sizeof(pool);
    }
    unsigned char *taken = pool + sizeof(pool) - left;
    memcpy(bytes, taken, count);
    /* What was given out may be a secret of somebody's: it does not stay here. */
    memset(taken, 0, count);
    left -= count;
}

void
uuid_v7(char *text, int64_t realtime_us)
{
    unsigned char bytes[16];
    random_bytes(bytes + 6, 10);
    uint64_t ms = (uint64_t)(realtime_us / 1000);
    for (int i = 0; i < 6; i++)
        bytes[i] = (unsigned char)(ms >> (40 - 8 * i));
    bytes[6] = (unsigned char)(0x70 | (bytes[6] & 0x0f));
    bytes[8] = (unsigned char)(0x80 | (bytes[8] & 0x3f));
    static const unsigned char groups[] = {4, 2, 2, 2, 6};
    const unsigned char *at = bytes;
    for (size_t i = 0; i < sizeof(groups); i++) {
        if (i > 0)
            *text++ = '-';
        hex_format(text, at, groups[i]);
        text += 2 * groups[i];
        at += groups[i];
    }
}

bool
uuid_is_valid(const char *text)
{
    for (size_t i = 0; i < UUID_TEXT_BYTES - 1; i++) {
        bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
        bool is_hex = (text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f');
        if (is_dash ? text[i] != '-' : !is_hex)
            return false;
    }
    return text[UUID_TEXT_BYTES - 1] == '\0';
}

bool
request_id_is_valid(const char *text)
{
    size_t length = strlen(text);
    if (length < 1 || length > 128)
        return false;
    return strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") ==
           length;
}

static bool
is_lower_hex(const char *text, size_t count)
{
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        if (!((text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f')))
            return false;
        any = any || text[i] != '0';
    }
    return any;
}

static bool
traceparent_is_valid(const char *text)
{
    if (!text || strlen(text) != TRACEPARENT_BYTES - 1 || strncmp(text, "00-", 3) != 0)
        return false;
    bool flags = strspn(text + 53, "0123456789abcdef") == 2;
    return is_lower_hex(text + 3, 32) && text[35] == '-' && is_lower_hex(text + 36, 16) &&
           text[52] == '-' && flags;
}

void
traceparent_child(char *text, const char *parent)
{
    unsigned char random[24];
    random_bytes(random, sizeof(random));
    bool known = traceparent_is_valid(parent);
    if (known) {
        memcpy(text, parent, 36);
    } else {
        memcpy(text, "00-", sizeof("00-"));
        hex_format(text + 3, random, 16);
        text[35] = '-';
    }
    hex_format(text + 36, random + 16, 8);
    memcpy(text + 52, known ? parent + 52 : "-01", 4);
}
