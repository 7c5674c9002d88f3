/* The configuration file: any text is read or refused with complaints, in bounded time. The first
 * bytes up to a NUL are the file, what follows is one environment variable after the other. */
#include "base/settings.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { VARIABLES_MAX = 16 };

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    char *text = arena_strndup(&arena, (const char *)data, size);
    char *environment[VARIABLES_MAX + 1] = {NULL};
    char none[] = "";
    size_t at = strlen(text) + 1;
    for (size_t i = 0; i < VARIABLES_MAX && at < size; i++) {
        /* No variable may name a file to read. */
        if (!strstr(text + at, "_FILE") && !strstr(text + at, "CREDENTIALS"))
            environment[i] = text + at;
        else
            environment[i] = none;
        at += strlen(text + at) + 1;
    }
    struct strbuf complaints, list;
    strbuf_init(&complaints, &arena, 64);
    strbuf_init(&list, &arena, 64);
    struct settings settings;
    if (!strcasestr(text, "_file")) {
        bool good = settings_parse(&settings, text, "fuzz.conf", environment, &arena, &complaints);
        if (good != (complaints.length == 0) || !settings.default_model)
            abort();
        if (good)
            settings_list(&settings, &list);
    }
    arena_release(&arena);
    return 0;
}
