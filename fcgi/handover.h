/* Passing open connections to whoever takes the listening socket next: a sibling or the successor.
 * A worker that closed its kept connections on stopping would race with the web server, which may
 * just be sending a request on one of them, and such a request cannot be repeated when it is a
 * POST. Passed on, a connection stays open, and what waits in it is read by another worker.
 *
 * The way is the listening socket itself: a connection to it that begins with HANDOVER_BYTE (no
 * FastCGI record does) carries one descriptor. It needs no other path, and what nobody has taken
 * yet waits in the backlog. */
#ifndef HEARTH_FCGI_HANDOVER_H
#define HEARTH_FCGI_HANDOVER_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

enum { HANDOVER_BYTE = 'H' };

struct handover {
    struct sockaddr_un address;
    socklen_t length; /* 0: not a Unix socket, nothing can be passed */
};

/* Learns the address of the listening socket. */
void handover_init(struct handover *handover, int listening_socket);

/* Passes the connection on. The caller still closes its own descriptor. false: nobody can take it;
 * then closing it is all that is left. */
bool handover_give(const struct handover *handover, int descriptor)
    __attribute__((warn_unused_result));

/* Takes the connection that was passed through link, or -1 when there is none in it or its sender
 * is not of our user. The caller owns the result and still closes link. */
int handover_take(int link) __attribute__((warn_unused_result));

#endif
