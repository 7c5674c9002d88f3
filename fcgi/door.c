/* Accepting, with a timer that ends a pause in it. */
#include "fcgi/door.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/log.h"

enum {
    RECEIVE_TIMEOUT_S = 10, /* the web server sends a request as a whole */
    SEND_TIMEOUT_S = 30,
    PAUSE_S = 1, /* when descriptors or memory ran out */
};

static bool
watch(struct door *door, int descriptor, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.fd = descriptor};
    return descriptor >= 0 && epoll_ctl(door->epoll, EPOLL_CTL_ADD, descriptor, &event) == 0;
}

/* Edge-triggered: else, before a thread can accept, the next one is woken to the same connection.
 */
static bool
listen_on(struct door *door)
{
    return watch(door, door->socket, EPOLLIN | EPOLLEXCLUSIVE | EPOLLET);
}

static bool
stop_listening(struct door *door)
{
    return epoll_ctl(door->epoll, EPOLL_CTL_DEL, door->socket, NULL) == 0;
}

static void
start_pause(struct door *door, int reason)
{
    struct itimerspec end = {.it_value.tv_sec = PAUSE_S};
    log_line(LOG_LEVEL_WARNING, "accepting pauses", LOG_TEXT("error", strerrordesc_np(reason)),
             LOG_NUMBER("seconds", PAUSE_S));
    timerfd_settime(door->pause_timer, 0, &end, NULL);
}

/* Where the kernel has no room for it just now, the worker must not stay deaf. */
static void
listen_again(struct door *door)
{
    if (!listen_on(door) && errno != EEXIST)
        start_pause(door, errno);
}

bool
door_open(struct door *door, int listening_socket, int epoll)
{
    *door = (struct door){
        .socket = listening_socket,
        .epoll = epoll,
        .pause_timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK),
    };
    int flags = fcntl(listening_socket, F_GETFL);
    return flags >= 0 && fcntl(listening_socket, F_SETFL, flags | O_NONBLOCK) == 0 &&
           watch(door, door->pause_timer, EPOLLIN) && listen_on(door);
}

void
door_step_back(struct door *door)
{
    if (stop_listening(door))
        listen_again(door);
}

/* Whoever came together with the one just taken was reported with it, and is not again. */
static void
report_others(struct door *door)
{
    struct pollfd others = {.fd = door->socket, .events = POLLIN};
    if (poll(&others, 1, 0) > 0)
        door_step_back(door);
}

int
door_accept(struct door *door)
{
    int descriptor = accept4(door->socket, NULL, NULL, SOCK_CLOEXEC);
    int reason = errno;
    if (descriptor < 0 && reason == EAGAIN)
        return -1;
    bool no_room = descriptor < 0 &&
                   (reason == EMFILE || reason == ENFILE || reason == ENOBUFS || reason == ENOMEM);
    if (!no_room)
        report_others(door);
    else if (stop_listening(door)) /* else another thread was here first */
        start_pause(door, reason);
    if (descriptor < 0)
        return -1;
    struct timeval receive = {.tv_sec = RECEIVE_TIMEOUT_S}, send = {.tv_sec = SEND_TIMEOUT_S};
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &receive, sizeof(receive));
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &send, sizeof(send));
    return descriptor;
}

void
door_end_pause(struct door *door)
{
    uint64_t expirations;
    if (read(door->pause_timer, &expirations, sizeof(expirations)) > 0)
        listen_again(door);
}

void
door_shut(struct door *door)
{
    stop_listening(door);
}

void
door_close(struct door *door)
{
    close(door->pause_timer);
}
