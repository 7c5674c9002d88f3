/* What the bodies of several surfaces have in common beyond single members. */
#ifndef HEARTH_APPS_GATEWAY_BODY_PARTS_H
#define HEARTH_APPS_GATEWAY_BODY_PARTS_H

#include "ai/chat.h"
#include "apps/gateway/member.h"

/* A member that is read in a way of its own. */
struct body_row {
    const char *name;
    /* Reads a member that is there. NULL: of no consequence for the answer. */
    bool (*read)(const struct member *member, struct reader *reader, struct chat *chat);
};

/* Reads every member of an object by its row, in the rows' order; the last row has no name. Refuses
 * a member that has no row. */
bool body_read_rows(const struct member *object, struct reader *reader, struct chat *chat,
                    const struct body_row *rows) __attribute__((warn_unused_result));

/* An address of a picture: "data:image/png;base64,..." or "https://...". Fills part. */
bool body_read_picture(const struct member *member, struct reader *reader, struct chat_part *part)
    __attribute__((warn_unused_result));

/* What a model called a tool with, as text. Absent, or empty, as providers send it themselves, is
 * no arguments: "{}". */
bool body_read_arguments(const struct member *member, struct reader *reader,
                         struct chat_tool_call *call) __attribute__((warn_unused_result));

/* A list of texts, or one text, as a list of const char *. */
bool body_read_texts(const struct member *member, struct reader *reader, struct list *texts)
    __attribute__((warn_unused_result));

/* A list of tools into chat->tools, each read as its interface has it. */
bool body_read_tools(const struct member *tools, struct reader *reader,
                     bool (*read_tool)(const struct member *tool, struct reader *reader,
                                       struct chat_tool *read),
                     struct chat *chat) __attribute__((warn_unused_result));

/* Messages, and parts that answer tools, that a body may have: each is looked for among the others.
 */
enum { BODY_MESSAGES_MAX = 10000 };

/* The name of the tool that an earlier message of chat->messages called by this id, or NULL. */
const char *body_tool_called(const struct chat *chat, const char *id);

/* JSON Schema has a place for the description that OpenAI has beside it: the schema with it, in the
 * arena where it had to be copied. description may be NULL. */
const json_t *body_describe_schema(const json_t *schema, const char *description,
                                   struct arena *arena);

#endif
