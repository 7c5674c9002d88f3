#include "nlp/question_rule.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "nlp/clause.h"

enum { TOKENS_MAX = 40, SUBJECT_WORDS_MAX = 6 };

/* A statement as words between blanks, without its opener and final stop. */
struct statement {
    const struct document *document;
    const char *tokens[TOKENS_MAX];
    size_t count;
    size_t verb; /* index of the auxiliary; the subject is what stands before it */
};

static bool
is_one_of(const char *list, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = list; (at = strcasestr(at, word)) != NULL; at++)
        if (at > list && at[-1] == ' ' && at[length] == ' ')
            return true;
    return false;
}

/* Words that a subject must not open with or hold: what it stands for is not in the sentence, or it
 * is no subject. */
static const char no_subject_start[] =
    " it its this that these those they their he his she her we our i my you your there here in on "
    "at by for from with without when while if although though after before because since as to "
    "during under over until unless and but or so such what which who how why where both either "
    "neither not only even if one another some most many all each next last today tomorrow es das dies diese dieser sie er "
    "wir ich in im am auf bei mit nach wenn als il elle ce cette ces ils elles nous en dans pour "
    "avec si quand ello esto esta este ese eso en con por para cuando si cada ";
static const char no_subject_inside[] =
    " who which that whose whom where when while because if said says is are was were has have had "
    "can could will would should may might must and/or i we you he she they it der\xc2\xa0 ";

static bool
statement_read(struct statement *s, const struct document *d, const struct sentence *sentence)
{
    size_t start, end;
    clause_select(d, sentence, &start, &end);
    while (end > start && strchr(".!;:, ", d->text[end - 1]) != NULL)
        end--;
    *s = (struct statement){.document = d};
    for (size_t at = start; at < end;) {
        while (at < end && strchr(" \t\r\n", d->text[at]) != NULL)
            at++;
        size_t from = at;
        while (at < end && strchr(" \t\r\n", d->text[at]) == NULL)
            at++;
        if (at > from && s->count == TOKENS_MAX)
            return false;
        if (at > from)
            s->tokens[s->count++] = arena_strndup(d->arena, d->text + from, at - from);
    }
    return s->count >= 3;
}

/* Finds one of the verbs behind a subject that can stand in a question. */
static bool
statement_find_verb(struct statement *s, const char *verbs)
{
    if (is_one_of(no_subject_start, s->tokens[0]))
        return false;
    for (size_t i = 0; i < s->count && i <= SUBJECT_WORDS_MAX; i++) {
        if (i > 0 && is_one_of(verbs, s->tokens[i])) {
            /* "The work begins in March and should ...": a second verb, whose subject is not what
             * stands before it. */
            s->verb = i;
            return i + 1 < s->count && !is_one_of(" and or but then ", s->tokens[i - 1]);
        }
        size_t length = strlen(s->tokens[i]);
        if (strpbrk(s->tokens[i], ",;:()\"") != NULL || length > 30 ||
            (i > 0 && is_one_of(no_subject_inside, s->tokens[i])))
            return false;
    }
    return false;
}

/* The first word as it reads inside a sentence: lower case for an article and for what the text
 * also writes small. */
static const char *
inner_form(const struct document *d, const char *word)
{
    char *small = arena_strdup(d->arena, word);
    if (*small < 'A' || *small > 'Z' || (small[1] >= 'A' && small[1] <= 'Z'))
        return word;
    *small = (char)(*small + 0x20);
    size_t length = strlen(small);
    if (is_stop_word(d->language, small, length))
        return small;
    for (size_t i = 0; i < d->word_count; i++)
        if (d->words[i].end - d->words[i].start == length &&
            memcmp(d->text + d->words[i].start, small, length) == 0)
            return small;
    return word;
}

