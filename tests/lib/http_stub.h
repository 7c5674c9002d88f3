/* A provider in the test's own process: a thread that answers HTTP on loopback from a script. The
 * last answer of the script is repeated; calls are counted and the last body is kept. */
#ifndef HEARTH_TESTS_HTTP_STUB_H
#define HEARTH_TESTS_HTTP_STUB_H

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* What announced may be, beside a length: no length is announced, and what follows the body. */
enum {
    STUB_CLOSES = -1, /* the connection's end */
    STUB_STALLS = -2, /* nothing, until the client leaves */
    STUB_DRIPS = -3,  /* the body again and again, a byte every 5 ms, until the client leaves */
    STUB_KEEPS = -4,  /* the next answer: the body tells its own end */
};

struct stub_answer {
    int status;          /* 0: close without an answer; -1: stay silent until the client leaves */
    const char *headers; /* each ended by CRLF; NULL for none; a Content-Type replaces JSON's */
    const char *body;
    long announced; /* Content-Length where it is not the body's; 0: the body's */
};

struct stub {
    int listener, port;
    pthread_t thread;
    const struct stub_answer *script;
    size_t script_length;
    atomic_size_t calls, connections;
    atomic_bool stopping;
    pthread_mutex_t mutex; /* over held and script */
    pthread_cond_t freed;
    bool held; /* answers wait until stub_free_answers() */
    char body[65536];
    char head[8192];
};

static inline void
stub_script(struct stub *stub, const struct stub_answer *script, size_t length)
{
    pthread_mutex_lock(&stub->mutex);
    stub->script = script;
    stub->script_length = length;
    atomic_store(&stub->calls, 0);
    pthread_mutex_unlock(&stub->mutex);
}

static inline bool
stub_read(struct stub *stub, int connection)
{
    size_t used = 0;
    char *end = NULL;
    while (!end) {
        long got = recv(connection, stub->head + used, sizeof(stub->head) - 1 - used, 0);
        if (got <= 0)
            return false;
        used += (size_t)got;
        stub->head[used] = '\0';
        end = strstr(stub->head, "\r\n\r\n");
    }
    const char *announced = strcasestr(stub->head, "content-length:");
    size_t length = announced ? strtoul(announced + 15, NULL, 10) : 0;
    assert(length < sizeof(stub->body));
    size_t have = used - (size_t)(end + 4 - stub->head);
    memcpy(stub->body, end + 4, have);
    end[4] = '\0';
    while (have < length) {
        long got = recv(connection, stub->body + have, length - have, 0);
        if (got <= 0)
            return false;
        have += (size_t)got;
    }
    stub->body[length] = '\0';
    return true;
}

/* Until the client leaves. */
static inline void
stub_drip(int connection, const char *body)
{
    struct pollfd client = {.fd = connection, .events = POLLRDHUP};
    for (const char *at = body; poll(&client, 1, 5) == 0; at = at[1] != '\0' ? at + 1 : body)
        if (send(connection, at, 1, MSG_NOSIGNAL) != 1)
            return;
}

static inline bool
stub_write(int connection, const struct stub_answer *answer)
{
    size_t length = strlen(answer->body);
    const char *headers = answer->headers ? answer->headers : "";
    char head[1024], announced[64] = "", byte;
    if (answer->announced >= 0)
        snprintf(announced, sizeof(announced), "Content-Length: %ld\r\n",
                 answer->announced ? answer->announced : (long)length);
    int head_length =
        snprintf(head, sizeof(head), "HTTP/1.1 %d X\r\n%s%s%s\r\n", answer->status,
                 strcasestr(headers, "content-type:") ? "" : "Content-Type: application/json\r\n",
                 announced, headers);
    assert(head_length < (int)sizeof(head));
    if (send(connection, head, (size_t)head_length, MSG_NOSIGNAL) != head_length)
        return false;
    if (answer->announced == STUB_DRIPS) {
        stub_drip(connection, answer->body);
        return false;
    }
    if (send(connection, answer->body, length, MSG_NOSIGNAL) != (long)length)
        return false;
    if (answer->announced == STUB_STALLS)
        (void)!recv(connection, &byte, 1, 0);
    return answer->announced == 0 || answer->announced == STUB_KEEPS;
}

static inline bool
stub_serve(struct stub *stub, int connection)
{
    if (!stub_read(stub, connection))
        return false;
    size_t call = atomic_fetch_add(&stub->calls, 1);
    pthread_mutex_lock(&stub->mutex);
    while (stub->held)
        pthread_cond_wait(&stub->freed, &stub->mutex);
    struct stub_answer answer =
        stub->script[call < stub->script_length ? call : stub->script_length - 1];
    pthread_mutex_unlock(&stub->mutex);
    if (answer.status > 0)
        return stub_write(connection, &answer);
    char byte;
    if (answer.status < 0)
        (void)!recv(connection, &byte, 1, 0);
    return false;
}

/* One connection at a time is enough: each test waits for its answer. */
static inline void *
stub_loop(void *context)
{
    struct stub *stub = context;
    while (!atomic_load(&stub->stopping)) {
        int connection = accept(stub->listener, NULL, NULL);
        if (connection < 0)
            continue;
        atomic_fetch_add(&stub->connections, 1);
        while (stub_serve(stub, connection))
            continue;
        close(connection);
    }
    return NULL;
}

static inline void
stub_start(struct stub *stub)
{
    memset(stub, 0, sizeof(*stub));
    pthread_mutex_init(&stub->mutex, NULL);
    pthread_cond_init(&stub->freed, NULL);
    stub->listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    int failed = bind(stub->listener, (struct sockaddr *)&address, size) ||
                 listen(stub->listener, 64) ||
                 getsockname(stub->listener, (struct sockaddr *)&address, &size) ||
                 pthread_create(&stub->thread, NULL, stub_loop, stub);
    if (failed)
        abort();
    stub->port = ntohs(address.sin_port);
}

static inline void
stub_hold_answers(struct stub *stub)
{
    pthread_mutex_lock(&stub->mutex);
    stub->held = true;
    pthread_mutex_unlock(&stub->mutex);
}

static inline void
stub_free_answers(struct stub *stub)
{
    pthread_mutex_lock(&stub->mutex);
    stub->held = false;
    pthread_cond_broadcast(&stub->freed);
    pthread_mutex_unlock(&stub->mutex);
}

/* All clients must have closed their connections. */
static inline void
stub_stop(struct stub *stub)
{
    atomic_store(&stub->stopping, true);
    shutdown(stub->listener, SHUT_RDWR);
    pthread_join(stub->thread, NULL);
    close(stub->listener);
    pthread_mutex_destroy(&stub->mutex);
    pthread_cond_destroy(&stub->freed);
}

#endif
