/* The only file that touches FCGX_Request. libfcgi parses a connection that was placed in ipcFd
 * without accepting one, and it leaves an open connection alone when keepConnection is set. */
#include "fcgi/carrier.h"

#include <poll.h>
#include <unistd.h>

#include "fcgi/cgi_head.h"

/* A body over its limit was answered already; reading on for this long spares the peer a reset. */
enum { DRAIN_BYTES_MAX = 64 << 20 };

static const char *
carrier_parameter(void *data, const char *name)
{
    struct carrier *carrier = data;
    return FCGX_GetParam(name, carrier->fcgx.envp);
}

static char *const *
carrier_parameters(void *data)
{
    struct carrier *carrier = data;
    return carrier->fcgx.envp;
}

static long
carrier_read_body(void *data, char *bytes, size_t size)
{
    struct carrier *carrier = data;
    int wanted = size < 1 << 30 ? (int)size : 1 << 30;
    int count = FCGX_GetStr(bytes, wanted, carrier->fcgx.in);
    if (count < wanted) { /* the end or a failure */
        if (FCGX_GetError(carrier->fcgx.in) != 0) {
            carrier->failed = true;
            return -1;
        }
        carrier->body_ended = true;
    }
    return count;
}

static bool
carrier_client_gone(void *data)
{
    struct carrier *carrier = data;
    short events = carrier->body_ended ? POLLIN | POLLRDHUP : POLLRDHUP;
    struct pollfd watched = {.fd = carrier->fcgx.ipcFd, .events = events};
    return carrier->failed || poll(&watched, 1, 0) > 0;
}

/* What is left of a body would wake poll(2) at once. */
static int
carrier_descriptor(void *data)
{
    const struct carrier *carrier = data;
    return carrier->body_ended && !carrier->failed ? carrier->fcgx.ipcFd : -1;
}

static bool
carrier_begin(void *data, struct request *request)
{
    struct carrier *carrier = data;
    struct strbuf head;
    strbuf_init(&head, &request->arena, 1024);
    cgi_head(request, &head);
    carrier_write(carrier, head.data, head.length);
    return !carrier->failed;
}

/* libfcgi makes one record, and one write(2), of what its buffer of 8 KB holds. */
static bool
carrier_send(void *data, const char *bytes, size_t length)
{
    struct carrier *carrier = data;
    carrier_write(carrier, bytes, length);
    if (FCGX_FFlush(carrier->fcgx.out) != 0)
        carrier->failed = true;
    return !carrier->failed;
}

const struct transport carrier_transport = {
    .parameter = carrier_parameter,
    .parameters = carrier_parameters,
    .read_body = carrier_read_body,
    .client_gone = carrier_client_gone,
    .begin = carrier_begin,
    .send = carrier_send,
    .descriptor = carrier_descriptor,
};

bool
carrier_setup(void)
{
    return FCGX_Init() == 0;
}

void
carrier_init(struct carrier *carrier)
{
    *carrier = (struct carrier){0};
    FCGX_InitRequest(&carrier->fcgx, -1, FCGI_FAIL_ACCEPT_ON_INTR);
}

bool
carrier_read(struct carrier *carrier, int descriptor)
{
    FCGX_Request *fcgx = &carrier->fcgx;
    carrier->body_ended = false;
    carrier->failed = false;
    fcgx->ipcFd = descriptor;
    fcgx->keepConnection = 1;
    fcgx->detached = 1; /* a connection that fails here has nothing worth lingering for */
    if (FCGX_Accept_r(fcgx) != 0)
        return false;
    fcgx->detached = 0;
    carrier->peer_keeps = fcgx->keepConnection != 0;
    return true;
}

void
carrier_write(struct carrier *carrier, const char *bytes, size_t length)
{
    while (length > 0) {
        int count = length < 1 << 30 ? (int)length : 1 << 30;
        if (FCGX_PutStr(bytes, count, carrier->fcgx.out) != count) {
            carrier->failed = true;
            return;
        }
        bytes += count;
        length -= (size_t)count;
    }
}

/* An unread rest would be taken for the next request, and a close over it would reset the peer. */
static bool
drain(struct carrier *carrier)
{
    char rest[4096];
    size_t total = 0;
    while (!carrier->body_ended) {
        long count = carrier_read_body(carrier, rest, sizeof(rest));
        if (count < 0 || (total += (size_t)count) > DRAIN_BYTES_MAX)
            return false;
    }
    return true;
}

int
carrier_finish(struct carrier *carrier, bool *sent)
{
    FCGX_Request *fcgx = &carrier->fcgx;
    bool drained = drain(carrier);
    bool written = FCGX_FClose(fcgx->err) == 0 && FCGX_FClose(fcgx->out) == 0;
    *sent = written && !carrier->failed;
    if (!written || !drained)
        return -1; /* libfcgi closes it on release, after lingering for what is still sent */
    int descriptor = fcgx->ipcFd;
    fcgx->ipcFd = -1;
    if (carrier->peer_keeps)
        return descriptor;
    /* Everything was read, so closing at once loses nothing, while libfcgi would hold the thread
     * until the web server has closed too. */
    close(descriptor);
    return -1;
}

void
carrier_release(struct carrier *carrier)
{
    carrier->fcgx.keepConnection = carrier->fcgx.ipcFd < 0;
    FCGX_Finish_r(&carrier->fcgx);
}
