/* A browser sends its cookie with whatever page asked it to: so a change that a cookie speaks for
 * has to come from a page of ours, which knows what no other page can read. */
#ifndef HEARTH_ACCESS_CSRF_H
#define HEARTH_ACCESS_CSRF_H

#include <stdbool.h>

#include "base/error.h"
#include "http/request.h"

/* What the header X-CSRF-Token must repeat in this session, in the arena. */
const char *csrf_token(struct request *request, const char *sign_in_id);

/* Whether the page that asks is one of this host, of PUBLIC_URL or of ALLOWED_ORIGINS ("*" lets
 * nobody through here), by Origin and Sec-Fetch-Site. What sends neither is no browser. false with
 * ERROR_CSRF. */
bool csrf_check_origin(struct request *request, struct error *err)
    __attribute__((warn_unused_result));

/* What a request of a known caller for its row must show: for POST, PUT, PATCH and DELETE by
 * cookie, unless the row has ROUTE_NO_CSRF, a good origin and the token. false with ERROR_CSRF. */
bool csrf_check(struct request *request, struct error *err) __attribute__((warn_unused_result));

#endif
