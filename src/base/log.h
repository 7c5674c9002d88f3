/* One JSON object per line on standard error, one write(2) each, so that lines of all workers
 * interleave whole. Never pass a secret or a user's text here. */
#ifndef HEARTH_BASE_LOG_H
#define HEARTH_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARNING, LOG_LEVEL_ERROR };

/* A field of a line: a text (NULL is written as null) or a number. */
struct log_field {
    const char *name;
    bool is_number;
    const char *text;
    int64_t number;
};

#define LOG_TEXT(field, value) ((struct log_field){(field), false, (value), 0})
#define LOG_NUMBER(field, value) ((struct log_field){(field), true, NULL, (value)})

/* Lines below level are dropped. Set once, before threads start. */
void log_set_level(enum log_level level);
bool log_enabled(enum log_level level);

/* "debug", "info", "warning", "error" in any case; "critical" is taken as error. */
bool log_level_parse(const char *text, enum log_level *level);

/* fields ends with a field whose name is NULL. A line over 4 KB is shortened at a field. */
void log_write(enum log_level level, const char *message, const struct log_field *fields);

/* log_line(LOG_LEVEL_INFO, "worker ready", LOG_NUMBER("pid", pid)); */
#define log_line(level, message, ...)                                                              \
    (log_enabled(level)                                                                            \
         ? log_write(level, message, (const struct log_field[]){{0}, ##__VA_ARGS__, {0}} + 1)      \
         : (void)0)

#endif
