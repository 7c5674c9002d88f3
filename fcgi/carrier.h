/* Carries one request over a FastCGI connection that somebody else owns: libfcgi only parses and
 * writes, it never accepts and never waits for a next request. All that is known of libfcgi's
 * private fields is in carrier.c. One thread uses a carrier at a time; it may move between them. */
#ifndef HEARTH_FCGI_CARRIER_H
#define HEARTH_FCGI_CARRIER_H

#include <fcgiapp.h>
#include <stdbool.h>
#include <stddef.h>

#include "http/request.h"

struct carrier {
    FCGX_Request fcgx;
    bool peer_keeps; /* the web server wants the connection back after the answer */
    bool body_ended; /* read to its end, so that readable now means gone */
    bool failed;
};

/* What handlers see of it. */
extern const struct transport carrier_transport;

/* Prepares libfcgi; before any thread is started and before signals are given dispositions. false
 * when it cannot. */
bool carrier_setup(void) __attribute__((warn_unused_result));

void carrier_init(struct carrier *carrier);

/* Reads the head of a request from the connection. false: the connection is closed, by its peer or
 * because it did not speak FastCGI. Blocks for as long as SO_RCVTIMEO of descriptor allows. */
bool carrier_read(struct carrier *carrier, int descriptor) __attribute__((warn_unused_result));

/* Adds bytes to the answer. Failures show in carrier_finish(). */
void carrier_write(struct carrier *carrier, const char *bytes, size_t length);

/* Ends the answer, with what is left of the body read. Returns the connection, which the caller
 * owns now, or -1 when it is not kept. *sent says whether all of the answer was taken by the peer.
 * The parameters stay until carrier_release(). */
int carrier_finish(struct carrier *carrier, bool *sent);

/* Ends the request's memory, and the connection where it failed. */
void carrier_release(struct carrier *carrier);

#endif
