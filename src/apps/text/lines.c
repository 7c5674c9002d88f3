/* Models decorate list items with bullets and numbers, in JSON too. */
#include "apps/text/lines.h"

#include <string.h>

#include "http/text.h"

static const char *
skip_bullet(const char *text)
{
    static const char *const bullets[] = {"- ", "* ", "\xe2\x80\xa2 ", "\xe2\x80\x93 ", NULL};
    for (const char *const *bullet = bullets; *bullet; bullet++)
        if (strncmp(text, *bullet, strlen(*bullet)) == 0)
            return text + strlen(*bullet);
    size_t digits = strspn(text, "0123456789");
    bool numbered = digits > 0 && digits <= 2 && (text[digits] == '.' || text[digits] == ')') &&
                    text[digits + 1] == ' ';
    return numbered ? text + digits + 2 : text;
}

static const char *
clean(const char *text, struct arena *arena)
{
    size_t start, end;
    text_trim(text, strlen(text), &start, &end);
    const char *line = skip_bullet(arena_strndup(arena, text + start, end - start));
    while (*line == ' ')
        line++;
    return line;
}

struct list
lines_clean(const struct list *found, size_t max, struct arena *arena)
{
    const char *const *texts = found->items;
    const char **lines = arena_array(arena, found->count + 1, sizeof(*lines));
    size_t count = 0;
    for (size_t i = 0; i < found->count && count < max; i++) {
        lines[count] = clean(texts[i], arena);
        if (lines[count][0] != '\0')
            count++;
    }
    return (struct list){lines, count};
}

struct list
lines_of(const char **lines, size_t count, const char *text, struct arena *arena)
{
    if (count > 0)
        return (struct list){lines, count};
    const char **whole = arena_array(arena, 1, sizeof(*whole));
    whole[0] = text;
    return (struct list){whole, 1};
}
