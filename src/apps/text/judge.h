/* Tells answers of models from what is no answer: refusals, our own instructions, the text handed
 * back. An honest answer about such things passes: what the user's text says may be said. */
#ifndef HEARTH_APPS_TEXT_JUDGE_H
#define HEARTH_APPS_TEXT_JUDGE_H

#include <stdbool.h>

#include "ai/prompt.h"
#include "base/error.h"

/* The instructions that all text operations share. */
void judge_instruct(struct prompt *prompt);

/* false with ERROR_UPSTREAM_INVALID when answer is none. source is the user's text. */
bool judge_text(const char *answer, const char *source, struct error *err)
    __attribute__((warn_unused_result));

#endif
