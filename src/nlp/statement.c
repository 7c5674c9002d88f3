#include "nlp/statement.h"

#include <string.h>
#include <strings.h>

#include "nlp/casing.h"
#include "nlp/clause.h"
#include "nlp/verb.h"

enum { SUBJECT_WORDS_MAX = 8 };

/* Words that a subject must not open with or hold: what it stands for is not in the sentence, or it
 * is no subject. */
static const char no_subject_start[] =
    " it its this that these those they their he his she her we our i my you your there here in on "
    "at by for from with without when while if although though after before because since as to "
    "during under over until unless and but or so such what which who whom whose how why where both "
    "either neither not only even just one another some most many all each none no nobody nothing "
    "nowhere next last never everything anything something somebody someone nor others few today yesterday "
    "tomorrow now then later once soon often sometimes perhaps maybe meanwhile however still yet "
    "also therefore thus instead again else ever please hello hi dear like unlike despite among "
    "against within across between above below behind beside besides according given due thanks "
    "upon through throughout whether whenever wherever seldom across along around near off out "
    "up down past per inside outside beyond whatever whoever always already almost "
    "es das dies diese dieser dieses sie er "
    "wir ich ihr sein seine seit dann da dort hier in im am auf bei mit nach wenn als weil il elle "
    "ce cette ces ils elles nous en dans pour son sa ses leur avec si quand ello esto esta este ese "
    "eso ellos ellas con por para cuando su sus cada ";
static const char no_subject_inside[] =
    " who which that whose whom where when while because if said says is are was were has have had "
    "can could will would should may might must does do did not and/or until unless before after than i we you he she they it "
    "der\xc2\xa0 ";

static bool
ends_in(const char *word, const char *ending)
{
    size_t length = strlen(word), bytes = strlen(ending);
    return length >= bytes && strcasecmp(word + length - bytes, ending) == 0;
}

bool
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
        if (at > from && s->count == STATEMENT_TOKENS_MAX)
            return false;
        if (at > from)
            s->tokens[s->count++] = arena_strndup(d->arena, d->text + from, at - from);
    }
    return s->count >= 3;
}

static bool
is_english(const struct statement *s)
{
    const char *code = s->document->language->code;
    return strcmp(code, "en") == 0 || *code == '\0';
}

/* "Recently", and words that stand for something else. */
static bool
opens_subject(const struct statement *s)
{
    return !casing_lists(no_subject_start, s->tokens[0]) &&
           !(is_english(s) && ends_in(s->tokens[0], "ly"));
}

static bool
breaks_subject(const char *token, bool is_first)
{
    return strpbrk(token, ",;:()\"") != NULL || strlen(token) > 30 ||
           (!is_first && casing_lists(no_subject_inside, token));
}

bool
statement_find_verb(struct statement *s, const char *verbs)
{
    if (!opens_subject(s))
        return false;
    for (size_t i = 0; i < s->count && i <= SUBJECT_WORDS_MAX; i++) {
        if (i > 0 && casing_lists(verbs, s->tokens[i])) {
            /* "The work begins in March and should ...": a second verb, whose subject is not what
             * stands before it. */
            s->verb = i;
            return i + 1 < s->count && !casing_lists(" and or but then to ", s->tokens[i - 1]) &&
                   !(is_english(s) && statement_has_verb(s, 1, i));
        }
        if (breaks_subject(s->tokens[i], i == 0))
            return false;
    }
    return false;
}

static bool
is_plural(const struct statement *s, size_t end)
{
    const char *last = s->tokens[end - 1];
    size_t length = strlen(last), opener = statement_find_word(s, 0, "of");
    for (size_t i = 1; i + 1 < end; i++)
        if (strcasecmp(s->tokens[i], "and") == 0)
            return true;
    if (opener > 0 && opener < end) {
        last = s->tokens[opener - 1];
        length = strlen(last);
    }
    return casing_lists(" people children men women police ", last) ||
           (length > 3 && last[length - 1] == 's' && strchr("sui'", last[length - 2]) == NULL);
}

bool
statement_find_full_verb(struct statement *s, int *form, const char **base)
{
    if (!opens_subject(s))
        return false;
    for (size_t i = 1; i < s->count && i <= SUBJECT_WORDS_MAX; i++) {
        if (breaks_subject(s->tokens[i - 1], i == 1))
            return false;
        *form = *s->tokens[i] >= 'a' ? (int)verb_read(s->tokens[i], base) : VERB_NONE;
        if (*form == VERB_NONE || ends_in(s->tokens[i - 1], "'s") ||
            casing_lists(" a an the this to of in on at for by and or no my our their its ",
                         s->tokens[i - 1]))
            continue;
        bool plural = is_plural(s, i);
        if ((*form == VERB_BASE && !plural) || (*form == VERB_THIRD && plural))
            continue;
        s->verb = i;
        return i + 1 < s->count && !casing_lists(" by ", s->tokens[i + 1]);
    }
    return false;
}

bool
statement_has_verb(const struct statement *s, size_t from, size_t to)
{
    static const char finite[] =
        " is are was were has have had can could will would should must may might does did ";
    const char *base;
    for (size_t i = from; i < to && i < s->count; i++) {
        if (casing_lists(finite, s->tokens[i]))
            return true;
        enum verb_form form = verb_read(s->tokens[i], &base);
        bool past = form == VERB_PAST && *s->tokens[i] >= 'a' && !ends_in(s->tokens[i], "ed");
        bool joined = i > 0 && casing_lists(" and but ", s->tokens[i - 1]);
        if (past || (form != VERB_NONE && joined && form != VERB_BASE))
            return true;
    }
    return false;
}

size_t
statement_find_word(const struct statement *s, size_t from, const char *word)
{
    while (from < s->count && strcasecmp(s->tokens[from], word) != 0)
        from++;
    return from;
}

struct strbuf
statement_question(const struct statement *s, const char *opening)
{
    struct strbuf out;
    strbuf_init(&out, s->document->arena, 160);
    strbuf_add_text(&out, opening);
    return out;
}

void
statement_add_words(const struct statement *s, struct strbuf *out, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        if (out->length > 0 && out->data[out->length - 1] != ' ')
            strbuf_add_char(out, ' ');
        strbuf_add_text(out, i > 0 ? s->tokens[i]
                                   : casing_inside(s->document, s->tokens[0],
                                                   s->count > 1 ? s->tokens[1] : NULL));
    }
}

const char *
statement_finish(struct strbuf *out, const char *mark)
{
    while (out->length > 0 && strchr(",;: ", out->data[out->length - 1]) != NULL)
        strbuf_truncate(out, out->length - 1);
    strbuf_add_text(out, mark);
    clause_capitalize(out->data);
    return out->data;
}
