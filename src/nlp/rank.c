#include "nlp/rank.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 20 };
#define DAMPING 0.85

double
term_weight(const struct document *d, int32_t term)
{
    return 1 + log((double)(d->sentence_count + 1) / (d->term_sentences[term] + 0.5));
}

static int
compare_terms(const void *a, const void *b)
{
    int32_t left = *(const int32_t *)a, right = *(const int32_t *)b;
    return (left > right) - (left < right);
}

static void
sentence_terms_init(struct sentence_terms *t, const struct document *d, const struct sentence *s)
{
    uint32_t limit = s->word_count < SENTENCE_TERMS_MAX ? s->word_count : SENTENCE_TERMS_MAX;
    t->terms = arena_array(d->arena, limit + 1, sizeof(int32_t));
    for (uint32_t i = 0; i < s->word_count && t->count < limit; i++)
        if (d->words[s->first_word + i].term != TERM_NONE)
            t->terms[t->count++] = d->words[s->first_word + i].term;
    qsort(t->terms, t->count, sizeof(int32_t), compare_terms);
    t->weights = arena_array(d->arena, t->count + 1, sizeof(double));
    uint32_t kept = 0;
    for (uint32_t i = 0; i < t->count; i++) {
        double weight = term_weight(d, t->terms[i]);
        if (kept > 0 && t->terms[kept - 1] == t->terms[i]) {
            t->weights[kept - 1] += weight * 0.5;
            continue;
        }
        t->terms[kept] = t->terms[i];
        t->weights[kept++] = weight;
    }
    t->count = kept;
    for (uint32_t i = 0; i < kept; i++)
        t->norm += t->weights[i] * t->weights[i];
    t->norm = sqrt(t->norm);
}

double
ranking_similarity(const struct ranking *r, size_t a, size_t b)
{
    const struct sentence_terms *x = &r->terms[a], *y = &r->terms[b];
    double sum = 0;
    for (uint32_t i = 0, j = 0; i < x->count && j < y->count;) {
        if (x->terms[i] == y->terms[j])
            sum += x->weights[i++] * y->weights[j++];
        else if (x->terms[i] < y->terms[j])
            i++;
        else
            j++;
    }
    return sum > 0 ? sum / (x->norm * y->norm) : 0;
}

/* How the sentence stands by itself: how often its terms are used in the text, its place, shape. */
static double
prior_of(const struct ranking *r, size_t index)
{
    const struct document *d = r->document;
    const struct sentence *s = &d->sentences[index];
    const struct sentence_terms *t = &r->terms[index];
    if (t->count == 0)
        return s->word_count == 0 ? 0 : 0.01;
    double topical = 0;
    for (uint32_t i = 0; i < t->count; i++)
        topical += d->term_uses[t->terms[i]] > 1 ? (double)d->term_uses[t->terms[i]] : 0.4;
    topical /= (double)t->count + 4;
    double prior = 0.5 + log(1 + topical);
    if (index == 0 || (index == 1 && d->sentences[0].is_heading))
        prior *= 1.35;
    else if (s->starts_block)
        prior *= 1.1;
    else if (index + 1 == d->sentence_count)
        prior *= 1.05;
    if (t->count < 4)
        prior *= 0.35 + 0.15 * t->count;
    if (s->is_heading)
        prior *= 0.15;
    if (s->is_question)
        prior *= 0.5;
    return prior;
}

struct edge {
    uint32_t to;
    float weight;
};

struct graph {
    struct edge *edges;
    uint32_t *first; /* by node, and one past the last */
    double *degree;
};

