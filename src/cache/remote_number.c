/* Numbers in memcached, by name. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cache/remote_private.h"

static void
make_key(const struct remote *remote, char *key, const char *name)
{
    snprintf(key, REMOTE_KEY_BYTES, "%s%s", remote->prefix, name);
}

/* false for what is no number of ours. */
static bool
read_number(const struct call *call, int64_t *number)
{
    char text[24] = "";
    memcpy(text, call->found ? call->found : "",
           call->found_bytes < sizeof(text) - 1 ? call->found_bytes : sizeof(text) - 1);
    char *end;
    *number = strtoll(text, &end, 10);
    return end != text && *end == '\0' && *number >= 0;
}

static enum remote_result
put_number(struct remote *remote, struct call *call, const char *name, int64_t number)
{
    char key[REMOTE_KEY_BYTES], text[24];
    make_key(remote, key, name);
    call->key = key;
    call->value = text;
    call->value_bytes = (size_t)snprintf(text, sizeof(text), "%" PRId64, number);
    return remote_run(remote, call);
}

enum remote_result
remote_number(struct remote *remote, const char *name, int64_t *number)
{
    char key[REMOTE_KEY_BYTES];
    make_key(remote, key, name);
    struct call call = {.kind = CALL_GET, .key = key};
    enum remote_result result = remote_run(remote, &call);
    if (result == REMOTE_DONE && !read_number(&call, number))
        result = REMOTE_OTHER;
    free(call.found);
    return result;
}

enum remote_result
remote_read_number(struct remote *remote, const char *name, struct remote_number *number)
{
    char key[REMOTE_KEY_BYTES];
    make_key(remote, key, name);
    struct call call = {.kind = CALL_READ, .key = key};
    enum remote_result result = remote_run(remote, &call);
    number->version = call.version;
    if (result == REMOTE_DONE && !read_number(&call, &number->value))
        number->value = 0;
    free(call.found);
    return result;
}

enum remote_result
remote_swap_number(struct remote *remote, const char *name, const struct remote_number *number,
                   int64_t ttl_s)
{
    struct call call = {.kind = CALL_SWAP, .version = number->version, .ttl_s = ttl_s};
    return put_number(remote, &call, name, number->value);
}

enum remote_result
remote_set_number(struct remote *remote, const char *name, int64_t number, int64_t ttl_s)
{
    struct call call = {.kind = CALL_SET, .ttl_s = ttl_s};
    return put_number(remote, &call, name, number);
}

enum remote_result
remote_add_number(struct remote *remote, const char *name, int64_t number, int64_t ttl_s)
{
    struct call call = {.kind = CALL_ADD, .ttl_s = ttl_s};
    return put_number(remote, &call, name, number);
}

enum remote_result
remote_delete(struct remote *remote, const char *name)
{
    char key[REMOTE_KEY_BYTES];
    make_key(remote, key, name);
    struct call call = {.kind = CALL_DELETE, .key = key};
    return remote_run(remote, &call);
}
