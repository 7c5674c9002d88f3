#include "nlp/quantity.h"

#include <string.h>

#include "nlp/casing.h"
#include "nlp/verb.h"

static bool
is_number(const char *token)
{
    size_t digits = strspn(token, "0123456789.,");
    return digits > 0 && token[0] >= '0' && token[0] <= '9' && token[digits] == '\0' &&
           strchr(".,", token[digits - 1]) == NULL;
}

static size_t
skip_all(const struct statement *s, size_t word, const char *list)
{
    while (word < s->count && casing_lists(list, s->tokens[word]))
        word++;
    return word;
}

static bool
is_counted(const char *word)
{
    static const char measures[] =
        " percent per cent years days weeks months hours minutes seconds times metres meters miles "
        "kilometres kilometers centimetres millimetres feet inches grams kilograms tonnes tons "
        "pounds dollars euros cents litres degrees points kilobytes megabytes bytes always perhaps "
        "decades centuries celsius watts volts hertz ";
    size_t length = strlen(word);
    if (casing_lists(measures, word) || *word < 'a' || *word > 'z')
        return false;
    return casing_lists(" people children men women ", word) ||
           (length > 3 && word[length - 1] == 's' && strchr("sui'", word[length - 2]) == NULL);
}

static bool
follows_as_verb(const struct statement *s, size_t from)
{
    const char *base;
    for (size_t i = from; i < s->count && i < from + 4; i++) {
        if (strpbrk(s->tokens[i], ",;:") != NULL)
            return false;
        if (casing_lists(" is are was were have had can could will would must may ",
                         s->tokens[i]) ||
            verb_read(s->tokens[i], &base) == VERB_BASE ||
            verb_read(s->tokens[i], &base) == VERB_PAST)
            return true;
    }
    return false;
}

bool
quantity_read(const struct statement *s, size_t word, struct quantity *quantity)
{
    size_t start = skip_all(s, word,
                            " over about nearly almost around roughly more than at least "
                            "some only up to fewer less approximately ");
    size_t at = skip_all(s, start,
                         " half a two three four five six seven eight nine ten eleven "
                         "twelve twenty thirty forty fifty sixty seventy eighty ninety ");
    if (at == start && at < s->count && is_number(s->tokens[at]))
        at++;
    at = skip_all(s, at, " dozen hundred thousand million billion ");
    if (at == start || at >= s->count ||
        (at == start + 1 && casing_lists(" a half ", s->tokens[start])))
        return false;
    char last = s->tokens[at - 1][strlen(s->tokens[at - 1]) - 1];
    size_t end = at;
    while (end < s->count && end < at + 3 && *s->tokens[end] >= 'a' && *s->tokens[end] <= 'z' &&
           !casing_lists(" of in on at to and or per a the ", s->tokens[end]) &&
           strchr(",;:)", s->tokens[end][strlen(s->tokens[end]) - 1]) == NULL &&
           !is_counted(s->tokens[end]))
        end++;
    if (last == ',' || end >= s->count || end == at + 3)
        return false;
    char noun[32];
    size_t length = strcspn(s->tokens[end], ",;:)");
    if (length >= sizeof(noun) || strlen(s->tokens[end]) > length + 1)
        return false;
    memcpy(noun, s->tokens[end], length);
    noun[length] = '\0';
    if (!is_counted(noun))
        return false;
    *quantity = (struct quantity){at, end + 1, false};
    quantity->has_verb_behind = s->tokens[end][length] == '\0' && follows_as_verb(s, end + 1);
    return true;
}
