/* Accepting connections, with a socket that listens on a path of the kernel's choice. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "fcgi/door.h"

struct house {
    int socket, epoll;
    struct sockaddr_un address;
    socklen_t length;
    struct door door;
};

static int
build(void **state)
{
    static struct house house;
    house = (struct house){.epoll = epoll_create1(EPOLL_CLOEXEC),
                           .socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0),
                           .address.sun_family = AF_UNIX,
                           .length = sizeof(house.address)};
    /* Without a path the kernel finds one in its own name space. */
    struct sockaddr *address = (struct sockaddr *)&house.address;
    assert_int_equal(bind(house.socket, address, sizeof(sa_family_t)), 0);
    assert_int_equal(getsockname(house.socket, address, &house.length), 0);
    assert_int_equal(listen(house.socket, 8), 0);
    assert_true(door_open(&house.door, house.socket, house.epoll));
    *state = &house;
    return 0;
}

static int
demolish(void **state)
{
    struct house *house = *state;
    door_close(&house->door);
    close(house->socket);
    close(house->epoll);
    return 0;
}

static int
knock(const struct house *house)
{
    int guest = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(guest, (const struct sockaddr *)&house->address, house->length), 0);
    return guest;
}

/* What the epoll set reports within timeout_ms, or -1. */
static int
ready(const struct house *house, int timeout_ms)
{
    struct epoll_event event;
    return epoll_wait(house->epoll, &event, 1, timeout_ms) == 1 ? event.data.fd : -1;
}

static void
takes_those_who_wait_and_never_waits_itself(void **state)
{
    struct house *house = *state;
    assert_int_equal(door_accept(&house->door), -1);
    int guest = knock(house);
    assert_int_equal(ready(house, 1000), house->socket);
    int taken = door_accept(&house->door);
    assert_true(taken >= 0);
    close(taken);
    close(guest);
}

static void
reports_whoever_waits_still_once_for_each_it_took(void **state)
{
    struct house *house = *state;
    int first = knock(house), second = knock(house);
    assert_int_equal(ready(house, 1000), house->socket);
    assert_int_equal(ready(house, 0), -1);
    for (int i = 0; i < 2; i++) {
        int taken = door_accept(&house->door);
        assert_true(taken >= 0);
        close(taken);
        assert_int_equal(ready(house, 0), i == 0 ? house->socket : -1);
    }
    close(first);
    close(second);
}

static void
is_deaf_after_shutting(void **state)
{
    struct house *house = *state;
    door_shut(&house->door);
    int guest = knock(house);
    assert_int_equal(ready(house, 0), -1);
    int taken = door_accept(&house->door);
    assert_true(taken >= 0);
    assert_int_equal(ready(house, 0), -1);
    close(taken);
    close(guest);
}

static void
pauses_without_descriptors_and_listens_again(void **state)
{
    struct house *house = *state;
    struct rlimit before, none = {0};
    int guest = knock(house);
    log_set_level(LOG_LEVEL_ERROR);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none.rlim_max = before.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    assert_int_equal(door_accept(&house->door), -1);
    assert_int_equal(ready(house, 0), -1);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(ready(house, 10000), house->door.pause_timer);
    door_end_pause(&house->door);
    assert_int_equal(ready(house, 1000), house->socket);
    close(guest);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(takes_those_who_wait_and_never_waits_itself, build,
                                        demolish),
        cmocka_unit_test_setup_teardown(reports_whoever_waits_still_once_for_each_it_took, build,
                                        demolish),
        cmocka_unit_test_setup_teardown(is_deaf_after_shutting, build, demolish),
        cmocka_unit_test_setup_teardown(pauses_without_descriptors_and_listens_again, build,
                                        demolish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
