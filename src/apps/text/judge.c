/* Rules on prose that a model gave, each with its exception for honest answers. */
#include "apps/text/judge.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

/* A longer answer that begins like a refusal has something to say after all. */
enum { REFUSAL_BYTES_MAX = 400, REGURGITATED_BYTES_MIN = 250 };

static const char *const instructions[] = {
    "You study texts for the people who send them in.",
    "Rest every word of your answer on the text alone and bring in no facts from elsewhere.",
    "Answer in the language in which the text is written.",
    "Give the answer itself, with no preamble, no praise and no closing remark.",
    NULL,
};

static const char *const openers[] = {
    "i cannot ",
    "i can't ",
    "i can\xe2\x80\x99t ",
    "i can not ",
    "i'm sorry",
    "i am sorry",
    "sorry, but",
    "i\xe2\x80\x99m sorry",
    "i'm unable",
    "i am unable",
    "i apologize",
    "i apologise",
    "i'm not able to",
    "i am not able to",
    "as an ai",
    "i won't be",
    "i must decline",
    NULL,
};

static const char *const refusing_verbs[] = {
    "assist",  "help with", "help you", "fulfill", "fulfil",        "comply", "provide", "summar",
    "analyze", "analyse",   "process",  "request", "continue with", "engage", NULL,
};

void
judge_instruct(struct prompt *prompt)
{
    for (const char *const *line = instructions; *line; line++)
        prompt_instruct(prompt, "%s", *line);
}

static bool
is_refusal(const char *answer, const char *source)
{
    if (strlen(answer) > REFUSAL_BYTES_MAX)
        return false;
    for (const char *const *opener = openers; *opener; opener++) {
        if (strncasecmp(answer, *opener, strlen(*opener)) != 0)
            continue;
        if (strcasestr(source, *opener))
            return false;
        for (const char *const *verb = refusing_verbs; *verb; verb++)
            if (strcasestr(answer, *verb))
                return true;
    }
    return false;
}

static bool
is_leak(const char *answer, const char *source)
{
    for (const char *const *line = instructions; *line; line++)
        if (strstr(answer, *line) && !strstr(source, *line))
            return true;
    return false;
}

bool
judge_text(const char *answer, const char *source, struct error *err)
{
    if (answer[0] == '\0')
        return error_set(err, ERROR_UPSTREAM_INVALID, "the model gave an empty answer");
    if (is_leak(answer, source))
        return error_set(err, ERROR_UPSTREAM_INVALID,
                         "the model repeated its instructions instead of answering");
    if (is_refusal(answer, source))
        return error_set(err, ERROR_UPSTREAM_INVALID, "the model declined to answer");
    if (strlen(source) >= REGURGITATED_BYTES_MIN && strstr(answer, source))
        return error_set(err, ERROR_UPSTREAM_INVALID,
                         "the model handed the text back instead of answering");
    return true;
}
