/* The provider of ./dev bench, in OpenAI's shape: answers plain questions at once and streams paced
 * tokens to those with "stream":true: max_tokens of them, "seed" milliseconds apart, the first at
 * once. A token's text is @ and the microseconds of the monotonic clock when it was sent, so that a
 * client on this host can tell how long it was on its way. Usage: standin PORT */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

enum { QUESTION_MAX_BYTES = 16384, SLOTS = 4096, DESCRIPTORS_MAX = 16384, EVENTS_MAX = 256 };

struct client {
    int descriptor;
    size_t used;
    long tokens_left, interval_ms;
    struct client *next; /* in its slot of the wheel */
    char question[QUESTION_MAX_BYTES];
};

/* Streams wait in the slot of the millisecond of their next token. */
struct standin {
    int poll, listener;
    size_t streams;
    int64_t turned_ms;
    struct client *slots[SLOTS];
};

static const char plain_body[] =
    "{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion\",\"created\":1,\"model\":\"standin\","
    "\"choices\":[{\"index\":0,\"finish_reason\":\"stop\",\"message\":{\"role\":\"assistant\","
    "\"content\":\"After three days of rain the boats came home; the town will build a new "
    "breakwater from April for two million to protect forty houses.\"}}],\"usage\":{"
    "\"prompt_tokens\":120,\"completion_tokens\":30,\"total_tokens\":150}}";
static const char stream_head[] =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
static const char chunk_head[] =
    "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1,"
    "\"model\":\"standin\",\"choices\":[{\"index\":0,\"delta\":";
static const char stream_end[] = "e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n";

/* What a client does not take at once is lost with it: its buffers hold all that is sent here. */
static bool
say(struct client *client, const char *bytes, size_t length)
{
    return send(client->descriptor, bytes, length, MSG_NOSIGNAL) == (ssize_t)length;
}

/* One event in one chunk in one write, as providers do. */
static bool
say_delta(struct client *client, const char *delta, const char *finish)
{
    char event[512], chunk[600];
    int length = snprintf(event, sizeof(event), "%s%s,\"finish_reason\":%s}]}\n\n", chunk_head,
                          delta, finish);
    length = snprintf(chunk, sizeof(chunk), "%x\r\n%s\r\n", (unsigned)length, event);
    return say(client, chunk, (size_t)length);
}

static void
drop(struct client *client)
{
    close(client->descriptor);
    free(client);
}

/* A client that streams is in no epoll set: it is the wheel's. */
static void
put_back(struct standin *standin, struct client *client)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};
    standin->streams--;
    if (epoll_ctl(standin->poll, EPOLL_CTL_ADD, client->descriptor, &event) != 0)
        drop(client);
}

static void
next_token(struct standin *standin, struct client *client)
{
    char delta[64];
    snprintf(delta, sizeof(delta), "{\"content\":\"@%lld \"}", (long long)clock_monotonic_us());
    if (!say_delta(client, delta, "null")) {
        standin->streams--;
        drop(client);
    } else if (--client->tokens_left > 0) {
        struct client **slot = &standin->slots[(standin->turned_ms + client->interval_ms) % SLOTS];
        client->next = *slot;
        *slot = client;
    } else if (say_delta(client, "{}", "\"stop\"") &&
               say(client, stream_end, sizeof(stream_end) - 1)) {
        put_back(standin, client);
    } else {
        standin->streams--;
        drop(client);
    }
}

static void
turn(struct standin *standin)
{
    int64_t now_ms = clock_monotonic_ms();
    while (standin->turned_ms < now_ms) {
        standin->turned_ms++;
        struct client *client = standin->slots[standin->turned_ms % SLOTS];
        standin->slots[standin->turned_ms % SLOTS] = NULL;
        while (client) {
            struct client *next = client->next;
            next_token(standin, client);
            client = next;
        }
    }
}

