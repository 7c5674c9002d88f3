/* One connected socket, one byte, one SCM_RIGHTS message for each connection. */
#include "fcgi/handover.h"

#include <stddef.h>
#include <string.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

enum { BACKLOG_WAIT_S = 2 }; /* for room in a full backlog */

union control {
    char bytes[CMSG_SPACE(sizeof(int))];
    struct cmsghdr align;
};

void
handover_init(struct handover *handover, int listening_socket)
{
    *handover = (struct handover){.length = sizeof(handover->address)};
    if (getsockname(listening_socket, (struct sockaddr *)&handover->address, &handover->length) !=
            0 ||
        handover->address.sun_family != AF_UNIX ||
        handover->length <= offsetof(struct sockaddr_un, sun_path))
        handover->length = 0;
}

static bool
send_descriptor(int link, int descriptor)
{
    char byte = HANDOVER_BYTE;
    union control control = {0};
    struct iovec part = {.iov_base = &byte, .iov_len = 1};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof(control.bytes)};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &descriptor, sizeof(descriptor));
    return sendmsg(link, &message, MSG_NOSIGNAL) == 1;
}

bool
handover_give(const struct handover *handover, int descriptor)
{
    if (handover->length == 0)
        return false;
    int link = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (link < 0)
        return false;
    struct timeval limit = {.tv_sec = BACKLOG_WAIT_S};
    setsockopt(link, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    bool given =
        connect(link, (const struct sockaddr *)&handover->address, handover->length) == 0 &&
        send_descriptor(link, descriptor);
    close(link);
    return given;
}

static bool
is_from_our_user(int link)
{
    struct ucred peer;
    socklen_t length = sizeof(peer);
    return getsockopt(link, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 && peer.uid == geteuid();
}

int
handover_take(int link)
{
    if (!is_from_our_user(link))
        return -1;
    char byte;
    union control control = {0};
    struct iovec part = {.iov_base = &byte, .iov_len = 1};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof(control.bytes)};
    if (recvmsg(link, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) != 1)
        return -1;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (!header || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS ||
        header->cmsg_len != CMSG_LEN(sizeof(int)))
        return -1;
    int descriptor;
    memcpy(&descriptor, CMSG_DATA(header), sizeof(descriptor));
    return descriptor;
}
