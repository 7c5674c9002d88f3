/* The words and phrases of the guard. A phrase is up to four steps, each a class of words that must
 * follow within so many words; a word can be in several classes. Included by guard.c and its test
 * only, which holds what is derived here to what it is derived from. */
#ifndef HEARTH_AI_GUARD_TABLE_H
#define HEARTH_AI_GUARD_TABLE_H

#include <stdint.h>

#include "ai/guard.h"

/* clang-format off */
#define CLASSES(X)                                                                                 \
    X(IGNORE) X(FORGET) X(PRIOR) X(INSTRUCTION) X(EVERYTHING) X(NEW) X(COLON) X(NOT) X(FOLLOW)     \
    X(YOUR) X(REVEAL) X(LEAK) X(SYSTEM) X(SECRET) X(YOU) X(ARE) X(NOW) X(ROLE) X(PRETEND) X(BE)    \
    X(ACT) X(AS) X(IF) X(FROM) X(ON) X(OBEY) X(RUN) X(THIS) X(COMMAND) X(ENTER) X(PRIVILEGED)      \
    X(MODE) X(ENABLED) X(BYPASS) X(SAFETY) X(FILTER) X(JAILBREAK) X(OUT) X(WITHOUT) X(WORDS)       \
    X(GIVEN) X(TASK) X(TO) X(RM) X(RF) X(CURL) X(SHELL) X(DO) X(ANYTHING) X(PROMPT) X(BREAK)       \
    X(IS) X(IN) X(LONGER) X(BOUND) X(RESTRICTED) X(DAN) X(LINK) X(IMPORT) X(MODULE)

/* clang-format on */
enum class_number {
#define X(name) NUMBER_##name,
    CLASSES(X)
#undef X
};

#define C(name) (1ull << NUMBER_##name)

struct guard_word {
    char word[24];
    uint64_t classes;
};

enum { PHRASE_STEPS_MAX = 4 };

struct guard_phrase {
    unsigned category;
    struct {
        uint64_t classes; /* any of them; 0 ends the phrase */
        unsigned within;  /* words after the step before; for the first, 1: must open a sentence */
    } steps[PHRASE_STEPS_MAX];
};

