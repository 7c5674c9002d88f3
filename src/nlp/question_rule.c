#include "nlp/question_rule.h"

#include <string.h>
#include <strings.h>

#include "nlp/casing.h"
#include "nlp/inversion.h"
#include "nlp/quantity.h"
#include "nlp/statement.h"
#include "nlp/verb.h"

static const char *
why_question(struct statement *s)
{
    size_t because = statement_find_word(s, 1, "because");
    if (because + 1 >= s->count || because < 2)
        return NULL;
    if (statement_find_verb(s, " is are was were can could will would should must has have had do "
                               "does did ") &&
        s->verb + 1 < because)
        return inversion_auxiliary(s, "why ", because);
    return inversion_full(s, "why ", because);
}

static bool
is_year(const char *token)
{
    return strspn(token, "0123456789") == 4 && (token[0] == '1' || token[0] == '2') &&
           (token[4] == '\0' || strcmp(token + 4, ",") == 0);
}

static bool
tells_past(const struct statement *s)
{
    const char *base;
    for (size_t i = 2; i < s->count; i++)
        if (casing_lists(" was were had ", s->tokens[i]) ||
            verb_read(s->tokens[i], &base) == VERB_PAST)
            return true;
    return false;
}

/* "In 1932, the owner sold it": asked by the rest, or for what happened. */
static const char *
opening_year_question(const struct statement *s)
{
    if (s->count < 5 || strcasecmp(s->tokens[0], "in") != 0 || !is_year(s->tokens[1]) ||
        !tells_past(s))
        return NULL;
    struct statement rest = *s;
    rest.count = s->count - 2;
    memmove(rest.tokens, rest.tokens + 2, rest.count * sizeof(rest.tokens[0]));
    const char *question = inversion_full(&rest, "when ", rest.count);
    if (question != NULL && strncmp(question, "When did ", 9) == 0)
        return question;
    struct strbuf out = statement_question(s, "what happened in ");
    strbuf_add(&out, s->tokens[1], 4);
    return statement_finish(&out, "?");
}

static const char *
when_question(struct statement *s)
{
    const char *question = opening_year_question(s);
    size_t year = 2;
    while (year + 1 < s->count &&
           (strcasecmp(s->tokens[year], "in") != 0 || !is_year(s->tokens[year + 1])))
        year++;
    if (question != NULL || year + 1 >= s->count)
        return question;
    if (statement_find_verb(s, " was were is are will "))
        return s->verb + 2 <= year && !casing_lists(" a an the one ", s->tokens[s->verb + 1])
                   ? inversion_auxiliary(s, "when ", year)
                   : NULL;
    question = inversion_full(s, "when ", year);
    return question != NULL && strncmp(question, "When did ", 9) == 0 ? question : NULL;
}

static void
add_counted(const struct statement *s, struct strbuf *out, const struct quantity *quantity)
{
    statement_add_words(s, out, quantity->noun, quantity->end);
    while (strchr(",;:)", out->data[out->length - 1]) != NULL)
        strbuf_truncate(out, out->length - 1);
}

static const char *
how_many_question(struct statement *s)
{
    struct quantity quantity;
    if (quantity_read(s, 0, &quantity) && quantity.has_verb_behind) {
        struct strbuf out = statement_question(s, "how many");
        statement_add_words(s, &out, quantity.noun, s->count);
        return statement_finish(&out, "?");
    }
    if (strcasecmp(s->tokens[0], "there") == 0 && casing_lists(" are were ", s->tokens[1]) &&
        quantity_read(s, 2, &quantity)) {
        struct strbuf out = statement_question(s, "how many");
        add_counted(s, &out, &quantity);
        statement_add_words(s, &out, 1, 2);
        strbuf_add_text(&out, " there");
        return statement_finish(&out, "?");
    }
    int form = VERB_NONE;
    const char *base = "have";
    if (statement_find_verb(s, " has have had "))
        form = strcasecmp(s->tokens[s->verb], "has") == 0    ? VERB_THIRD
               : strcasecmp(s->tokens[s->verb], "have") == 0 ? VERB_BASE
                                                             : VERB_PAST;
    else if (!statement_find_full_verb(s, &form, &base))
        return NULL;
    if (!quantity_read(s, s->verb + 1, &quantity))
        return NULL;
    struct strbuf out = statement_question(s, "how many");
    add_counted(s, &out, &quantity);
    strbuf_printf(&out, " %s", inversion_helper(form));
    statement_add_words(s, &out, 0, s->verb);
    strbuf_printf(&out, " %s", base);
    return statement_finish(&out, "?");
}

