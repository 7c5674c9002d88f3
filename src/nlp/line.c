#include "nlp/sentence.h"

#include <string.h>

/* A line this long was probably wrapped rather than ended. */
enum { WRAPPED_LINE_BYTES = 45 };

size_t
list_marker_length(const char *line, size_t length)
{
    size_t i = 0;
    if (length > 1 && strchr("-*+#>", line[0]) != NULL) {
        while (i < length && (line[i] == line[0]))
            i++;
    } else if (length > 3 && (memcmp(line, "\xe2\x80\xa2", 3) == 0 || /* bullet, en dash */
                              memcmp(line, "\xe2\x80\x93", 3) == 0)) {
        i = 3;
    } else {
        while (i < length && i < 3 && line[i] >= '0' && line[i] <= '9')
            i++;
        if (i == 0 || i == length || (line[i] != '.' && line[i] != ')'))
            return 0;
        i++;
    }
    if (i >= length || (line[i] != ' ' && line[i] != '\t'))
        return 0;
    while (i < length && (line[i] == ' ' || line[i] == '\t'))
        i++;
    return i;
}

static bool
ends_a_sentence(const char *line, size_t length)
{
    while (length > 0 && strchr("\"')]", line[length - 1]) != NULL)
        length--;
    return length > 0 && strchr(".!?:;", line[length - 1]) != NULL;
}

/* Whether the line goes on in the next one. */
static bool
is_wrapped(const char *line, size_t length, const char *next, size_t next_length)
{
    if (length == 0 || next_length == 0 || list_marker_length(next, next_length) > 0 ||
        line[0] == '#')
        return false;
    if (next[0] >= 'a' && next[0] <= 'z')
        return true;
    return length >= WRAPPED_LINE_BYTES || ends_a_sentence(line, length);
}

struct line {
    size_t start, end, next; /* trimmed; where the line after begins */
};

static struct line
line_at(const char *text, size_t length, size_t start)
{
    struct line line = {start, start, length};
    const char *newline = memchr(text + start, '\n', length - start);
    if (newline != NULL)
        line.next = (size_t)(newline - text) + 1;
    line.end = line.next;
    while (line.end > start && strchr(" \t\r\n", text[line.end - 1]) != NULL)
        line.end--;
    while (line.start < line.end && strchr(" \t\r", text[line.start]) != NULL)
        line.start++;
    return line;
}

void
sentence_join_lines(char *text, size_t length)
{
    struct line line = line_at(text, length, 0);
    while (line.next < length) {
        struct line next = line_at(text, length, line.next);
        bool wrapped = is_wrapped(text + line.start, line.end - line.start, text + next.start,
                                  next.end - next.start);
        if (wrapped)
            memset(text + line.end, ' ', next.start - line.end);
        line = next;
    }
}