/* nodes are sentence numbers. */
static void
graph_init(struct graph *g, const struct ranking *r, const uint32_t *nodes, size_t count)
{
    struct arena *arena = r->document->arena;
    size_t capacity = 0, used = 0;
    *g = (struct graph){.first = arena_array(arena, count + 1, sizeof(uint32_t)),
                        .degree = arena_array(arena, count + 1, sizeof(double))};
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < count; j++) {
            double weight = i == j ? 0 : ranking_similarity(r, nodes[i], nodes[j]);
            if (weight <= 0.02)
                continue;
            if (used == capacity) {
                size_t old = capacity * sizeof(struct edge);
                capacity = capacity == 0 ? 256 : 2 * capacity;
                g->edges = arena_grow(arena, g->edges, old, capacity * sizeof(struct edge));
            }
            g->edges[used++] = (struct edge){(uint32_t)j, (float)weight};
            g->degree[i] += weight;
        }
        g->first[i + 1] = (uint32_t)used;
    }
}

/* Random walk over the graph, restarting at a sentence by its prior. */
static double *
graph_walk(const struct graph *g, const double *restart, size_t count, struct arena *arena)
{
    double *rank = arena_array(arena, count, sizeof(double));
    double *next = arena_array(arena, count, sizeof(double));
    memcpy(rank, restart, count * sizeof(double));
    for (int round = 0; round < ROUNDS; round++) {
        double lost = 0;
        memset(next, 0, count * sizeof(double));
        for (size_t i = 0; i < count; i++) {
            if (g->degree[i] <= 0)
                lost += rank[i];
            for (uint32_t e = g->first[i]; e < g->first[i + 1]; e++)
                next[g->edges[e].to] += rank[i] * g->edges[e].weight / g->degree[i];
        }
        for (size_t i = 0; i < count; i++)
            rank[i] = (1 - DAMPING) * restart[i] + DAMPING * (next[i] + lost * restart[i]);
    }
    return rank;
}

struct scored {
    double score;
    uint32_t sentence;
};

static int
compare_scored(const void *a, const void *b)
{
    const struct scored *left = a, *right = b;
    if (left->score != right->score)
        return left->score < right->score ? 1 : -1;
    return left->sentence < right->sentence ? -1 : 1;
}

static void
ranking_order(struct ranking *r)
{
    size_t count = r->document->sentence_count;
    struct scored *scored = arena_array(r->document->arena, count + 1, sizeof(*scored));
    for (uint32_t i = 0; i < count; i++)
        scored[i] = (struct scored){r->scores[i], i};
    qsort(scored, count, sizeof(*scored), compare_scored);
    for (size_t i = 0; i < count; i++)
        r->order[i] = scored[i].sentence;
}

void
ranking_init(struct ranking *r, const struct document *d)
{
    size_t count = d->sentence_count;
    *r = (struct ranking){d, arena_array(d->arena, count + 1, sizeof(struct sentence_terms)),
                          arena_array(d->arena, count + 1, sizeof(double)),
                          arena_array(d->arena, count + 1, sizeof(uint32_t))};
    for (size_t i = 0; i < count; i++) {
        sentence_terms_init(&r->terms[i], d, &d->sentences[i]);
        r->scores[i] = prior_of(r, i);
    }
    ranking_order(r);
    size_t nodes = count < RANKED_SENTENCES_MAX ? count : RANKED_SENTENCES_MAX;
    struct graph graph;
    graph_init(&graph, r, r->order, nodes);
    double *restart = arena_array(d->arena, nodes + 1, sizeof(double));
    double sum = 0, best = 0;
    for (size_t i = 0; i < nodes; i++)
        sum += restart[i] = r->scores[r->order[i]];
    for (size_t i = 0; i < nodes && sum > 0; i++)
        restart[i] /= sum;
    double *rank = graph_walk(&graph, restart, nodes, d->arena);
    for (size_t i = 0; i < nodes; i++)
        best = rank[i] > best ? rank[i] : best;
    for (size_t i = 0; i < count; i++)
        r->scores[i] *= 0.01;
    for (size_t i = 0; i < nodes && best > 0; i++)
        r->scores[r->order[i]] *= 100 * (0.25 + 0.75 * rank[i] / best);
    ranking_order(r);
}
