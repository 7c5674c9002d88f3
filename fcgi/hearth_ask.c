/* hearth ask: an operation on standard input, in this process, without any worker. */
#include "fcgi/hearth.h"

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apps/app.h"
#include "apps/service.h"
#include "base/clock.h"

enum { TEXT_BYTES_MAX = 16 * 1024 * 1024 };

static const char *
no_parameter(void *carrier, const char *name)
{
    (void)carrier;
    (void)name;
    return NULL;
}

static long
no_body(void *carrier, char *bytes, size_t size)
{
    (void)carrier;
    (void)bytes;
    (void)size;
    return 0;
}

static bool
never_gone(void *carrier)
{
    (void)carrier;
    return false;
}

static bool
takes_text(const struct operation *operation)
{
    if (!operation->input)
        return false; /* the gateway's take what their callers say */
    for (const struct field *field = operation->input->fields; field->name; field++)
        if (strcmp(field->name, "text") == 0)
            return true;
    return false;
}

/* The operation of this name; with NULL, prints the names there are. */
static const struct operation *
find_operation(const char *name)
{
    for (const struct app *const *app = apps; *app; app++) {
        const struct operation *const *operation = (*app)->operations;
        for (; operation && *operation; operation++) {
            if (!takes_text(*operation))
                continue;
            if (!name)
                fprintf(stderr, " %s", (*operation)->name);
            else if (strcmp((*operation)->name, name) == 0)
                return *operation;
        }
    }
    return NULL;
}

static char *
read_text(struct arena *arena)
{
    struct strbuf text;
    strbuf_init(&text, arena, 65536);
    size_t got;
    do {
        got = fread(strbuf_reserve(&text, 65536), 1, 65536, stdin);
        strbuf_added(&text, got);
    } while (got > 0 && text.length <= TEXT_BYTES_MAX);
    if (ferror(stdin) || text.length > TEXT_BYTES_MAX || strlen(text.data) != text.length) {
        fputs("hearth: standard input is no text, or too long\n", stderr);
        return NULL;
    }
    while (text.length > 0 && text.data[text.length - 1] == '\n')
        strbuf_truncate(&text, text.length - 1);
    if (text.data[strspn(text.data, " \t\r\n")] == '\0') {
        fputs("hearth: standard input is empty\n", stderr);
        return NULL;
    }
    return text.data;
}

static void
print_error(const struct error *err)
{
    fprintf(stderr, "hearth: %s: %s\n", error_info(err->code)->title, err->detail);
    for (const struct field_error *field = err->fields; field; field = field->next)
        fprintf(stderr, "  %s: %s\n", field->path, field->message);
}

/* Texts as they are, lists a line each, the rest as JSON. */
static void
print_plain(const json_t *value, const char *lead)
{
    if (json_is_string(value)) {
        printf("%s%s\n", lead, json_string_value(value));
    } else if (json_is_array(value)) {
        for (size_t i = 0; i < json_array_size(value); i++)
            print_plain(json_array_get(value, i), "- ");
    } else if (!json_is_null(value)) {
        char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));
        printf("%s%s\n", lead, text ? text : "");
        free(text);
    }
}

static void
print_answer(const struct strbuf *encoded, bool as_json)
{
    json_auto_t *answer = json_loadb(encoded->data, encoded->length, 0, NULL);
    if (as_json || !json_is_object(answer)) {
        puts(encoded->data);
        return;
    }
    bool single = json_object_size(answer) == 1;
    const char *name;
    json_t *value;
    json_object_foreach(answer, name, value)
    {
        if (!single && !json_is_null(value))
            printf("%s:%s", name, json_is_array(value) ? "\n" : " ");
        print_plain(value, "");
    }
}

static void
print_receipt(const struct receipt *receipt, int64_t total_us)
{
    fprintf(stderr, "model %s, %lld ms%s", receipt->model ? receipt->model : "unknown",
            (long long)(total_us / 1000),
            receipt->degraded ? ", degraded: no configured model answered" : "");
    if (receipt->cache == CACHE_STATE_HIT || receipt->cache == CACHE_STATE_STALE)
        fprintf(stderr, ", from the cache, %lld s old", (long long)receipt->age_s);
    if (receipt->guard)
        fprintf(stderr, ", flagged: %s", receipt->guard);
    fputc('\n', stderr);
}