static const char *
how_much_question(struct statement *s)
{
    if (!statement_find_verb(s, " costs cost ") ||
        strpbrk(s->tokens[s->verb + 1], "0123456789") == NULL)
        return NULL;
    bool singular = strcmp(s->tokens[s->verb], "costs") == 0;
    struct strbuf out = statement_question(s, singular ? "how much does" : "how much do");
    statement_add_words(s, &out, 0, s->verb);
    strbuf_add_text(&out, " cost");
    return statement_finish(&out, "?");
}

/* "What did Ana Berg say?" */
static const char *
what_said_question(struct statement *s)
{
    int form;
    const char *base;
    if (!statement_find_full_verb(s, &form, &base))
        return NULL;
    size_t end = s->verb + 1;
    if (casing_lists(" tell ", base) && end + 1 < s->count)
        end++;
    else if (!casing_lists(" say think believe report announce warn explain claim suggest confirm "
                           "predict promise argue fear reveal propose ",
                           base))
        return NULL;
    if (end >= s->count || strcasecmp(s->tokens[end], "that") != 0)
        return NULL;
    struct strbuf out = statement_question(s, "what ");
    strbuf_add_text(&out, inversion_helper(form));
    statement_add_words(s, &out, 0, s->verb);
    strbuf_printf(&out, " %s", base);
    statement_add_words(s, &out, s->verb + 1, end);
    return statement_finish(&out, "?");
}

/* Whether the subject is a person as far as a title, a possessive or what it does tells. */
static bool
is_person(const struct statement *s)
{
    static const char doings[] = " wrote painted invented discovered married taught studied died "
                                 "published sailed believed ";
    bool names_only = true;
    for (size_t i = 0; i < s->verb; i++) {
        if (casing_lists(" dr. prof. mr. mrs. ms. mayor president sir lady captain king queen "
                         "professor judge senator minister ",
                         s->tokens[i]))
            return true;
        if (i > 0 && i + 1 < s->verb && strcasecmp(s->tokens[i], "and") == 0 &&
            casing_lists(" his her ", s->tokens[i + 1]))
            return true;
        names_only &= *s->tokens[i] >= 'A' && *s->tokens[i] <= 'Z';
    }
    return names_only && casing_lists(doings, s->tokens[s->verb]) &&
           casing_inside(s->document, s->tokens[0], s->tokens[1]) == s->tokens[0];
}

static const char *
who_question(struct statement *s)
{
    int form;
    const char *base;
    if (!statement_find_full_verb(s, &form, &base) || form != VERB_PAST || !is_person(s))
        return NULL;
    struct strbuf out = statement_question(s, "who");
    statement_add_words(s, &out, s->verb, s->count);
    return statement_finish(&out, "?");
}

/* "This is called bleaching." */
static const char *
what_called_question(struct statement *s)
{
    size_t called = statement_find_word(s, 2, "called"), count = s->count - called;
    if (called >= s->count || count < 2 || count > 4 ||
        !casing_lists(" is are was were ", s->tokens[called - 1]))
        return NULL;
    for (size_t i = called + 1; i < s->count; i++)
        if (strpbrk(s->tokens[i], ",;:()") != NULL ||
            (*s->tokens[i] >= 'A' && *s->tokens[i] <= 'Z'))
            return NULL;
    const char *last = s->tokens[s->count - 1];
    struct strbuf out =
        statement_question(s, last[strlen(last) - 1] == 's' ? "what is meant by" : "what is");
    statement_add_words(s, &out, called + 1, s->count);
    return statement_finish(&out, "?");
}

static bool
defines(const struct statement *s, const char *articles)
{
    return s->verb <= 4 && casing_lists(articles, s->tokens[s->verb + 1]);
}

static bool
is_occupation(const char *word)
{
    static const char people[] =
        " actor architect author composer director doctor engineer explorer inventor king lawyer "
        "illustrator mathematician musician nurse painter philosopher pilot poet politician "
        "president programmer queen researcher singer teacher writer professor leader ";
    size_t length = strcspn(word, ",;");
    return (length > 6 && strncmp(word + length - 3, "ist", 3) == 0 && *word != 'c') ||
           casing_lists(people, word);
}

