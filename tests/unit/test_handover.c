/* Passing a connection through the listening socket. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fcgi/handover.h"

struct place {
    char directory[64];
    struct sockaddr_un address;
    int listening;
    struct handover handover;
};

static int
open_place(void **state)
{
    struct place *place = calloc(1, sizeof(*place));
    strcpy(place->directory, "/tmp/test-handover.XXXXXX");
    if (!mkdtemp(place->directory))
        return -1;
    place->address.sun_family = AF_UNIX;
    snprintf(place->address.sun_path, sizeof(place->address.sun_path), "%s/sock", place->directory);
    place->listening = socket(AF_UNIX, SOCK_STREAM, 0);
    if (bind(place->listening, (struct sockaddr *)&place->address, sizeof(place->address)) != 0 ||
        listen(place->listening, 8) != 0)
        return -1;
    handover_init(&place->handover, place->listening);
    *state = place;
    return 0;
}

static int
close_place(void **state)
{
    struct place *place = *state;
    close(place->listening);
    unlink(place->address.sun_path);
    rmdir(place->directory);
    free(place);
    return 0;
}

static void
passes_a_connection_with_what_waits_in_it(void **state)
{
    struct place *place = *state;
    int ends[2];
    char bytes[8] = "";
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    assert_int_equal(write(ends[0], "ask", 3), 3);
    assert_true(handover_give(&place->handover, ends[1]));
    close(ends[1]);

    int link = accept(place->listening, NULL, NULL);
    assert_true(link >= 0);
    assert_int_equal(recv(link, bytes, 1, MSG_PEEK), 1);
    assert_int_equal(bytes[0], HANDOVER_BYTE);
    int passed = handover_take(link);
    assert_true(passed >= 0);
    assert_int_equal(read(passed, bytes, sizeof(bytes)), 3);
    assert_memory_equal(bytes, "ask", 3);
    assert_int_equal(write(passed, "answer", 6), 6);
    assert_int_equal(read(ends[0], bytes, sizeof(bytes)), 6);
    assert_memory_equal(bytes, "answer", 6);
    close(passed);
    close(link);
    close(ends[0]);
}

static void
takes_nothing_where_only_the_byte_was_sent(void **state)
{
    struct place *place = *state;
    int sender = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(connect(sender, (struct sockaddr *)&place->address, sizeof(place->address)),
                     0);
    char byte = HANDOVER_BYTE;
    assert_int_equal(write(sender, &byte, 1), 1);
    int link = accept(place->listening, NULL, NULL);
    assert_int_equal(handover_take(link), -1);
    close(link);
    close(sender);
}

static void
gives_nothing_when_nobody_listens(void **state)
{
    struct place *place = *state;
    close(place->listening);
    place->listening = -1;
    assert_false(handover_give(&place->handover, STDIN_FILENO));
}

static void
gives_nothing_over_a_network_socket(void **state)
{
    (void)state;
    struct handover handover;
    int listening = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(bind(listening, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(listening, 1), 0);
    handover_init(&handover, listening);
    assert_false(handover_give(&handover, STDIN_FILENO));
    close(listening);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(passes_a_connection_with_what_waits_in_it, open_place,
                                        close_place),
        cmocka_unit_test_setup_teardown(takes_nothing_where_only_the_byte_was_sent, open_place,
                                        close_place),
        cmocka_unit_test_setup_teardown(gives_nothing_when_nobody_listens, open_place, close_place),
        cmocka_unit_test(gives_nothing_over_a_network_socket),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
