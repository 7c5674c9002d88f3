/* The head of a response as CGI text (RFC 3875, section 6.3), which is what FastCGI carries. */
#ifndef HEARTH_FCGI_CGI_HEAD_H
#define HEARTH_FCGI_CGI_HEAD_H

#include <stdbool.h>

#include "base/strbuf.h"
#include "http/request.h"

/* Whether a response of this status may have a body. */
bool cgi_has_body(int status);

/* Appends status and headers of the request's response up to the empty line, with Content-Length
 * unless the response has begun and its length is not known. */
void cgi_head(const struct request *request, struct strbuf *head);

#endif