static const char *
what_is_question(struct statement *s)
{
    if (!statement_find_verb(s, " is are was were ") || !defines(s, " a an the one any "))
        return NULL;
    bool person = false;
    for (size_t i = s->verb + 2; i < s->count && i < s->verb + 6; i++)
        person |= is_occupation(s->tokens[i]);
    struct strbuf out = statement_question(s, person ? "who " : "what ");
    statement_add_words(s, &out, s->verb, s->verb + 1);
    statement_add_words(s, &out, 0, s->verb);
    return statement_finish(&out, "?");
}

static const char *
modal_question(struct statement *s)
{
    if (!statement_find_verb(s, " can could should must will would may ") ||
        casing_lists(" not be have also only never ", s->tokens[s->verb + 1]))
        return NULL;
    struct strbuf out = statement_question(s, "what ");
    statement_add_words(s, &out, s->verb, s->verb + 1);
    statement_add_words(s, &out, 0, s->verb);
    strbuf_add_text(&out, " do");
    return statement_finish(&out, "?");
}

static const char *
used_for_question(struct statement *s)
{
    if (!statement_find_verb(s, " is are was were "))
        return NULL;
    const char *participle = s->tokens[s->verb + 1];
    bool by = s->verb + 3 < s->count && casing_lists(" by ", s->tokens[s->verb + 2]) &&
              casing_lists(" built created designed developed discovered founded invented led made "
                           "maintained opened owned painted published run written ",
                           participle);
    if (by) {
        char first = *s->tokens[s->verb + 3];
        return inversion_auxiliary(
            s, first >= 'A' && first <= 'Z' ? "by whom " : "by what or whom ", s->verb + 2);
    }
    if (!casing_lists(" used made built designed known ", participle))
        return NULL;
    for (size_t i = s->verb + 2; i + 1 < s->count && i <= s->verb + 4; i++)
        if (casing_lists(" for of from ", s->tokens[i]))
            return inversion_auxiliary(s, "what ", i + 1);
    return NULL;
}

static const char *
english_question(struct statement *s)
{
    static const char *(*const rules[])(struct statement *) = {
        why_question,      how_much_question,    how_many_question, what_said_question,
        when_question,     what_called_question, who_question,      what_is_question,
        used_for_question, modal_question,
    };
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        const char *question = rules[i](s);
        if (question != NULL)
            return question;
    }
    return NULL;
}

/* "X ist ein Y" and its sisters: verbs, articles, and the question around X. */
static const struct definition {
    const char *language, *verbs, *articles, *before, *after;
} definitions[] = {
    {"de", " ist ", " ein eine der die das ", "Was ist ", "?"},
    {"de", " sind ", " die eine ", "Was sind ", "?"},
    {"fr", " est ", " un une le la ", "Qu'est-ce que ", " ?"},
    {"fr", " sont ", " des les ", "Que sont ", " ?"},
    {"es", " es ", " un una el la ", "\xc2\xbfQu\xc3\xa9 es ", "?"},
    {"es", " son ", " unos unas los las ", "\xc2\xbfQu\xc3\xa9 son ", "?"},
};

static bool
is_english(const struct document *d)
{
    return strcmp(d->language->code, "en") == 0 || *d->language->code == '\0';
}

static bool
may_ask(const struct document *d, const struct sentence *sentence, struct statement *s)
{
    return !d->language->unspaced && !sentence->is_heading && !sentence->is_question &&
           statement_read(s, d, sentence);
}

const char *
question_from_statement(const struct document *d, const struct sentence *sentence)
{
    struct statement s;
    if (!may_ask(d, sentence, &s))
        return NULL;
    if (is_english(d))
        return english_question(&s);
    for (size_t i = 0; i < sizeof(definitions) / sizeof(definitions[0]); i++) {
        const struct definition *def = &definitions[i];
        if (strcmp(def->language, d->language->code) != 0 || !statement_find_verb(&s, def->verbs) ||
            !defines(&s, def->articles))
            continue;
        struct strbuf out = statement_question(&s, def->before);
        statement_add_words(&s, &out, 0, s.verb);
        strbuf_add_text(&out, def->after);
        return out.data;
    }
    return NULL;
}

const char *
question_turned_round(const struct document *d, const struct sentence *sentence)
{
    struct statement s;
    if (!is_english(d) || !may_ask(d, sentence, &s) || s.count > 14 ||
        !statement_find_verb(&s, " is are was were can could should must will ") ||
        casing_lists(" not ", s.tokens[s.verb + 1]))
        return NULL;
    struct statement open = s;
    if (english_question(&open) != NULL)
        return NULL;
    return inversion_auxiliary(&s, "", s.count);
}
