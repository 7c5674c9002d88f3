/* One request over a FastCGI connection, with the test as the web server at the other end. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "fcgi/exchange.h"
#include "http/event_stream.h"

/* Of the FastCGI specification, version 1. */
enum { BEGIN_REQUEST = 1, PARAMS = 4, STDIN = 5, STDOUT = 6, RESPONDER = 1, KEEP_CONNECTION = 1 };

static void
send_record(int peer, int type, const void *content, size_t length)
{
    unsigned char record[8 + 255] = {1, (unsigned char)type, 0, 1, 0, (unsigned char)length};
    assert_true(length <= 255);
    memcpy(record + 8, content, length);
    assert_int_equal(write(peer, record, 8 + length), 8 + length);
}

static void
send_request(int peer, const char *name, const char *value)
{
    const unsigned char begin[8] = {0, RESPONDER, KEEP_CONNECTION};
    unsigned char pair[255] = {(unsigned char)strlen(name), (unsigned char)strlen(value)};
    memcpy(pair + 2, name, strlen(name));
    memcpy(pair + 2 + strlen(name), value, strlen(value));
    send_record(peer, BEGIN_REQUEST, begin, sizeof(begin));
    send_record(peer, PARAMS, pair, 2 + strlen(name) + strlen(value));
    send_record(peer, PARAMS, "", 0);
    send_record(peer, STDIN, "", 0);
}

struct line {
    int near, far;
    struct exchange_pool pool;
};

