/* The operations that talk: hello and check-ins. */
#include "apps/budget/budget.h"

#include <string.h>

#include "apps/budget/knowledge.h"

static const struct schema hello_input = {
    .name = "HelloInput",
    .size = sizeof(struct hello_request),
    .fields = (const struct field[]){STRING(struct hello_request, name, .flags = FIELD_NULLABLE),
                                     {.name = NULL}},
};

static const struct schema hello_output = {
    .name = "HelloOutput",
    .size = sizeof(struct hello_response),
    .fields =
        (const struct field[]){STRING(struct hello_response, aiva_message, .flags = FIELD_REQUIRED),
                               {.name = NULL}},
};

static const struct schema checkin_input = {
    .name = "CheckinInput",
    .size = sizeof(struct checkin_request),
    .fields = (const struct field[]){STRING(struct checkin_request, name, .flags = FIELD_NULLABLE),
                                     STRING(struct checkin_request, category),
                                     STRING(struct checkin_request, selected_option),
                                     {.name = NULL}},
};

#define SENTENCE(member, text)                                                                     \
    STRING(struct checkin_response, member,                                                        \
           .flags = FIELD_REQUIRED | FIELD_TRIMMED | FIELD_NOT_BLANK, .doc = (text))

static const struct schema checkin_output = {
    .name = "CheckinOutput",
    .size = sizeof(struct checkin_response),
    .fields = (const struct field[]){SENTENCE(aiva_followup, "A warm answer to what was said."),
                                     SENTENCE(detected_emotion, "The feeling in it, in a word."),
                                     SENTENCE(supportive_reframe, "A kinder way to see it."),
                                     SENTENCE(next_step_suggestion, "One small thing to do."),
                                     {.name = NULL}},
};

static void
build_hello(const void *data, struct prompt *prompt, struct arena *arena)
{
    (void)arena;
    const struct hello_request *input = data;
    prompt_instruct(prompt, WHO_SPEAKS);
    if (input->name)
        prompt_data(prompt, "name of the person", input->name);
    prompt_task(prompt,
                "Greet %s in two or three calm sentences. Say that money can weigh on "
                "anybody and that you are there to help. Give the greeting only.",
                input->name ? "the person by name" : "the person");
    prompt->max_tokens = 300;
}

static void
build_checkin(const void *data, struct prompt *prompt, struct arena *arena)
{
    (void)arena;
    const struct checkin_request *input = data;
    const struct knowledge *known = knowledge_find(input->category);
    prompt_instruct(prompt, WHO_SPEAKS);
    prompt_instruct(prompt, "What is known about this kind of spending: %s", known->guidance);
    if (input->name)
        prompt_data(prompt, "name of the person", input->name);
    prompt_data(prompt, "what the person said about the spending", input->selected_option);
    prompt_task(prompt, "The spending was for: %s. They were asked how it came about.",
                known->category);
    prompt_task(
        prompt,
        "Answer with one JSON object of four texts: \"aiva_followup\" meets the person with "
        "understanding; \"detected_emotion\" names their feeling in a word; "
        "\"supportive_reframe\" ties the feeling to the spending in a kinder light; "
        "\"next_step_suggestion\" is one or two small steps.");
    prompt->max_tokens = 800;
}

static void *
parse_hello(const void *data, const char *text, const void *value, struct arena *arena,
            struct error *err)
{
    (void)data;
    (void)value;
    if (text[0] == '\0') {
        error_set(err, ERROR_UPSTREAM_INVALID, "the model gave an empty greeting");
        return NULL;
    }
    struct hello_response *output = arena_alloc(arena, sizeof(*output));
    output->aiva_message = arena_strdup(arena, text);
    return output;
}

/* The same person is greeted in the same way. */
static size_t
pick(const char *name, size_t count)
{
    unsigned sum = 7;
    for (; name && *name; name++)
        sum = sum * 31 + (unsigned char)*name;
    return sum % count;
}

static void *
local_hello(const void *data, struct arena *arena, struct error *err)
{
    (void)err;
    static const char *const rests[] = {
        "I am AIVA, and it is good to have you here. Money can feel heavy at times, so let us look "
        "at it together, one calm step after the other.",
        "Nice to meet you; I am AIVA. Looking at money takes some courage, and you have begun just "
        "by being here. There is no hurry, and nothing here is judged.",
        "My name is AIVA. Many people find money stressful, and nobody has to sort it out alone. "
        "We can start with whatever is on your mind today.",
    };
    const struct hello_request *input = data;
    struct hello_response *output = arena_alloc(arena, sizeof(*output));
    const char *rest = rests[pick(input->name, sizeof(rests) / sizeof(rests[0]))];
    output->aiva_message = input->name ? arena_printf(arena, "Hello %s! %s", input->name, rest)
                                       : arena_printf(arena, "Hello! %s", rest);
    return output;
}

static void *
local_checkin(const void *data, struct arena *arena, struct error *err)
{
    (void)err;
    const struct checkin_request *input = data;
    const struct feeling *feeling = feeling_find(input->selected_option, arena);
    struct checkin_response *output = arena_alloc(arena, sizeof(*output));
    const char *followup = feeling->followup;
    output->aiva_followup =
        input->name
            ? arena_printf(arena, "Thank you for sharing this, %s. %s", input->name, followup)
            : arena_printf(arena, "Thank you for sharing this. %s", followup);
    output->detected_emotion = feeling->name;
    output->supportive_reframe = feeling->reframe;
    output->next_step_suggestion = knowledge_find(input->category)->next_step;
    return output;
}

static size_t
hello_untrusted(const void *data, const char **texts, size_t max)
{
    const struct hello_request *input = data;
    if (!input->name || max == 0)
        return 0;
    texts[0] = input->name;
    return 1;
}

static size_t
checkin_untrusted(const void *data, const char **texts, size_t max)
{
    const struct checkin_request *input = data;
    size_t count = 0;
    if (input->name && count < max)
        texts[count++] = input->name;
    if (count < max)
        texts[count++] = input->selected_option;
    return count;
}

const struct operation hello_operation = {
    .name = "hello",
    .version = 1,
    .input = &hello_input,
    .output = &hello_output,
    .kind = ANSWER_TEXT,
    .ttl_s = 3600,
    .strategy = STRATEGY_AGGRESSIVE,
    .build = build_hello,
    .parse = parse_hello,
    .local = local_hello,
    .untrusted = hello_untrusted,
};

const struct operation checkin_operation = {
    .name = "checkin",
    .version = 1,
    .input = &checkin_input,
    .output = &checkin_output,
    .kind = ANSWER_JSON,
    .ttl_s = 3600,
    .strategy = STRATEGY_BALANCED,
    .repairable = true,
    .build = build_checkin,
    .local = local_checkin,
    .untrusted = checkin_untrusted,
};
