/* How doctor asks a socket: every way that a pool can be broken has a name of its own. */
#include "fcgi/hearth_net.c" /* nothing else needs these functions in a library */

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* Answers the first connection with these bytes and closes it. */
struct responder {
    char path[64];
    int listener;
    const char *reply;
    size_t length;
    char asked[512];
    size_t asked_length;
    pthread_t thread;
};

static void
listen_at(struct responder *responder)
{
    snprintf(responder->path, sizeof(responder->path), "/tmp/hearth-net-%d.sock", (int)getpid());
    unlink(responder->path);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, responder->path, strlen(responder->path));
    responder->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(responder->listener, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(responder->listener, 1), 0);
}

static void *
respond(void *data)
{
    struct responder *responder = data;
    int connection = accept(responder->listener, NULL, NULL);
    ssize_t got = recv(connection, responder->asked, sizeof(responder->asked), 0);
    responder->asked_length = got > 0 ? (size_t)got : 0;
    ssize_t sent = send(connection, responder->reply, responder->length, MSG_NOSIGNAL);
    (void)sent;
    close(connection);
    return NULL;
}

static int
ask_responder(struct responder *responder, const char *reply, size_t length, const char **problem)
{
    listen_at(responder);
    responder->reply = reply;
    responder->length = length;
    assert_int_equal(pthread_create(&responder->thread, NULL, respond, responder), 0);
    int status = fastcgi_get(responder->path, "/livez", 5000, problem);
    pthread_join(responder->thread, NULL);
    close(responder->listener);
    unlink(responder->path);
    return status;
}

static void
reads_the_status_of_an_answer_in_several_records(void **state)
{
    (void)state;
    static const char reply[] = "\1\6\0\1\0\013\1\0Status: 503x"
                                "\1\6\0\1\0\2\0\0\r\n"
                                "\1\3\0\1\0\10\0\0\0\0\0\0\0\0\0\0";
    struct responder responder = {0};
    const char *problem = "";
    assert_int_equal(ask_responder(&responder, reply, sizeof(reply) - 1, &problem), 503);
    const char begin[] = "\1\1\0\1\0\10\0\0\0\1\0\0\0\0\0\0\1\4";
    assert_memory_equal(responder.asked, begin, sizeof(begin) - 1);
    assert_non_null(memmem(responder.asked, responder.asked_length, "\13\6SCRIPT_NAME/livez", 19));
}

static void
takes_an_answer_without_a_status_for_200(void **state)
{
    (void)state;
    static const char reply[] = "\1\6\0\1\0\6\0\0A: b\r\n";
    struct responder responder = {0};
    const char *problem = "";
    assert_int_equal(ask_responder(&responder, reply, sizeof(reply) - 1, &problem), 200);
}

static void
says_that_an_answer_is_not_fastcgi(void **state)
{
    (void)state;
    static const char reply[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
    struct responder responder = {0};
    const char *problem = "";
    assert_int_equal(ask_responder(&responder, reply, sizeof(reply) - 1, &problem), 0);
    assert_string_equal(problem, "its answer is not FastCGI");
    static const char cut[] = "\1\6\0\1\377\377\0\0Status";
    assert_int_equal(ask_responder(&responder, cut, sizeof(cut) - 1, &problem), 0);
    assert_string_equal(problem, "its answer is not FastCGI");
}

static void
says_that_a_pool_accepts_but_does_not_answer(void **state)
{
    (void)state;
    struct responder responder = {0};
    listen_at(&responder);
    const char *problem = "";
    assert_int_equal(fastcgi_get(responder.path, "/livez", 50, &problem), 0);
    assert_string_equal(problem, "it accepts but does not answer");
    close(responder.listener);
    assert_int_equal(fastcgi_get(responder.path, "/livez", 50, &problem), 0);
    assert_string_equal(problem, "Connection refused");
    unlink(responder.path);
    assert_int_equal(fastcgi_get(responder.path, "/livez", 50, &problem), 0);
    assert_string_equal(problem, "No such file or directory");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_status_of_an_answer_in_several_records),
        cmocka_unit_test(takes_an_answer_without_a_status_for_200),
        cmocka_unit_test(says_that_an_answer_is_not_fastcgi),
        cmocka_unit_test(says_that_a_pool_accepts_but_does_not_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