/* The sizes of an answer, as the public routes have them by default. */
static const struct {
    const char *name;
    int value;
} sizes[] = {{"max_length", 100}, {"max_points", 5}, {"num_questions", 5}};

static void
add_sizes(const struct operation *operation, const struct command *command, json_t *document)
{
    for (const struct field *field = operation->input->fields; field->name; field++)
        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
            if (strcmp(field->name, sizes[i].name) == 0)
                json_object_set_new(document, field->name,
                                    json_integer(command->limit ? command->limit : sizes[i].value));
}

static const void *
decode_input(const struct operation *operation, const struct command *command, const char *text,
             struct arena *arena, struct error *err)
{
    json_t *document = schema_keep(json_object(), arena);
    json_t *value = json_string(text);
    if (!value) {
        error_set(err, ERROR_MALFORMED_REQUEST, "standard input is not valid UTF-8");
        return NULL;
    }
    json_object_set_new(document, "text", value);
    if (command->question)
        json_object_set_new(document, "question", json_string(command->question));
    add_sizes(operation, command, document);
    return schema_decode(operation->input, document, "", arena, err);
}

static int
run_operation(const struct operation *operation, struct command *command, struct service *service)
{
    static const struct transport transport = {
        .parameter = no_parameter, .read_body = no_body, .client_gone = never_gone};
    struct request request = {.service = service,
                              .transport = &transport,
                              .may_wait = true,
                              .method = METHOD_POST,
                              .method_name = "POST",
                              .path = "/",
                              .query = "",
                              .remote_address = ""};
    request.timing.started_us = clock_monotonic_us();
    uuid_v7(request.id, clock_realtime_us());
    traceparent_child(request.traceparent, NULL);
    struct error err = {0};
    struct receipt receipt = {0};
    const void *answer = NULL;
    const char *text = read_text(&request.arena);
    struct ai_call call = {.operation = operation, .tenant = "operator", .model = command->model};
    if (text)
        call.input = decode_input(operation, command, text, &request.arena, &err);
    if (call.input)
        answer = ai_run(service->ai, &request, &request.arena, &call, &receipt, &err);
    if (answer) {
        struct strbuf encoded;
        strbuf_init(&encoded, &request.arena, 1024);
        schema_encode(operation->output, answer, &encoded);
        print_answer(&encoded, command->json);
        fflush(stdout);
        print_receipt(&receipt, clock_monotonic_us() - request.timing.started_us);
    } else if (text) {
        print_error(&err);
    }
    arena_release(&request.arena);
    return answer ? 0 : 1;
}

/* The workers' shared file is theirs: who asks here may be another user, and what they would leave
 * behind would keep a worker from starting. So this process has a directory of its own. */
static int
run_apart(const struct operation *operation, struct command *command)
{
    char directory[] = "/tmp/hearth-ask-XXXXXX";
    if (!mkdtemp(directory)) {
        fprintf(stderr, "hearth: cannot make \"%s\": %s\n", directory, strerror(errno));
        return 1;
    }
    struct settings settings = command->settings;
    settings.runtime_directory = directory;
    settings.cache_l1_bytes = 1024 * 1024;
    struct error err = {0};
    struct service service;
    bool open = service_open(&service, &settings, &err);
    command_remove(&command->arena, directory); /* mapped it stays, and an interrupt leaves none */
    if (!open) {
        print_error(&err);
        return 1;
    }
    int code = run_operation(operation, command, &service);
    service_close(&service);
    return code;
}

int
hearth_ask(struct command *command)
{
    const struct operation *operation =
        command->argument ? find_operation(command->argument) : NULL;
    if (!operation) {
        fprintf(stderr, "hearth: ask what? Operations are");
        find_operation(NULL);
        fputc('\n', stderr);
        return 2;
    }
    if (command->model && !settings_model(&command->settings, command->model)) {
        fprintf(stderr, "hearth: no model is called \"%s\"; hearth settings lists them\n",
                command->model);
        return 2;
    }
    return run_apart(operation, command);
}
