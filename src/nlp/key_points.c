#include "nlp/nlp.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/strbuf.h"
#include "nlp/clause.h"
#include "nlp/rank.h"

/* A point in the making: the sentence it comes from and the part of it that is kept. */
struct point {
    uint32_t sentence;
    size_t start, end;
};

/* Whether a point chosen already says most of it, or it most of that. */
static bool
is_repeated(const struct ranking *r, const struct point *points, size_t count, uint32_t candidate)
{
    for (size_t i = 0; i < count; i++)
        if (ranking_similarity(r, points[i].sentence, candidate) > 0.5)
            return true;
    return false;
}

/* What a sentence is worth as a point by itself: an item of a list is one already, a sentence that
 * leans on another is none. */
static double
point_worth(const struct ranking *r, uint32_t sentence)
{
    const struct sentence *s = &r->document->sentences[sentence];
    double worth = r->scores[sentence];
    if (clause_leans(r->document, s))
        worth *= 0.25;
    if (s->is_item)
        worth *= s->word_count < 5 ? 0.3 : 1.4;
    return s->is_heading || s->is_question || s->word_count == 0 ? worth * 0.001 : worth;
}

struct candidate {
    double worth;
    uint32_t sentence;
};

static int
compare_candidate(const void *a, const void *b)
{
    const struct candidate *left = a, *right = b;
    if (left->worth != right->worth)
        return left->worth < right->worth ? 1 : -1;
    return left->sentence < right->sentence ? -1 : 1;
}

static struct candidate *
candidates_in_order(const struct ranking *r)
{
    const struct document *d = r->document;
    struct candidate *list = arena_array(d->arena, d->sentence_count + 1, sizeof(*list));
    for (uint32_t i = 0; i < d->sentence_count; i++)
        list[i] = (struct candidate){point_worth(r, i), i};
    qsort(list, d->sentence_count, sizeof(*list), compare_candidate);
    return list;
}

static void
sort_by_place(struct point *points, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct point moved = points[i];
        size_t j = i;
        for (; j > 0 && points[j - 1].start > moved.start; j--)
            points[j] = points[j - 1];
        points[j] = moved;
    }
}

static const char *
point_text(const struct document *d, const struct point *point)
{
    struct strbuf out;
    strbuf_init(&out, d->arena, point->end - point->start + 8);
    document_add_text(d, &out, point->start, point->end);
    while (out.length > 1 && strchr(",;: ", out.data[out.length - 1]) != NULL)
        strbuf_truncate(&out, out.length - 1);
    clause_capitalize(out.data);
    unsigned char last = (unsigned char)out.data[out.length - 1];
    if (last < 0x80 && strchr(".!?\")'", last) == NULL && !d->language->unspaced)
        strbuf_add_char(&out, '.');
    return out.data;
}

enum { POINTS_MAX = 100 };

size_t
nlp_key_points(const char *text, int64_t max_points, struct arena *arena, const char ***points)
{
    struct document document;
    document_init(&document, text, arena);
    struct ranking ranking;
    ranking_init(&ranking, &document);
    size_t limit = max_points < 1 ? 1 : max_points > POINTS_MAX ? POINTS_MAX : (size_t)max_points;
    struct point *chosen = arena_array(arena, limit, sizeof(*chosen));
    size_t count = 0;
    const struct candidate *list = candidates_in_order(&ranking);
    for (size_t i = 0; i < document.sentence_count && count < limit; i++) {
        uint32_t candidate = list[i].sentence;
        const struct sentence *s = &document.sentences[candidate];
        if (count > 0 && (list[i].worth < 0.06 || is_repeated(&ranking, chosen, count, candidate)))
            continue;
        chosen[count] = (struct point){candidate, s->start, s->end};
        clause_select(&document, s, &chosen[count].start, &chosen[count].end);
        count++;
    }
    sort_by_place(chosen, count);
    *points = arena_array(arena, limit, sizeof(char *));
    for (size_t i = 0; i < count; i++)
        (*points)[i] = point_text(&document, &chosen[i]);
    return count;
}
