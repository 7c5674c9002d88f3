/* A line of the log that would come with every call is written once a minute. */
#ifndef HEARTH_ACCESS_LOG_SELDOM_H
#define HEARTH_ACCESS_LOG_SELDOM_H

struct access;

/* At level error, with "detail" and "settlement", of which both may be NULL. */
void log_seldom(const struct access *access, const char *event, const char *detail,
                const char *settlement);

#endif
