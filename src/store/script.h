/* A file of SQL as its statements, so that one that fails can be named by its line. */
#ifndef HEARTH_STORE_SCRIPT_H
#define HEARTH_STORE_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

struct script {
    const char *text, *at;
    int line; /* of at */
};

/* A statement without its semicolon, and the line of its first word. */
struct script_statement {
    const char *text;
    size_t length;
    int line;
};

/* The next statement. Quotes ('', "", $tag$) and comments may hold semicolons; a function's body
 * must be quoted, not BEGIN ATOMIC. false at the end. script begins as {text, text, 1}. */
bool script_next(struct script *script, struct script_statement *statement);

#endif