static void
add_words(struct strbuf *out, const struct statement *s, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        if (out->length > 0 && out->data[out->length - 1] != ' ')
            strbuf_add_char(out, ' ');
        strbuf_add_text(out, i == 0 ? inner_form(s->document, s->tokens[0]) : s->tokens[i]);
    }
}

static const char *
finish(struct strbuf *out, const char *mark)
{
    while (out->length > 0 && strchr(",;: ", out->data[out->length - 1]) != NULL)
        strbuf_truncate(out, out->length - 1);
    strbuf_add_text(out, mark);
    clause_capitalize(out->data);
    return out->data;
}

static bool
is_year(const char *token)
{
    return strspn(token, "0123456789") >= 4 && (token[0] == '1' || token[0] == '2') &&
           (token[4] == '\0' || token[4] == ',');
}

static bool
is_number(const char *token)
{
    size_t digits = strspn(token, "0123456789.,");
    return digits > 0 && token[0] >= '0' && token[0] <= '9' && token[digits] == '\0' &&
           strchr(".,", token[digits - 1]) == NULL;
}

static size_t
find_word(const struct statement *s, size_t from, const char *word)
{
    while (from < s->count && strcasecmp(s->tokens[from], word) != 0)
        from++;
    return from;
}

static struct strbuf
new_question(const struct statement *s, const char *opening)
{
    struct strbuf out;
    strbuf_init(&out, s->document->arena, 160);
    strbuf_add_text(&out, opening);
    return out;
}

/* "Why was the bridge closed?", "When was the bridge closed?": the verb, the subject, and what
 * follows the verb up to end. */
static const char *
inverted(const struct statement *s, const char *opening, size_t end)
{
    struct strbuf out = new_question(s, opening);
    add_words(&out, s, s->verb, s->verb + 1);
    add_words(&out, s, 0, s->verb);
    add_words(&out, s, s->verb + 1, end);
    return finish(&out, "?");
}

static const char auxiliaries[] = " is are was were can could will would should must has have had ";

static const char *
why_question(struct statement *s)
{
    size_t because = find_word(s, 1, "because");
    if (because + 1 >= s->count || because < 3 || !statement_find_verb(s, auxiliaries) ||
        s->verb + 1 >= because)
        return NULL;
    return inverted(s, "why ", because);
}

static const char *
when_question(struct statement *s)
{
    if (!statement_find_verb(s, " was were is are will "))
        return NULL;
    for (size_t i = s->verb + 2; i + 1 < s->count; i++)
        if (strcasecmp(s->tokens[i], "in") == 0 && is_year(s->tokens[i + 1]) &&
            !is_one_of(" a an the one ", s->tokens[s->verb + 1]))
            return inverted(s, "when ", i);
    return NULL;
}

static const char *
how_many_question(struct statement *s)
{
    if (strcasecmp(s->tokens[0], "there") == 0 && s->count > 3 && is_number(s->tokens[2]) &&
        !is_year(s->tokens[2]) && is_one_of(" are were ", s->tokens[1])) {
        struct strbuf out = new_question(s, "how many");
        add_words(&out, s, 3, 4);
        add_words(&out, s, 1, 2);
        strbuf_add_text(&out, " there");
        return finish(&out, "?");
    }
    if (!statement_find_verb(s, " has have had ") || s->verb + 2 >= s->count)
        return NULL;
    const char *noun = s->tokens[s->verb + 2];
    size_t length = strcspn(noun, ",;");
    if (!is_number(s->tokens[s->verb + 1]) || length < 3 || noun[length - 1] != 's')
        return NULL;
    struct strbuf out = new_question(s, "how many ");
    strbuf_add(&out, noun, length);
    const char *verb = s->tokens[s->verb];
    strbuf_add_text(&out, strcmp(verb, "has") == 0    ? " does"
                          : strcmp(verb, "have") == 0 ? " do"
                                                      : " did");
    add_words(&out, s, 0, s->verb);
    strbuf_add_text(&out, " have");
    return finish(&out, "?");
}

