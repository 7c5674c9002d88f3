/* Members of a client's body, each known by where it stands, so that whatever is wrong with one is
 * said with its path: "messages[2].content[0].image_url.url". */
#ifndef HEARTH_APPS_GATEWAY_MEMBER_H
#define HEARTH_APPS_GATEWAY_MEMBER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

struct member {
    const struct member *above; /* NULL: the body itself */
    const char *name;           /* NULL: an item of a list */
    size_t index;
    const json_t *value; /* NULL: absent, or null */
};

/* Where what is read lives, and where what is wrong is told. */
struct reader {
    struct arena *arena;
    struct error *err;
};

/* above must last as long as the result. */
struct member member_of(const struct member *above, const char *name);
struct member member_item(const struct member *above, size_t index);

/* "tools[0].function" in the arena; "" for the body. */
const char *member_path(const struct member *member, struct arena *arena);

/* Fails with ERROR_VALIDATION_FAILED, naming the member. Returns false. */
bool member_refuse(const struct member *member, struct reader *reader, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same with the words for what has no counterpart in other dialects. */
bool member_untranslatable(const struct member *member, struct reader *reader);

/* Refuses every member of an object, which is not NULL, that is there and not in the
 * NULL-terminated list of names. */
bool member_only(const struct member *object, struct reader *reader, const char *const *names)
    __attribute__((warn_unused_result));

/* Refuse one that is not there. */
bool member_required(const struct member *member, struct reader *reader)
    __attribute__((warn_unused_result));

/* Read a value into place, or refuse one of another type. One that is not there is left as it is.
 */
bool member_text(const struct member *member, struct reader *reader, const char **text)
    __attribute__((warn_unused_result));
bool member_number(const struct member *member, struct reader *reader, double *number)
    __attribute__((warn_unused_result));
bool member_integer(const struct member *member, struct reader *reader, int64_t *number)
    __attribute__((warn_unused_result));
bool member_flag(const struct member *member, struct reader *reader, bool *flag)
    __attribute__((warn_unused_result));

/* As member_text(), of one that must be there. */
bool member_needed_text(const struct member *member, struct reader *reader, const char **text)
    __attribute__((warn_unused_result));

/* Refuse what is there and is no list, no object. */
bool member_is_list(const struct member *member, struct reader *reader)
    __attribute__((warn_unused_result));
bool member_is_object(const struct member *member, struct reader *reader)
    __attribute__((warn_unused_result));

#endif