static int
connect_line(void **state)
{
    static struct line line;
    int ends[2];
    if (!carrier_setup() || socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
        return -1;
    line.near = ends[0];
    line.far = ends[1];
    exchange_pool_init(&line.pool);
    *state = &line;
    return 0;
}

static int
cut_line(void **state)
{
    struct line *line = *state;
    close(line->near);
    close(line->far);
    exchange_pool_release(&line->pool);
    return 0;
}

/* The dispatcher logs a request when its connection may already carry the next one. */
static void
keeps_the_head_of_a_request_after_its_answer_was_sent(void **state)
{
    struct line *line = *state;
    struct exchange *exchange = exchange_get(&line->pool);
    bool sent = false;
    send_request(line->far, "REQUEST_METHOD", "PROPFIND");
    assert_true(exchange_begin(exchange, line->near, NULL));
    const struct request *request = &exchange->request;
    const char *method = request->transport->parameter(request->carrier, "REQUEST_METHOD");
    exchange->request.response = (struct response){.status = 204};
    assert_int_equal(exchange_send(exchange, &sent), line->near);
    assert_true(sent);
    send_request(line->far, "REQUEST_METHOD", "GET");
    struct exchange *next = exchange_get(&line->pool);
    assert_true(exchange_begin(next, line->near, NULL));
    assert_string_equal(method, "PROPFIND");
    exchange_put(&line->pool, exchange);
    next->request.response = (struct response){.status = 204};
    assert_int_equal(exchange_send(next, &sent), line->near);
    exchange_put(&line->pool, next);
}

/* Once the peer has left, there is no connection to give back. */
static void
says_that_an_answer_was_not_sent(void **state)
{
    struct line *line = *state;
    struct exchange *exchange = exchange_get(&line->pool);
    bool sent = true;
    int copy = dup(line->near);
    send_request(line->far, "REQUEST_METHOD", "GET");
    assert_true(exchange_begin(exchange, copy, NULL));
    shutdown(line->far, SHUT_RDWR);
    exchange->request.response = (struct response){.status = 204};
    assert_int_equal(exchange_send(exchange, &sent), -1);
    assert_false(sent);
    exchange_put(&line->pool, exchange);
    assert_int_equal(close(copy), -1);
}

/* What the peer gets with one read(2), as records without their frames; "" for nothing. */
static const char *
receive(struct line *line)
{
    static char text[4096];
    unsigned char bytes[4096];
    ssize_t count = recv(line->far, bytes, sizeof(bytes), MSG_DONTWAIT);
    size_t length = 0;
    for (ssize_t at = 0; at + 8 <= count;) {
        int content = bytes[at + 4] << 8 | bytes[at + 5];
        if (bytes[at + 1] == STDOUT) {
            memcpy(text + length, bytes + at + 8, (size_t)content);
            length += (size_t)content;
        }
        at += 8 + content + bytes[at + 6];
    }
    text[length] = '\0';
    return text;
}

static struct exchange *
begin_stream(struct line *line, struct event_stream *stream)
{
    struct exchange *exchange = exchange_get(&line->pool);
    char byte;
    send_request(line->far, "REQUEST_METHOD", "POST");
    assert_true(exchange_begin(exchange, line->near, NULL));
    struct request *request = &exchange->request;
    assert_int_equal(request_client_descriptor(request), -1);
    assert_int_equal(request->transport->read_body(request->carrier, &byte, 1), 0);
    event_stream_init(stream, request);
    return exchange;
}

static void
sends_each_event_when_it_is_made(void **state)
{
    struct line *line = *state;
    struct event_stream stream;
    bool sent = false;
    struct exchange *exchange = begin_stream(line, &stream);
    assert_true(event_stream_send(&stream, NULL, "1", 1));
    assert_string_equal(receive(line), "Status: 200 OK\r\n"
                                       "Cache-Control: no-cache, no-transform\r\n"
                                       "X-Accel-Buffering: no\r\n"
                                       "Content-Type: text/event-stream\r\n\r\n"
                                       "data: 1\n\n");
    assert_true(event_stream_send(&stream, "delta", "2", 1));
    assert_string_equal(receive(line), "event: delta\ndata: 2\n\n");
    assert_string_equal(receive(line), "");
    assert_int_equal(exchange_send(exchange, &sent), line->near);
    assert_true(sent);
    assert_string_equal(receive(line), "");
    exchange_put(&line->pool, exchange);
}

static void
wakes_whoever_waits_when_the_client_leaves(void **state)
{
    struct line *line = *state;
    struct event_stream stream;
    bool sent = true;
    int copy = dup(line->near);
    struct exchange *exchange = begin_stream(line, &stream);
    struct pollfd client = {request_client_descriptor(&exchange->request), POLLIN, 0};
    assert_int_equal(client.fd, line->near);
    assert_int_equal(poll(&client, 1, 0), 0);
    assert_false(request_client_gone(&exchange->request));
    shutdown(line->far, SHUT_RDWR);
    assert_int_equal(poll(&client, 1, 0), 1);
    assert_true(request_client_gone(&exchange->request));
    assert_false(event_stream_send(&stream, NULL, "1", 1));
    assert_false(event_stream_send(&stream, NULL, "2", 1));
    assert_int_equal(exchange_send(exchange, &sent), -1);
    assert_false(sent);
    exchange_put(&line->pool, exchange);
    line->near = copy;
}

static void
gives_up_a_client_that_takes_nothing(void **state)
{
    struct line *line = *state;
    struct event_stream stream;
    static char text[60000];
    const struct timeval limit = {.tv_usec = 1000};
    bool sent = true;
    int events = 0;
    memset(text, 'x', sizeof(text));
    struct exchange *exchange = begin_stream(line, &stream);
    int copy = dup(line->near);
    setsockopt(line->near, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    while (events < 1000 && event_stream_send(&stream, NULL, text, sizeof(text)))
        events++;
    assert_in_range(events, 1, 999);
    assert_int_equal(exchange_send(exchange, &sent), -1);
    assert_false(sent);
    close(line->far);
    line->far = -1;
    exchange_put(&line->pool, exchange);
    line->near = copy;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(keeps_the_head_of_a_request_after_its_answer_was_sent,
                                        connect_line, cut_line),
        cmocka_unit_test_setup_teardown(says_that_an_answer_was_not_sent, connect_line, cut_line),
        cmocka_unit_test_setup_teardown(sends_each_event_when_it_is_made, connect_line, cut_line),
        cmocka_unit_test_setup_teardown(gives_up_a_client_that_takes_nothing, connect_line,
                                        cut_line),
        cmocka_unit_test_setup_teardown(wakes_whoever_waits_when_the_client_leaves, connect_line,
                                        cut_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
