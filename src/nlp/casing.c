#include "nlp/casing.h"

#include <string.h>
#include <strings.h>

#include "nlp/lexicon.h"
#include "nlp/verb.h"

bool
casing_lists(const char *list, const char *word)
{
    size_t length = strlen(word);
    if (length == 0)
        return false;
    for (const char *at = list; (at = strcasestr(at, word)) != NULL; at++)
        if (at > list && at[-1] == ' ' && at[length] == ' ')
            return true;
    return false;
}

/* Names that look like plurals or stand before a noun in lower case. */
static const char names[] =
    " adams african agnes alps american americans andes arab arabs arctic asian athens atlantic "
    "australian austrian belgian berlin brazilian brussels buddhist canadian carlos catholic charles "
    "chinese chris christian christians christmas cyprus danish davis dennis dutch easter egyptian "
    "english european europeans finnish frances french georgian german germans greek greeks harris "
    "hindu honduras illinois indian indians irish islamic israeli italian italians james japanese "
    "jesus jewish jews jones kansas kenyan korean latin lewis louis lucas marcus mars mexican "
    "monday mondays muslim muslims naples netherlands nicholas nigerian norwegian ottoman pacific "
    "paris philippines polish portuguese protestant roman romans russian russians scottish soviet "
    "spanish sundays sunday swedish swiss texas thomas thursday tuesday turkish ukrainian venus "
    "victorian viking vikings vietnamese wales wednesday welsh williams windows friday saturday "
    "january february april june july august september october november december ";

/* How often the text has the word in lower case, and with its capital inside a sentence. */
static void
count_forms(const struct document *d, const char *small, size_t length, size_t *lower,
            size_t *capital)
{
    *lower = *capital = 0;
    for (size_t i = 0; i < d->sentence_count; i++) {
        const struct sentence *s = &d->sentences[i];
        for (uint32_t j = 0; j < s->word_count; j++) {
            const struct word *w = &d->words[s->first_word + j];
            const char *text = d->text + w->start;
            size_t bytes = w->end - w->start;
            bool owns = bytes == length + 2 && memcmp(text + length, "'s", 2) == 0;
            if ((bytes != length && !owns) || strncasecmp(text, small, length) != 0)
                continue;
            *lower += text[0] == small[0] && !s->is_heading;
            *capital += text[0] != small[0] && j > 0 && !s->is_heading;
        }
    }
}

/* Whether a word of which the text tells nothing is a common one: a plural, a verb, a word with a
 * feeling or a common ending, or one that describes the noun behind it. */
static bool
looks_common(const char *small, size_t length, const char *next)
{
    static const char *const endings[] = {"tion", "sion", "ment", "ness", "ity",  "ing",
                                          "ism",  "ance", "ence", "ship", "ed",   "ful",
                                          "ous",  "able", "ible", "ware", "less", NULL};
    const char *base;
    if (casing_lists(names, small))
        return false;
    if (lexicon_valence(small, length) != 0 || verb_read(small, &base) != VERB_NONE)
        return true;
    if (length > 3 && small[length - 1] == 's' && strchr("sui", small[length - 2]) == NULL)
        return true;
    for (const char *const *ending = endings; *ending != NULL; ending++) {
        size_t bytes = strlen(*ending);
        if (length > bytes + 2 && memcmp(small + length - bytes, *ending, bytes) == 0)
            return true;
    }
    static const char follows_name[] =
        " is are was were has had have can could will would should must may might and or of in on "
        "at for to from with by did does do said says also then who ";
    return next != NULL && *next >= 'a' && *next <= 'z' && !casing_lists(follows_name, next) &&
           verb_read(next, &base) == VERB_NONE &&
           (strlen(next) < 4 || strcmp(next + strlen(next) - 2, "ed") != 0);
}

const char *
casing_inside(const struct document *d, const char *word, const char *next)
{
    if (*word < 'A' || *word > 'Z' || (word[1] >= 'A' && word[1] <= 'Z') || strcmp(word, "I") == 0)
        return word;
    char *small = arena_strdup(d->arena, word);
    *small = (char)(*small + 0x20);
    size_t length = strspn(small, "abcdefghijklmnopqrstuvwxyz-");
    if (is_stop_word(d->language, small, length))
        return small;
    if (small[length] != '\0' && strcmp(small + length, "'s") != 0)
        return word;
    char *bare = arena_strndup(d->arena, small, length);
    size_t lower, capital;
    count_forms(d, bare, length, &lower, &capital);
    if (capital > 0 && capital >= lower)
        return word;
    if (lower > 0)
        return small;
    if (next != NULL && *next >= 'A' && *next <= 'Z')
        return word;
    return strcmp(d->language->code, "en") == 0 && looks_common(bare, length, next) ? small : word;
}
