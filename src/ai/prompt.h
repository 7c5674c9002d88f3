/* A prompt keeps instructions and untrusted data apart: data goes between markers that hold a
 * number the text cannot know, so it cannot close them. Data is never altered. */
#ifndef HEARTH_AI_PROMPT_H
#define HEARTH_AI_PROMPT_H

#include <stdint.h>

#include "base/arena.h"
#include "base/strbuf.h"

struct prompt {
    struct strbuf system; /* instructions */
    struct strbuf user;   /* data blocks and the task */
    char marker[24];      /* drawn per prompt */
    int64_t max_tokens;   /* of the answer; 0: the provider's default */
    double temperature;   /* below 0: the setting's */
};

void prompt_init(struct prompt *prompt, struct arena *arena);

/* Adds a line of instructions. */
void prompt_instruct(struct prompt *prompt, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Adds untrusted text as a labelled block ("text", "question"). */
void prompt_data(struct prompt *prompt, const char *label, const char *text);

/* Adds what to do with the data. */
void prompt_task(struct prompt *prompt, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
