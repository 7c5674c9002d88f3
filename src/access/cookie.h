/* Cookies of ours, and that of a browser's session. Where one only goes over https, which
 * production always takes for granted, its name has "__Host-" before it: a page of http cannot set
 * such a one, nor can another host of the domain. */
#ifndef HEARTH_ACCESS_COOKIE_H
#define HEARTH_ACCESS_COOKIE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/request.h"

/* Whether the browser talks https with us: in production, and where the web server says so. */
bool cookie_is_secure(const struct request *request);

/* The value of a cookie ("hearth_session"), borrowed from the request's header. false where there
 * is none of this name, or more than one. */
bool cookie_find(const struct request *request, const char *name, const char **value,
                 size_t *length);

/* Sets it for so many seconds: HttpOnly, SameSite=Lax, for all paths of this host only. */
void cookie_put(struct request *request, const char *name, const char *value, int64_t seconds);

/* The session's secret, borrowed from the request's header. false where there is none, or more than
 * one (somebody else's domain may have set one), or it is not of our making. */
bool cookie_read(const struct request *request, const char **secret, size_t *length);

/* Sets it as cookie_put(). */
void cookie_set(struct request *request, const char *secret, int64_t seconds);

/* Tells the browser to drop it. */
void cookie_clear(struct request *request);

#endif
