/* Judges what a model said: it is an answer only when it is complete and can be read. */
#include <string.h>

#include "ai/answer_schema.h"
#include "ai/run.h"

enum { COMPLAINTS_SHOWN = 5 };

static const char WHITE[] = " \t\r\n";

static const char *
trim(const char *text, struct arena *arena)
{
    text += strspn(text, WHITE);
    size_t length = strlen(text);
    while (length > 0 && strchr(WHITE, text[length - 1]))
        length--;
    return arena_strndup(arena, text, length);
}

/* Models wrap objects in fences and in prose, whatever they are told. */
static const json_t *
find_object(const char *text, struct arena *arena)
{
    const char *start = strchr(text, '{');
    const char *end = strrchr(text, '}');
    if (!start || !end || end < start)
        return NULL;
    return schema_parse_lenient(start, (size_t)(end - start) + 1, NULL, arena);
}

static const char *
join_complaints(const struct field_error *fields, struct arena *arena)
{
    struct strbuf text;
    strbuf_init(&text, arena, 256);
    for (int shown = 0; fields && shown < COMPLAINTS_SHOWN; fields = fields->next, shown++)
        strbuf_printf(&text, "%s%s %s", shown > 0 ? "; " : "",
                      fields->path[0] ? fields->path : "the object", fields->message);
    return text.data;
}

static void *
decode(const struct operation *operation, const char *text, struct arena *arena, struct error *err)
{
    const struct schema *schema = operation->answer ? operation->answer : operation->output;
    const json_t *document = find_object(text, arena);
    if (!json_is_object(document)) {
        error_set(err, ERROR_UPSTREAM_INVALID, "the model's answer is not a JSON object");
        return NULL;
    }
    answer_schema_drop_nulls(schema, (json_t *)document);
    struct error broken = {0};
    void *value = schema_decode(schema, document, "", arena, &broken);
    if (!value)
        error_set(err, ERROR_UPSTREAM_INVALID, "the model's answer does not fit: %s",
                  join_complaints(broken.fields, arena));
    return value;
}

static bool
is_blank(const char *text)
{
    return text[strspn(text, WHITE)] == '\0';
}

bool
judge_ending(const struct chat_choice *choice, struct provider_failure *failure)
{
    if (choice->finish == CHAT_FINISH_LENGTH)
        return true;
    if (choice->refusal || choice->finish == CHAT_FINISH_REFUSED) {
        provider_fail(failure, ERROR_CONTENT_REFUSED, "the model refused this content");
        failure->class = FAULT_REFUSED;
        failure->reason = choice->refusal;
        return false;
    }
    if (choice->finish == CHAT_FINISH_STOP && !is_blank(choice->text))
        return true;
    provider_fail(failure, ERROR_UPSTREAM_INVALID,
                  choice->finish == CHAT_FINISH_STOP
                      ? "the model's answer is empty"
                      : "the model's answer did not end in the ordinary way");
    failure->class = FAULT_UNUSABLE;
    return false;
}

void *
judge_answer(const struct run *run, const struct chat_choice *choice, struct error *err)
{
    const struct operation *operation = run->operation;
    if (choice->finish == CHAT_FINISH_LENGTH) {
        error_set(err, ERROR_UPSTREAM_INVALID, "the model's answer was cut short");
        return NULL;
    }
    if (strstr(choice->text, run->prompt.marker)) {
        error_set(err, ERROR_UPSTREAM_INVALID, "the model's answer repeats its instructions");
        return NULL;
    }
    const char *text = trim(choice->text, run->arena);
    void *value = NULL;
    if (operation->kind == ANSWER_JSON) {
        value = decode(operation, text, run->arena, err);
        if (!value || !operation->parse)
            return value;
    }
    return operation->parse(run->call->input, text, value, run->arena, err);
}