static long
number_of(const char *question, const char *name, long otherwise)
{
    const char *at = strstr(question, name);
    if (!at)
        return otherwise;
    at += strlen(name);
    long number = strtol(at + strspn(at, "\": "), NULL, 10);
    return number > 0 && number < SLOTS ? number : otherwise;
}

static bool
answer_plain(struct client *client)
{
    char answer[sizeof(plain_body) + 128];
    int length = snprintf(answer, sizeof(answer),
                          "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                          "Content-Length: %zu\r\n\r\n%s",
                          sizeof(plain_body) - 1, plain_body);
    return say(client, answer, (size_t)length);
}

static bool
answer(struct standin *standin, struct client *client, const char *body)
{
    const char *stream = strstr(body, "\"stream\"");
    if (!stream || strncmp(stream + 8 + strspn(stream + 8, ": "), "true", 4) != 0)
        return answer_plain(client);
    client->tokens_left = number_of(body, "\"max_tokens\"", 10);
    client->interval_ms = number_of(body, "\"seed\"", 10);
    if (!say(client, stream_head, sizeof(stream_head) - 1))
        return false;
    epoll_ctl(standin->poll, EPOLL_CTL_DEL, client->descriptor, NULL);
    if (standin->streams++ == 0)
        standin->turned_ms = clock_monotonic_ms();
    next_token(standin, client);
    return true;
}

/* false: the client left or asks what cannot be read here. */
static bool
hear(struct standin *standin, struct client *client)
{
    ssize_t got = recv(client->descriptor, client->question + client->used,
                       QUESTION_MAX_BYTES - 1 - client->used, 0);
    if (got <= 0)
        return false;
    client->used += (size_t)got;
    client->question[client->used] = '\0';
    const char *body = strstr(client->question, "\r\n\r\n");
    if (!body)
        return client->used < QUESTION_MAX_BYTES - 1;
    body += 4;
    const char *announced = strcasestr(client->question, "\r\ncontent-length:");
    size_t length = announced ? strtoul(announced + 17, NULL, 10) : 0;
    size_t whole = (size_t)(body - client->question) + length;
    if (client->used < whole)
        return client->used < QUESTION_MAX_BYTES - 1;
    client->used = 0;
    return answer(standin, client, body);
}

static void
greet(struct standin *standin)
{
    int descriptor, yes = 1;
    while ((descriptor = accept4(standin->listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        struct client *client = calloc(1, sizeof(*client));
        if (!client)
            abort();
        client->descriptor = descriptor;
        setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};
        if (epoll_ctl(standin->poll, EPOLL_CTL_ADD, descriptor, &event) != 0)
            drop(client);
    }
}

static int
listen_on(int port)
{
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), yes = 1;
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    if (bind(listener, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        listen(listener, 4096) != 0)
        return -1;
    return listener;
}

int
main(int count, char **arguments)
{
    static struct standin standin;
    struct epoll_event events[EVENTS_MAX], listening = {.events = EPOLLIN};
    const struct rlimit descriptors = {DESCRIPTORS_MAX, DESCRIPTORS_MAX};
    setrlimit(RLIMIT_NOFILE, &descriptors);
    standin.listener = count == 2 ? listen_on((int)strtol(arguments[1], NULL, 10)) : -1;
    standin.poll = epoll_create1(0);
    if (standin.listener < 0 || standin.poll < 0 ||
        epoll_ctl(standin.poll, EPOLL_CTL_ADD, standin.listener, &listening) != 0) {
        fprintf(stderr, "standin: cannot listen\n");
        return 1;
    }
    for (;;) {
        int ready = epoll_wait(standin.poll, events, EVENTS_MAX, standin.streams > 0 ? 1 : -1);
        for (int i = 0; i < ready; i++) {
            struct client *client = events[i].data.ptr;
            if (!client)
                greet(&standin);
            else if (!hear(&standin, client))
                drop(client);
        }
        if (standin.streams > 0)
            turn(&standin);
    }
}
