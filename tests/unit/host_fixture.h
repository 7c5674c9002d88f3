/* A shared file of its own for each test, and what nearly every test of src/host includes. */
#ifndef HEARTH_TESTS_HOST_FIXTURE_H
#define HEARTH_TESTS_HOST_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/arena.h"
#include "host/host.h"
#include "host/shared.h"

struct fixture {
    char directory[64];
    struct host *host;
    struct arena arena;
};

static int
set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    struct error err = {0};
    snprintf(fixture->directory, sizeof fixture->directory, "/tmp/hearth-test-XXXXXX");
    assert_non_null(mkdtemp(fixture->directory));
    fixture->host = host_open(fixture->directory, 0, &err);
    assert_string_equal(err.detail, "");
    *state = fixture;
    return 0;
}

static int
tear_down(void **state)
{
    struct fixture *fixture = *state;
    char path[128];
    snprintf(path, sizeof path, "%s/hearth-shared.%d-0", fixture->directory, HOST_LAYOUT);
    host_close(fixture->host);
    arena_release(&fixture->arena);
    unlink(path);
    rmdir(fixture->directory);
    free(fixture);
    return 0;
}

static inline struct host *
host_of(void **state)
{
    return ((struct fixture *)*state)->host;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
