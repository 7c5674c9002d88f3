/* The table behind the vocabulary of failure. */
#include "base/error.h"

#include <assert.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const struct error_info infos[] = {
#define X(code_name, http_status, machine, retry, text)                                            \
    [ERROR_##code_name] = {                                                                        \
        .name = (machine), .title = (text), .status = (http_status), .retryable = (retry)},
    ERRORS(X)
#undef X
};

#define INFO_COUNT ((int)(sizeof(infos) / sizeof(infos[0])))

const struct error_info *
error_info(enum error_code code)
{
    if (code <= ERROR_NONE || (int)code >= INFO_COUNT)
        return &infos[ERROR_INTERNAL];
    return &infos[code];
}

enum error_code
error_by_name(const char *name)
{
    for (int code = ERROR_NONE + 1; code < INFO_COUNT; code++)
        if (strcmp(infos[code].name, name) == 0)
            return (enum error_code)code;
    return ERROR_NONE;
}

static bool
fill(struct error *err, enum error_code code, int retry_after_s, const char *format, va_list list)
{
    assert(err->code == ERROR_NONE);
    err->code = code;
    err->retry_after_s = retry_after_s;
    vsnprintf(err->detail, sizeof(err->detail), format, list);
    return false;
}

bool
error_set(struct error *err, enum error_code code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fill(err, code, 0, format, arguments);
    va_end(arguments);
    return false;
}

bool
error_set_retry(struct error *err, enum error_code code, int retry_after_s, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fill(err, code, retry_after_s, format, arguments);
    va_end(arguments);
    return false;
}
