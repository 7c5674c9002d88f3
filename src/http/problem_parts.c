/* What the bodies of failure have in common. */
#include "http/problem_parts.h"

#include <limits.h>
#include <string.h>

#include "base/utf8.h"

const struct schema problem_attempt_schema = {
    .name = "Attempt",
    .size = sizeof(struct error_attempt),
    .fields =
        (const struct field[]){STRING(struct error_attempt, model, .flags = FIELD_REQUIRED,
                                      .doc = "The model that was asked."),
                               STRING(struct error_attempt, outcome, .flags = FIELD_REQUIRED,
                                      .doc = "What came of it, for programs."),
                               INTEGER(struct error_attempt, milliseconds, .flags = FIELD_REQUIRED,
                                       .max = INT64_MAX, .doc = "How long it took."),
                               {.name = NULL}},
    .doc = "One try at a model.",
};

const char *
problem_clean(const char *text, struct arena *arena)
{
    size_t length = strlen(text), at;
    struct strbuf out;
    if (utf8_count(text, length, &at))
        return text;
    strbuf_init(&out, arena, length + 16);
    while (!utf8_count(text, length, &at)) {
        strbuf_add(&out, text, at);
        strbuf_add_text(&out, "\xef\xbf\xbd");
        text += at + 1;
        length -= at + 1;
    }
    strbuf_add(&out, text, length);
    return out.data;
}

struct list
problem_attempts(const struct error *err, struct arena *arena)
{
    size_t count = err->attempt_count;
    if (count == 0)
        return (struct list){0};
    struct error_attempt *items = arena_array(arena, count, sizeof(*items));
    memcpy(items, err->attempts, count * sizeof(*items));
    return (struct list){items, count};
}

const char *
problem_detail(const struct error *err, const struct error_info *info, struct arena *arena)
{
    return problem_clean(err->detail[0] != '\0' ? err->detail : info->title, arena);
}

int
problem_retry_after_s(const struct error *err)
{
    if (err->retry_after_s > 0 || err->retry_after_ms <= 0)
        return err->retry_after_s;
    int64_t seconds = err->retry_after_ms / 1000 + (err->retry_after_ms % 1000 > 0);
    return seconds < INT_MAX ? (int)seconds : INT_MAX;
}
