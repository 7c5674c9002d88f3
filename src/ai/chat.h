/* A chat in no provider's dialect: what is asked, what is answered, and the steps of an answer that
 * comes as a stream. Every dialect is built from it and read into it. All texts are valid UTF-8 and
 * borrowed from the request's arena or document. */
#ifndef HEARTH_AI_CHAT_H
#define HEARTH_AI_CHAT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/settings.h"
#include "http/schema.h"

enum chat_role { CHAT_SYSTEM, CHAT_USER, CHAT_ASSISTANT, CHAT_TOOL };

struct chat_part {
    const char *text;       /* NULL: an image */
    const char *url;        /* an image by address; NULL: by its bytes */
    const char *media_type; /* of the bytes: "image/png" */
    const char *base64;
    const char *detail;   /* "low", "high", "auto", or NULL */
    const json_t *source; /* of an image: the member of chat.body that holds it, or NULL */
};

struct chat_tool_call {
    const char *id, *name;
    const char *arguments; /* JSON text of an object */
    const json_t *source;  /* the member of chat.body that holds them, or NULL */
};

struct chat_message {
    enum chat_role role;
    struct list parts;        /* struct chat_part */
    struct list tool_calls;   /* struct chat_tool_call, of an assistant */
    const char *tool_call_id; /* of CHAT_TOOL: which call this answers */
    const char *name;         /* NULL for none; of CHAT_TOOL where known: the tool's */
    const json_t *source;     /* of tool_call_id: the member of chat.body that holds it, or NULL */
};

struct chat_tool {
    const char *name, *description; /* description may be NULL */
    const json_t *parameters;       /* JSON Schema of an object; NULL: none */
    bool strict;
};

enum chat_tool_choice {
    CHAT_TOOL_UNSET,
    CHAT_TOOL_AUTO,
    CHAT_TOOL_NONE,
    CHAT_TOOL_REQUIRED,
    CHAT_TOOL_NAMED /* chat.tool_name */
};

enum chat_format { CHAT_FORMAT_TEXT, CHAT_FORMAT_OBJECT, CHAT_FORMAT_SCHEMA };

/* Numbers that were not given: NAN for doubles, CHAT_UNSET for integers. */
enum { CHAT_UNSET = -1 };

struct chat {
    /* The caller's own body where it is in a provider's dialect: that family gets it untouched but
     * for the model's name (and the option that makes a stream report its usage). native_path is
     * behind the version: "/chat/completions", "/responses", "/messages". */
    const json_t *native;
    enum provider_kind native_kind;
    const char *native_path;

    /* What the rest was read from, so that a member that cannot be said is named by its path; NULL:
     * nothing that a caller wrote. */
    const json_t *body;

    /* The rest is what other families are asked. A caller whose body cannot be said in it sets
     * untranslatable to the field's path, and then only the native family is asked. */
    const char *untranslatable;
    struct list messages; /* struct chat_message */
    struct list tools;    /* struct chat_tool */
    enum chat_tool_choice tool_choice;
    const char *tool_name;
    int parallel_tool_calls; /* 0, 1, or CHAT_UNSET */
    enum chat_format format;
    const json_t *schema;        /* of CHAT_FORMAT_SCHEMA: JSON Schema, or ... */
    const struct schema *answer; /* ... one of ours; one of both is NULL */
    const char *schema_name;
    bool schema_strict;
    double temperature, top_p, presence_penalty, frequency_penalty;
    int64_t max_tokens, n, seed, top_k, top_logprobs; /* seed may be any number: has_seed */
    bool has_seed, logprobs;
    struct list stop; /* const char * */
    const char *user;
    bool stream;
};

enum chat_finish {
    CHAT_FINISH_NONE, /* not told, or in a way that at most those who speak its dialect know */
    CHAT_FINISH_STOP,
    CHAT_FINISH_LENGTH,
    CHAT_FINISH_TOOL_CALLS,
    CHAT_FINISH_REFUSED, /* content filter, refusal of the model */
    CHAT_FINISH_FAILED,  /* the provider gave up: what came is not the answer */
};

enum { CHAT_USAGE_RAW_BYTES = 160 };

/* Whatever the provider's arithmetic: input with what came from its cache and what went there,
 * output with what the model thought. -1: not reported. */
struct chat_usage {
    int64_t input, output;
    int64_t cached;                 /* of input: read from the provider's cache */
    int64_t thought;                /* of output */
    int64_t written;                /* of input: written to the provider's cache */
    unsigned reports;               /* how often it was reported: a stream may say it again */
    char raw[CHAT_USAGE_RAW_BYTES]; /* the provider's own figures, as JSON; "" for none */
};

struct chat_choice {
    const char *text;       /* "" for none; without the model's thoughts */
    const char *refusal;    /* NULL for none */
    struct list tool_calls; /* struct chat_tool_call */
    enum chat_finish finish;
    const char *reason; /* the provider's word for its end; NULL: it said none */
};

struct chat_answer {
    const char *id, *model; /* as the provider said; NULL where it did not */
    struct list choices;    /* struct chat_choice; at least one */
    struct chat_usage usage;
};

enum chat_delta_kind {
    CHAT_DELTA_TEXT,      /* text */
    CHAT_DELTA_REFUSAL,   /* text */
    CHAT_DELTA_TOOL,      /* a call begins: tool, id, name */
    CHAT_DELTA_ARGUMENTS, /* tool, text: more of its JSON */
    CHAT_DELTA_FINISH,    /* finish */
};

/* A step of a streamed answer. */
struct chat_delta {
    enum chat_delta_kind kind;
    int64_t choice; /* its index */
    int64_t tool;   /* the call's index in its choice: 0, 1, ... */
    const char *text, *id, *name;
    enum chat_finish finish;
    const char *reason; /* of CHAT_DELTA_FINISH: the provider's word for it, or NULL */
};

/* Everything unset, nothing said. */
void chat_init(struct chat *chat);

/* Appends a message of one text, which is borrowed. */
void chat_add_text(struct chat *chat, struct arena *arena, enum chat_role role, const char *text);

/* Whether a provider gets chat->native rather than a translation. */
bool chat_is_native(const struct chat *chat, const struct provider_settings *provider);

/* The name of the tool whose result the message at this index is: as it says, or as the call it
 * answers says. NULL: nobody says. */
const char *chat_tool_name(const struct chat *chat, size_t index);

/* The texts of a message as one, with images left out; "" for none. */
const char *chat_text(const struct chat_message *message, struct arena *arena);

/* Whether a message says nothing: no text but "", no image, no call, and it is no tool's result. */
bool chat_is_silent(const struct chat_message *message);

/* The first image of a message, or NULL. */
const struct chat_part *chat_image(const struct chat_message *message);

/* Where a member stands in chat->body: "messages[2].content[0].image_url.url", in the arena. NULL
 * where it is not known. */
const char *chat_path(const struct chat *chat, const json_t *source, struct arena *arena);

/* About how many bytes of it a model made. */
size_t chat_answer_bytes(const struct chat_answer *answer);

/* Nothing reported. */
void chat_usage_init(struct chat_usage *usage);

#endif
