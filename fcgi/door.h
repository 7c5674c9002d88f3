/* The listening socket of a worker in its epoll set: taking connections from it, in turn with the
 * siblings of the host, and pausing while the kernel has no room for more. */
#ifndef HEARTH_FCGI_DOOR_H
#define HEARTH_FCGI_DOOR_H

#include <stdbool.h>

struct door {
    int socket, epoll; /* the caller's */
    int pause_timer;   /* readable when a pause is over: then call door_end_pause() */
};

/* Makes the socket non-blocking and lays it and the timer into the epoll set, by their descriptors.
 * false with errno set; also then door_close() is to be called. */
bool door_open(struct door *door, int listening_socket, int epoll)
    __attribute__((warn_unused_result));

/* Takes a connection, whose reads and writes end after a while; the caller owns it. -1: there was
 * none, or no room for one, which begins a pause. */
int door_accept(struct door *door) __attribute__((warn_unused_result));

/* Lets siblings take the next connections. Of all workers the kernel wakes the one that has
 * listened longest, which would so get every kept connection of the host; listening anew puts it
 * last. */
void door_step_back(struct door *door);

void door_end_pause(struct door *door);

/* Takes no more. The socket stays open. */
void door_shut(struct door *door);

void door_close(struct door *door);

#endif
