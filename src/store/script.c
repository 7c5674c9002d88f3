/* Finds the ends of statements as PostgreSQL's lexer does (manual, section 4.1). */
#include "store/script.h"

#include <ctype.h>
#include <string.h>

static bool
is_word(char byte)
{
    return isalnum((unsigned char)byte) || byte == '_' || (unsigned char)byte >= 0x80;
}

static const char *
skip_comment(const char *at)
{
    int depth = 0;
    do {
        if (at[0] == '/' && at[1] == '*') {
            depth++;
            at += 2;
        } else if (at[0] == '*' && at[1] == '/') {
            depth--;
            at += 2;
        } else {
            at++;
        }
    } while (*at && depth > 0);
    return at;
}

/* A doubled quote inside reads as two texts side by side, which ends at the same place. */
static const char *
skip_quoted(const char *at, bool escapes)
{
    char quote = *at++;
    while (*at && *at != quote)
        at += escapes && at[0] == '\\' && at[1] ? 2 : 1;
    return *at ? at + 1 : at;
}

/* $$ ... $$ or $tag$ ... $tag$; NULL where no such thing begins here. */
static const char *
skip_dollars(const char *at)
{
    size_t tag = 1;
    while (is_word(at[tag]))
        tag++;
    if (at[tag] != '$' || isdigit((unsigned char)at[1]))
        return NULL;
    tag++;
    for (const char *end = at + tag; (end = strchr(end, '$')) != NULL; end++)
        if (strncmp(end, at, tag) == 0)
            return end + tag;
    return at + strlen(at);
}

/* Past whatever begins at this byte. start is the text's: what lies before decides what a quote
 * or a dollar is. */
static const char *
skip_token(const char *start, const char *at)
{
    bool after_word = at > start && is_word(at[-1]);
    bool escape_string =
        after_word && (at[-1] == 'e' || at[-1] == 'E') && !(at - 1 > start && is_word(at[-2]));
    if (at[0] == '-' && at[1] == '-')
        return at + strcspn(at, "\n");
    if (at[0] == '/' && at[1] == '*')
        return skip_comment(at);
    if (*at == '\'' || *at == '"')
        return skip_quoted(at, *at == '\'' && escape_string);
    const char *quoted = *at == '$' && !after_word ? skip_dollars(at) : NULL;
    return quoted ? quoted : at + 1;
}

static bool
is_code(const char *at)
{
    return !isspace((unsigned char)*at) && *at != ';' && strncmp(at, "--", 2) != 0 &&
           strncmp(at, "/*", 2) != 0;
}

static void
advance(struct script *script, const char *to)
{
    for (; script->at < to; script->at++)
        script->line += *script->at == '\n';
}

bool
script_next(struct script *script, struct script_statement *statement)
{
    while (*script->at && !is_code(script->at))
        advance(script, skip_token(script->text, script->at));
    *statement = (struct script_statement){script->at, 0, script->line};
    while (*script->at && *script->at != ';')
        advance(script, skip_token(script->text, script->at));
    statement->length = (size_t)(script->at - statement->text);
    if (*script->at)
        script->at++;
    return statement->length > 0;
}