static const struct guard_phrase guard_phrases[] = {
    {GUARD_OVERRIDE, {{C(IGNORE), 0}, {C(PRIOR), 4}, {C(INSTRUCTION), 3}}},
    {GUARD_OVERRIDE, {{C(IGNORE), 0}, {C(INSTRUCTION), 3}, {C(PRIOR) | C(GIVEN), 5}}},
    {GUARD_OVERRIDE, {{C(IGNORE), 0}, {C(YOUR), 2}, {C(INSTRUCTION), 3}}},
    {GUARD_OVERRIDE, {{C(FORGET), 0}, {C(EVERYTHING), 2}, {C(PRIOR) | C(GIVEN), 5}}},
    {GUARD_OVERRIDE, {{C(FORGET), 1}, {C(EVERYTHING), 1}, {C(YOU), 1}}},
    {GUARD_OVERRIDE, {{C(NEW), 1}, {C(INSTRUCTION), 1}, {C(COLON), 1}}},
    {GUARD_OVERRIDE, {{C(NOT), 0}, {C(FOLLOW), 1}, {C(PRIOR) | C(YOUR), 3}, {C(INSTRUCTION), 2}}},
    {GUARD_OVERRIDE, {{C(NOT), 0}, {C(FOLLOW), 1}, {C(INSTRUCTION), 3}, {C(GIVEN), 4}}},
    {GUARD_OVERRIDE, {{C(YOUR), 0}, {C(NEW), 2}, {C(TASK), 2}, {C(IS) | C(COLON), 1}}},
    {GUARD_DISCLOSURE, {{C(REVEAL), 0}, {C(YOUR), 3}, {C(PROMPT), 3}}},
    {GUARD_DISCLOSURE, {{C(REVEAL), 0}, {C(SYSTEM), 4}, {C(PROMPT), 1}}},
    {GUARD_DISCLOSURE, {{C(YOUR), 0}, {C(SYSTEM), 1}, {C(PROMPT), 1}}},
    {GUARD_DISCLOSURE, {{C(REVEAL), 0}, {C(YOUR), 3}, {C(SECRET), 3}}},
    {GUARD_DISCLOSURE, {{C(LEAK), 1}, {C(SECRET), 5}}},
    {GUARD_DISCLOSURE, {{C(REVEAL), 0}, {C(WORDS), 3}, {C(PRIOR), 2}}},
    {GUARD_ROLE, {{C(YOU), 0}, {C(ARE), 1}, {C(NOW), 1}, {C(ROLE) | C(DAN), 4}}},
    {GUARD_ROLE, {{C(PRETEND), 0}, {C(YOU), 2}, {C(ARE), 1}}},
    {GUARD_ROLE, {{C(PRETEND), 1}, {C(TO), 1}, {C(BE), 1}}},
    {GUARD_ROLE, {{C(ACT), 0}, {C(AS), 1}, {C(IF), 1}, {C(YOU), 1}}},
    {GUARD_ROLE, {{C(ACT), 1}, {C(AS), 1}, {C(ROLE) | C(DAN), 4}}},
    {GUARD_ROLE, {{C(FROM), 0}, {C(NOW), 1}, {C(ON), 1}, {C(OBEY) | C(ROLE), 6}}},
    {GUARD_ROLE, {{C(DO), 0}, {C(ANYTHING), 1}, {C(NOW), 1}}},
    {GUARD_ROLE, {{C(YOU), 0}, {C(ARE), 1}, {C(LONGER), 2}, {C(ROLE) | C(BOUND), 4}}},
    {GUARD_EXECUTION, {{C(RUN), 0}, {C(THIS), 2}, {C(COMMAND), 2}}},
    {GUARD_EXECUTION, {{C(RM), 0}, {C(RF), 1}}},
    {GUARD_EXECUTION, {{C(CURL), 0}, {C(LINK), 3}, {C(SHELL), 14}}},
    {GUARD_CODE, {{C(IMPORT), 0}, {C(MODULE), 1}}},
    {GUARD_PRIVILEGE, {{C(ENTER), 0}, {C(PRIVILEGED), 3}, {C(MODE), 1}}},
    {GUARD_PRIVILEGE, {{C(YOU), 0}, {C(IN), 3}, {C(PRIVILEGED), 2}, {C(MODE), 1}}},
    {GUARD_PRIVILEGE, {{C(PRIVILEGED), 0}, {C(MODE), 1}, {C(ENABLED), 2}}},
    {GUARD_BYPASS, {{C(BYPASS), 0}, {C(YOUR), 2}, {C(FILTER), 3}}},
    {GUARD_BYPASS, {{C(BYPASS), 0}, {C(SAFETY), 3}, {C(FILTER), 2}}},
    {GUARD_BYPASS, {{C(IGNORE), 0}, {C(YOUR), 2}, {C(FILTER), 3}}},
    {GUARD_BYPASS, {{C(JAILBREAK), 0}, {C(YOU) | C(YOUR) | C(MODE) | C(PROMPT), 3}}},
    {GUARD_BYPASS, {{C(BREAK), 0}, {C(OUT), 2}, {C(YOUR), 2}, {C(RESTRICTED) | C(FILTER), 2}}},
    {GUARD_BYPASS, {{C(OBEY) | C(ROLE), 0}, {C(WITHOUT), 4}, {C(FILTER), 3}}},
};
/* Every class that opens a phrase, so that other words cost nothing. */
#define GUARD_FIRST_CLASSES                                                                        \
    (C(IGNORE) | C(FORGET) | C(NEW) | C(NOT) | C(YOUR) | C(REVEAL) | C(LEAK) | C(YOU) |            \
     C(PRETEND) | C(ACT) | C(FROM) | C(DO) | C(RUN) | C(RM) | C(CURL) | C(ENTER) | C(PRIVILEGED) | \
     C(BYPASS) | C(JAILBREAK) | C(BREAK) | C(OBEY) | C(ROLE) | C(IMPORT))

enum { PHRASE_COUNT = sizeof(guard_phrases) / sizeof(guard_phrases[0]) };

/* In memcmp() order of the words padded with zeros. */
static const struct guard_word guard_words[] = {
#include "ai/guard_words.inc"
};

/* By initial, a to z: its rows in guard_words, and the lengths of their words as bits, apart by the
 * two lowest bits of the second letter. Most words of a text have no row, and this mostly says so.
 */
static const struct guard_initial {
    uint16_t first, end;
    uint32_t lengths[4];
} guard_initials[26] = {
#include "ai/guard_initials.inc"
};

#endif