static const char *
how_much_question(struct statement *s)
{
    if (!statement_find_verb(s, " costs cost ") ||
        strpbrk(s->tokens[s->verb + 1], "0123456789") == NULL)
        return NULL;
    bool singular = strcmp(s->tokens[s->verb], "costs") == 0;
    struct strbuf out = new_question(s, singular ? "how much does" : "how much do");
    add_words(&out, s, 0, s->verb);
    strbuf_add_text(&out, " cost");
    return finish(&out, "?");
}

static bool
defines(const struct statement *s, const char *articles)
{
    return s->verb <= 4 && is_one_of(articles, s->tokens[s->verb + 1]);
}

static const char *
what_is_question(struct statement *s)
{
    static const char people[] =
        " actor architect artist author biologist chemist composer director doctor economist "
        "engineer inventor king lawyer mathematician musician nurse painter philosopher physicist "
        "pilot poet politician president programmer queen researcher scientist singer teacher "
        "writer ";
    if (!statement_find_verb(s, " is are was were ") || !defines(s, " a an the one any "))
        return NULL;
    bool person = false;
    for (size_t i = s->verb + 2; i < s->count && i < s->verb + 6; i++)
        person |= is_one_of(people, s->tokens[i]);
    struct strbuf out = new_question(s, person ? "who " : "what ");
    add_words(&out, s, s->verb, s->verb + 1);
    add_words(&out, s, 0, s->verb);
    return finish(&out, "?");
}

static const char *
modal_question(struct statement *s)
{
    if (!statement_find_verb(s, " can could should must will would may ") ||
        is_one_of(" not be have also ", s->tokens[s->verb + 1]))
        return NULL;
    struct strbuf out = new_question(s, "what ");
    add_words(&out, s, s->verb, s->verb + 1);
    add_words(&out, s, 0, s->verb);
    strbuf_add_text(&out, " do");
    return finish(&out, "?");
}

static const char *
used_for_question(struct statement *s)
{
    if (!statement_find_verb(s, " is are was were ") ||
        !is_one_of(" used made built designed known named ", s->tokens[s->verb + 1]))
        return NULL;
    for (size_t i = s->verb + 2; i + 1 < s->count && i <= s->verb + 4; i++)
        if (is_one_of(" for of by from ", s->tokens[i]))
            return inverted(s, is_one_of(" by ", s->tokens[i]) ? "by what or whom " : "what ",
                            is_one_of(" by ", s->tokens[i]) ? i : i + 1);
    return NULL;
}

/* The whole statement turned round, where it is short enough to be asked. */
static const char *
yes_or_no_question(struct statement *s)
{
    if (s->count > 14 || !statement_find_verb(s, " is are was were can could should must will ") ||
        is_one_of(" not ", s->tokens[s->verb + 1]))
        return NULL;
    return inverted(s, "", s->count);
}

static const char *
english_question(struct statement *s)
{
    static const char *(*const rules[])(struct statement *) = {
        why_question,     how_much_question, how_many_question, when_question,
        what_is_question, used_for_question, modal_question,    yes_or_no_question,
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

const char *
question_from_statement(const struct document *d, const struct sentence *sentence)
{
    struct statement s;
    if (d->language->unspaced || sentence->is_heading || sentence->is_question ||
        !statement_read(&s, d, sentence))
        return NULL;
    const char *code = d->language->code;
    if (strcmp(code, "en") == 0 || *code == '\0')
        return english_question(&s);
    for (size_t i = 0; i < sizeof(definitions) / sizeof(definitions[0]); i++) {
        const struct definition *def = &definitions[i];
        if (strcmp(def->language, code) != 0 || !statement_find_verb(&s, def->verbs) ||
            !defines(&s, def->articles))
            continue;
        struct strbuf out = new_question(&s, def->before);
        add_words(&out, &s, 0, s.verb);
        strbuf_add_text(&out, def->after);
        return out.data;
    }
    return NULL;
}
