#include "nlp/inversion.h"

#include <string.h>
#include <strings.h>

#include "nlp/casing.h"
#include "nlp/verb.h"

const char *
inversion_auxiliary(const struct statement *s, const char *opening, size_t end)
{
    bool has = casing_lists(" has have had ", s->tokens[s->verb]);
    size_t length = strlen(s->tokens[s->verb + 1]);
    bool participle = length > 3 && (strcmp(s->tokens[s->verb + 1] + length - 2, "ed") == 0 ||
                                     strcmp(s->tokens[s->verb + 1] + length - 2, "en") == 0);
    if (statement_has_verb(s, s->verb + 1, end) || (has && !participle))
        return NULL;
    struct strbuf out = statement_question(s, opening);
    statement_add_words(s, &out, s->verb, s->verb + 1);
    statement_add_words(s, &out, 0, s->verb);
    statement_add_words(s, &out, s->verb + 1, end);
    return statement_finish(&out, "?");
}

/* Where the words behind the full verb stop being its own: before "and" with a further verb. 0
 * where another verb there makes it doubtful that this one is the sentence's. */
static size_t
end_of_predicate(const struct statement *s, size_t end)
{
    const char *base;
    for (size_t i = s->verb + 1; i < end; i++) {
        if (i > s->verb + 1 && s->tokens[i - 1][strlen(s->tokens[i - 1]) - 1] == ',')
            return i;
        bool is_verb = *s->tokens[i] >= 'a' && (verb_read(s->tokens[i], &base) == VERB_PAST ||
                                                verb_read(s->tokens[i], &base) == VERB_THIRD);
        if (is_verb && strcasecmp(s->tokens[i - 1], "and") == 0 && i > s->verb + 1)
            return i - 1;
        if (is_verb || statement_has_verb(s, i, i + 1))
            return 0;
    }
    return end;
}

const char *
inversion_helper(int form)
{
    return form == VERB_PAST ? "did" : form == VERB_THIRD ? "does" : "do";
}

/* Whether the verb needs nothing behind it. */
static bool
stands_alone(const char *base)
{
    return casing_lists(
        " appear arrive begin break close continue decline die disappear emerge end "
        "escape expand fail fall finish flee grow happen heal improve increase melt "
        "migrate move occur open recover reopen resign return rise start stop "
        "survive work ",
        base);
}

const char *
inversion_full(struct statement *s, const char *opening, size_t end)
{
    int form;
    const char *base;
    if (!statement_find_full_verb(s, &form, &base) || s->verb + 1 > end)
        return NULL;
    size_t last = end_of_predicate(s, end);
    if (last == 0 || (last == s->verb + 1 && !stands_alone(base)))
        return NULL;
    struct strbuf out = statement_question(s, opening);
    strbuf_add_text(&out, inversion_helper(form));
    statement_add_words(s, &out, 0, s->verb);
    strbuf_printf(&out, " %s", base);
    statement_add_words(s, &out, s->verb + 1, last);
    return statement_finish(&out, "?");
}
