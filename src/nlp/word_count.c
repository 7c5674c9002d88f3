/* How many words a text has. It is asked for with every answer, so ICU is only asked about texts in
 * whose scripts no blank parts words. */
#include <string.h>

#include "base/utf8.h"
#include "nlp/nlp.h"
#include "nlp/unspaced.h"
#include "nlp/word_walk.h"

static bool
is_blank(char byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

/* Whether the character at text is such a letter; all of them begin with 0xe0 or more. */
static bool
starts_unspaced(const char *text)
{
    size_t bytes;
    return (unsigned char)*text >= 0xe0 && is_unspaced(utf8_decode(text, &bytes));
}

/* The end of what a blank or an unspaced letter ends. */
static const char *
run_end(const char *at)
{
    while (*at != '\0' && !is_blank(*at) && !starts_unspaced(at))
        at++;
    return at;
}

/* Within the runs that blanks part, ICU's words of the unspaced scripts and the runs between. */
static int64_t
count_mixed(const char *text)
{
    struct word_walk walk;
    int64_t words = 0;
    const char *counted = text;
    word_walk_open(&walk, text, strlen(text));
    while (word_walk_next(&walk)) {
        const char *word = text + walk.start;
        bool unspaced = starts_unspaced(word);
        if (!unspaced && word < counted)
            continue;
        words++;
        if (!unspaced)
            counted = run_end(word);
    }
    word_walk_close(&walk);
    return words;
}

int64_t
nlp_count_words(const char *text)
{
    int64_t words = 0;
    const char *at = text;
    while (is_blank(*at))
        at++;
    while (*at != '\0') {
        words++;
        at = run_end(at);
        if (*at != '\0' && !is_blank(*at))
            return count_mixed(text);
        while (is_blank(*at))
            at++;
    }
    return words;
}
