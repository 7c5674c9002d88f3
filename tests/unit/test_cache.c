/* The response cache with a real memcached on a Unix socket, which is frozen, killed and started
 * again. */
#include <ftw.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/sha256.h"
#include "cache/cache.h"
#include "cache/cache_private.h"
#include "cache/clients.h"
#include "host/breaker.h"
#include "host/epoch.h"
#include "host/metrics.h"

static char directory[] = "/tmp/hearth-cache-XXXXXX";
static char socket_path[64], near_path[64], far_path[64];
static pid_t server;
static struct settings settings;
static struct host *near, *far; /* two hosts that share memcached */
static struct cache *here, *there;
static struct arena arena;

static bool
memcached_answers(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, socket_path, sizeof(socket_path));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char answer[16];
    bool answers = connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
                   write(fd, "version\r\n", 9) == 9 && read(fd, answer, sizeof(answer)) > 0;
    close(fd);
    return answers;
}

static void
memcached_start(void)
{
    unlink(socket_path);
    server = fork();
    if (server == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execlp("memcached", "memcached", "-s", socket_path, "-t", "1", "-m", "16", "-u", "nobody",
               "-a", "777", (char *)NULL);
        _exit(127);
    }
    /* memcached tells nobody when it is ready. */
    for (int i = 0; i < 500 && !memcached_answers(); i++)
        poll(NULL, 0, 10);
}

static void
memcached_kill(void)
{
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
}

/* A breaker and an exchange of epochs that stand as if nothing had happened for long. */
static void
rested(struct cache *cache)
{
    breaker_reset(breaker_find(cache->host, "memcached"));
    atomic_store(&cache->synced_us, clock_monotonic_us());
    atomic_store(&cache->claimed_us, clock_monotonic_us());
}

static void
make(struct cache *cache, struct cache_key *key, const char *text)
{
    cache_key_make(cache, key, "summarize", (const char *const[]){"tenant", text, NULL});
}

static void
put(struct cache *cache, const char *text, const char *answer)
{
    struct cache_key key;
    make(cache, &key, text);
    cache_put(cache, &key, answer, strlen(answer), 60);
}

static bool
get(struct cache *cache, const char *text, struct cache_entry *entry)
{
    struct cache_key key;
    make(cache, &key, text);
    return cache_get(cache, &key, true, &arena, entry);
}

static int
open_all(void **state)
{
    (void)state;
    if (!mkdtemp(directory) || chmod(directory, 0777) != 0)
        return -1;
    snprintf(socket_path, sizeof(socket_path), "%s/memcached.sock", directory);
    snprintf(near_path, sizeof(near_path), "%s/near", directory);
    snprintf(far_path, sizeof(far_path), "%s/far", directory);
    if (mkdir(near_path, 0700) != 0 || mkdir(far_path, 0700) != 0)
        return -1;
    memcached_start();
    settings = (struct settings){.ai_cache = true,
                                 .memcached_servers = socket_path,
                                 .cache_prefix = "test:",
                                 .cache_preset = "simple",
                                 .cache_compression_threshold_bytes = -1,
                                 .cache_stale_s = 60};
    struct error err = {0};
    near = host_open(near_path, 1 << 20, &err);
    far = host_open(far_path, 1 << 20, &err);
    here = cache_open(&settings, near, &err);
    there = cache_open(&settings, far, &err);
    return near && far && here && there ? 0 : -1;
}

static int
remove_entry(const char *path, const struct stat *about, int kind, struct FTW *place)
{
    (void)about, (void)kind, (void)place;
    return remove(path);
}

static int
close_all(void **state)
{
    (void)state;
    cache_close(here);
    cache_close(there);
    host_close(near);
    host_close(far);
    arena_release(&arena);
    memcached_kill();
    nftw(directory, remove_entry, 4, FTW_DEPTH | FTW_PHYS);
    return 0;
}

static int
prepare(void **state)
{
    (void)state;
    struct cache *const caches[] = {here, there, here};
    for (size_t i = 0; i < 3; i++) {
        rested(caches[i]);
        atomic_store(&caches[i]->synced_us, 0);
        cache_epochs_sync(caches[i]);
    }
    return 0;
}

static void
gives_an_answer_from_host_memory(void **state)
{
    (void)state;
    struct cache_entry entry;
    assert_false(get(here, "one", &entry));
    put(here, "one", "answer one");
    assert_true(get(here, "one", &entry));
    assert_string_equal(entry.data, "answer one");
    assert_int_equal(entry.length, 10);
    assert_string_equal(entry.tier, "l1");
    assert_false(entry.stale);
}

static void
gives_it_to_another_host_from_memcached_then_from_its_own_memory(void **state)
{
    (void)state;
    struct cache_entry entry;
    put(here, "two", "answer two");
    assert_true(get(there, "two", &entry));
    assert_string_equal(entry.data, "answer two");
    assert_string_equal(entry.tier, "memcached");
    assert_true(get(there, "two", &entry));
    assert_string_equal(entry.tier, "l1");
}

static void
asks_nobody_on_the_front_lane(void **state)
{
    (void)state;
    struct cache_entry entry;
    struct cache_key key;
    put(here, "three", "answer three");
    make(there, &key, "three");
    assert_false(cache_get(there, &key, false, &arena, &entry));
    assert_true(cache_get(there, &key, true, &arena, &entry));
    assert_true(cache_get(there, &key, false, &arena, &entry));
}

static void
sends_one_front_call_to_where_invalidations_can_be_asked_for(void **state)
{
    (void)state;
    struct cache_entry entry;
    struct cache_key key;
    put(here, "front", "answer");
    make(here, &key, "front");
    atomic_store(&here->claimed_us, 0);
    assert_false(cache_get(here, &key, false, &arena, &entry));
    assert_true(cache_get(here, &key, false, &arena, &entry));
}

static void
compresses_what_goes_to_memcached(void **state)
{
    (void)state;
    struct cache_entry entry;
    char *text = arena_alloc(&arena, 20001);
    memset(text, 'x', 20000);
    uint64_t before = metrics_sum(near, METRIC_CACHE_COMPRESSION_OUT, "");
    put(here, "long", text);
    assert_true(metrics_sum(near, METRIC_CACHE_COMPRESSION_OUT, "") - before < 1000);
    assert_true(get(there, "long", &entry));
    assert_string_equal(entry.data, text);
}

static void
takes_a_foreign_value_for_a_miss(void **state)
{
    (void)state;
    struct cache_key key;
    make(there, &key, "foreign");
    char hex[2 * CACHE_KEY_BYTES + 1], command[256];
    hex_format(hex, key.bytes, CACHE_KEY_BYTES);
    snprintf(command, sizeof(command), "set test:answer:%s 0 0 5\r\nhello\r\n", hex);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, socket_path, sizeof(socket_path));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(write(fd, command, strlen(command)), strlen(command));
    char answer[16] = "";
    assert_true(read(fd, answer, sizeof(answer) - 1) > 0);
    assert_string_equal(answer, "STORED\r\n");
    close(fd);
    struct cache_entry entry;
    assert_false(cache_get(there, &key, true, &arena, &entry));
    assert_int_equal(metrics_sum(far, METRIC_CACHE_ERRORS, "kind=\"corrupt\""), 1);
}

static void
makes_other_keys_for_other_parts_and_operations(void **state)
{
    (void)state;
    struct cache_key keys[4];
    cache_key_make(here, &keys[0], "qa", (const char *const[]){"ab", "c", NULL});
    cache_key_make(here, &keys[1], "qa", (const char *const[]){"a", "bc", NULL});
    cache_key_make(here, &keys[2], "qa", (const char *const[]){"abc", NULL});
    cache_key_make(here, &keys[3], "sentiment", (const char *const[]){"ab", "c", NULL});
    for (size_t i = 0; i < 4; i++)
        for (size_t j = 0; j < i; j++)
            assert_memory_not_equal(keys[i].bytes, keys[j].bytes, CACHE_KEY_BYTES);
    struct cache_key again;
    cache_key_make(here, &again, "qa", (const char *const[]){"ab", "c", NULL});
    assert_memory_equal(again.bytes, keys[0].bytes, CACHE_KEY_BYTES);
}

static const char *const names[] = {"summarize", "sentiment", "qa", NULL};

static void
forgets_operations_by_pattern(void **state)
{
    (void)state;
    static const struct {
        const char *pattern;
        size_t matches;
    } cases[] = {{"", 3}, {"summ", 1}, {"ai_cache:op:*", 3}, {"*a", 1}, {"s*", 0}, {"none", 0}};
    const char **matched;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(cache_invalidate(here, cases[i].pattern, "test", names, &arena, &matched),
                         cases[i].matches);
    struct cache_entry entry;
    put(here, "kept", "answer");
    cache_invalidate(here, "sentiment", "test", names, &arena, &matched);
    assert_true(get(here, "kept", &entry));
    cache_invalidate(here, "summarize", "test", names, &arena, &matched);
    assert_string_equal(matched[0], "summarize");
    assert_false(get(here, "kept", &entry));
}

static void
forgets_on_another_host_at_its_next_exchange(void **state)
{
    (void)state;
    static const char *const patterns[] = {"summarize", ""};
    struct cache_entry entry;
    const char **matched;
    for (size_t i = 0; i < 2; i++) {
        cache_epochs_sync(there);
        put(there, "shared", "old answer");
        assert_true(get(there, "shared", &entry));
        cache_invalidate(here, patterns[i], "test", names, &arena, &matched);
        assert_true(get(there, "shared", &entry));
        atomic_store(&there->synced_us, 0);
        assert_false(get(there, "shared", &entry));
        assert_false(get(there, "shared", &entry));
    }
}

static void
brings_epochs_back_to_a_memcached_that_lost_them(void **state)
{
    (void)state;
    const char **matched;
    cache_invalidate(here, "", "test", names, &arena, &matched);
    int64_t epoch = epoch_get(near, "all"), number = 0;
    memcached_kill();
    memcached_start();
    rested(here);
    atomic_store(&here->synced_us, 0);
    assert_false(cache_epochs_sync(here));
    assert_int_equal(remote_number(here->remote, "epoch:all", &number), REMOTE_DONE);
    assert_int_equal(number, epoch);
    assert_int_equal(epoch_get(near, "all"), epoch);
}

static void
waits_once_for_a_frozen_memcached_and_then_not_at_all(void **state)
{
    (void)state;
    struct cache_entry entry;
    put(here, "frozen", "answer");
    kill(server, SIGSTOP);
    waitpid(server, NULL, WUNTRACED);
    int64_t start_us = clock_monotonic_us();
    assert_false(get(there, "frozen", &entry));
    int64_t first_us = clock_monotonic_us() - start_us;
    print_message("first call: %lld us\n", (long long)first_us);
    assert_true(first_us < 150 * 1000);
    start_us = clock_monotonic_us();
    for (int i = 0; i < 100; i++)
        assert_false(get(there, "frozen", &entry));
    put(there, "while frozen", "answer");
    int64_t rest_us = clock_monotonic_us() - start_us;
    kill(server, SIGCONT);
    assert_true(rest_us < 40 * 1000);
    assert_true(get(there, "while frozen", &entry));
    rested(there);
    assert_true(get(there, "frozen", &entry));
    assert_string_equal(entry.data, "answer");
}

static void
misses_at_once_while_memcached_is_dead_and_recovers_with_it(void **state)
{
    (void)state;
    struct cache_entry entry;
    assert_false(get(there, "dead", &entry));
    memcached_kill();
    int64_t start_us = clock_monotonic_us();
    for (int i = 0; i < 100; i++)
        assert_false(get(there, "dead", &entry));
    assert_true(clock_monotonic_us() - start_us < 50 * 1000);
    put(there, "dead", "answer");
    assert_true(get(there, "dead", &entry));
    assert_false(cache_healthy(there));
    memcached_start();
    rested(there);
    assert_true(cache_healthy(there));
    put(there, "alive", "answer");
    rested(here);
    assert_true(get(here, "alive", &entry));
}

static void
does_not_rest_for_a_restart_between_two_calls(void **state)
{
    (void)state;
    struct cache_entry entry;
    assert_false(get(here, "restart", &entry));
    memcached_kill();
    memcached_start();
    uint64_t before = metrics_sum(near, METRIC_CACHE_ERRORS, "");
    assert_false(get(here, "restart", &entry));
    put(here, "restart", "answer");
    assert_true(get(there, "restart", &entry));
    assert_int_equal(metrics_sum(near, METRIC_CACHE_ERRORS, ""), before);
}

static void
serves_a_stale_answer_as_one(void **state)
{
    (void)state;
    struct cache_key key;
    make(here, &key, "stale");
    struct cache_entry entry;
    int64_t now_us = clock_realtime_us();
    struct record record = {"old", 3, now_us - 2000000, now_us - 1000000};
    assert_int_equal(remote_store(here->remote, key.bytes, &record, &here->policy.compression, 60),
                     REMOTE_DONE);
    assert_true(cache_get(here, &key, true, &arena, &entry));
    assert_true(entry.stale);
    assert_string_equal(entry.data, "old");
    cache_put(here, &key, "new", 3, 60);
    assert_true(cache_get(here, &key, true, &arena, &entry));
    assert_false(entry.stale);
    record.fresh_until_us = now_us - 61 * INT64_C(1000000);
    make(there, &key, "too old");
    assert_int_equal(remote_store(here->remote, key.bytes, &record, &here->policy.compression, 60),
                     REMOTE_DONE);
    assert_false(cache_get(there, &key, true, &arena, &entry));
}

static void
lets_one_lead_on_a_host(void **state)
{
    (void)state;
    struct cache_key key;
    make(here, &key, "lead");
    struct cache_lease first, second;
    assert_true(cache_lease_take(here, &key, &first));
    assert_false(cache_lease_take(here, &key, &second));
    assert_false(cache_lease_wait(here, &key, 20));
    cache_lease_renew(here, &key, &first);
    cache_lease_release(here, &key, &first);
    assert_true(cache_lease_wait(here, &key, 20));
    assert_true(cache_lease_take(here, &key, &second));
    cache_lease_release(here, &key, &second);
}

static void
lets_one_lead_over_hosts_that_share_memcached(void **state)
{
    (void)state;
    here->leases_span_hosts = there->leases_span_hosts = true;
    struct cache_key key;
    cache_key_make(here, &key, "qa", (const char *const[]){"over hosts", NULL});
    struct cache_lease first, second;
    assert_true(cache_lease_take(here, &key, &first));
    assert_true(first.remote_until_ms > 0);
    assert_false(cache_lease_take(there, &key, &second));
    assert_false(cache_lease_wait(there, &key, 30));
    cache_lease_release(here, &key, &first);
    assert_true(cache_lease_wait(there, &key, 30));
    assert_true(cache_lease_take(there, &key, &second));
    cache_lease_release(there, &key, &second);
    here->leases_span_hosts = there->leases_span_hosts = false;
}

static void
leaves_alone_what_another_host_leads_by_now(void **state)
{
    (void)state;
    here->leases_span_hosts = there->leases_span_hosts = true;
    struct cache_key key;
    cache_key_make(here, &key, "qa", (const char *const[]){"slept", NULL});
    struct cache_lease slept, later, third;
    assert_true(cache_lease_take(here, &key, &slept));
    cache_lease_release(here, &key, &slept);
    assert_true(cache_lease_take(there, &key, &later));
    slept.remote_until_ms = 1;
    cache_lease_renew(here, &key, &slept);
    cache_lease_release(here, &key, &slept);
    assert_false(cache_lease_take(here, &key, &third));
    cache_lease_release(there, &key, &later);
    here->leases_span_hosts = there->leases_span_hosts = false;
}

static void *
work(void *data)
{
    struct arena own = {0};
    unsigned seed = (unsigned)(uintptr_t)data;
    for (int i = 0; i < 200; i++) {
        char text[32];
        snprintf(text, sizeof(text), "shared %d", rand_r(&seed) % 50);
        struct cache_key key;
        struct cache_entry entry;
        make(i % 2 ? here : there, &key, text);
        if (cache_get(i % 2 ? here : there, &key, true, &own, &entry))
            assert_string_equal(entry.data, text);
        else
            cache_put(i % 3 ? here : there, &key, text, strlen(text), 60);
        arena_reset(&own);
    }
    arena_release(&own);
    return NULL;
}

static void
serves_more_threads_than_it_has_clients(void **state)
{
    (void)state;
    pthread_t threads[CLIENTS_MAX + 8];
    for (size_t i = 0; i < CLIENTS_MAX + 8; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, work, (void *)(uintptr_t)i), 0);
    for (size_t i = 0; i < CLIENTS_MAX + 8; i++)
        pthread_join(threads[i], NULL);
}

static void
stores_nothing_when_disabled(void **state)
{
    (void)state;
    struct settings off = settings;
    off.cache_preset = "disabled";
    struct error err = {0};
    struct cache *cache = cache_open(&off, near, &err);
    struct cache_entry entry;
    put(cache, "off", "answer");
    assert_false(get(cache, "off", &entry));
    assert_int_equal(cache_ttl_s(cache, "summarize", 7200), 0);
    assert_true(cache_healthy(cache));
    cache_close(cache);
}

static void
takes_times_from_the_preset_then_the_setting_then_the_operation(void **state)
{
    (void)state;
    struct settings own = settings;
    struct cache_policy policy;
    own.cache_preset = "ai-production";
    own.cache_default_ttl_s = 99;
    cache_policy_make(&policy, &own);
    assert_int_equal(cache_policy_ttl_s(&policy, "summarize", 5), 14400);
    assert_int_equal(cache_policy_ttl_s(&policy, "other", 5), 99);
    own.cache_default_ttl_s = 0;
    own.cache_custom_config = "{\"operation_ttls\":{\"summarize\":7},\"compression_threshold\":42}";
    cache_policy_make(&policy, &own);
    assert_int_equal(cache_policy_ttl_s(&policy, "summarize", 5), 7);
    assert_int_equal(cache_policy_ttl_s(&policy, "other", 5), 5);
    assert_int_equal(policy.compression.threshold_bytes, 42);
    own.cache_custom_config = "{broken";
    cache_policy_make(&policy, &own);
    assert_int_equal(cache_policy_ttl_s(&policy, "summarize", 5), 14400);
}

static void
reports_what_happened(void **state)
{
    (void)state;
    json_auto_t *status = cache_status(here);
    json_auto_t *metrics = cache_metrics(here);
    json_auto_t *invalidation = cache_invalidation_stats(here);
    json_auto_t *advice = cache_invalidation_recommendations(here);
    assert_non_null(metrics);
    assert_non_null(invalidation);
    assert_true(json_is_array(json_object_get(advice, "recommendations")));
    const json_t *redis = json_object_get(status, "redis");
    assert_string_equal(json_string_value(json_object_get(redis, "status")), "connected");
    assert_true(json_integer_value(json_object_get(redis, "keys")) > 0);
    assert_true(json_integer_value(json_object_get(metrics, "hits")) > 0);
    const char **matched;
    json_int_t before = json_integer_value(json_object_get(invalidation, "total_invalidations"));
    cache_invalidate(here, "no operation at all", "test", names, &arena, &matched);
    json_auto_t *later = cache_invalidation_stats(here);
    assert_int_equal(json_integer_value(json_object_get(later, "total_invalidations")), before);
    const json_t *contexts = json_object_get(invalidation, "by_context");
    assert_true(json_integer_value(json_object_get(contexts, "test")) > 0);
}

static void
refuses_a_list_of_servers_that_makes_no_sense(void **state)
{
    (void)state;
    static const char *const lists[] = {"host:0", "host:99999", ":11211", "[::1", "host:x"};
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        struct error err = {0};
        struct remote_servers servers;
        assert_false(remote_servers_parse(lists[i], &arena, &servers, &err));
    }
    struct error err = {0};
    struct remote_servers servers;
    assert_true(remote_servers_parse("/a.sock, one:1,[::1]:2 ,three", &arena, &servers, &err));
    assert_int_equal(servers.count, 4);
    assert_int_equal(servers.items[0].port, 0);
    assert_string_equal(servers.items[2].host, "::1");
    assert_int_equal(servers.items[3].port, 11211);
    assert_true(remote_servers_span_hosts(&servers));
}

struct taker {
    struct cache *cache;
    int granted;
};

static void *
take_limits(void *context)
{
    struct taker *taker = context;
    const struct rate rate = {100, 60};
    struct limit_state limit;
    enum cache_limit result;
    do {
        result = cache_limit_take(taker->cache, "process:someone", rate, 1000000, &limit);
        taker->granted += result == CACHE_LIMIT_GRANTED;
        /* Too many took at once: nothing was taken, so it is asked again. */
    } while (result != CACHE_LIMIT_REFUSED);
    return NULL;
}

static void
grants_a_limit_exactly_over_hosts_that_share_memcached(void **state)
{
    (void)state;
    pthread_t threads[4];
    struct taker takers[4] = {{here, 0}, {there, 0}, {here, 0}, {there, 0}};
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, take_limits, &takers[i]);
    int granted = 0;
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        granted += takers[i].granted;
    }
    assert_int_equal(granted, 100);
}

static void
knows_nothing_of_a_shared_limit_while_memcached_is_dead(void **state)
{
    (void)state;
    struct limit_state limit;
    memcached_kill();
    enum cache_limit result =
        cache_limit_take(here, "process:other", (struct rate){1, 60}, 1000000, &limit);
    memcached_start();
    assert_int_equal(result, CACHE_LIMIT_UNKNOWN);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(gives_an_answer_from_host_memory, prepare),
        cmocka_unit_test_setup(gives_it_to_another_host_from_memcached_then_from_its_own_memory,
                               prepare),
        cmocka_unit_test_setup(asks_nobody_on_the_front_lane, prepare),
        cmocka_unit_test_setup(sends_one_front_call_to_where_invalidations_can_be_asked_for,
                               prepare),
        cmocka_unit_test_setup(compresses_what_goes_to_memcached, prepare),
        cmocka_unit_test_setup(takes_a_foreign_value_for_a_miss, prepare),
        cmocka_unit_test_setup(makes_other_keys_for_other_parts_and_operations, prepare),
        cmocka_unit_test_setup(forgets_operations_by_pattern, prepare),
        cmocka_unit_test_setup(forgets_on_another_host_at_its_next_exchange, prepare),
        cmocka_unit_test_setup(brings_epochs_back_to_a_memcached_that_lost_them, prepare),
        cmocka_unit_test_setup(waits_once_for_a_frozen_memcached_and_then_not_at_all, prepare),
        cmocka_unit_test_setup(misses_at_once_while_memcached_is_dead_and_recovers_with_it,
                               prepare),
        cmocka_unit_test_setup(does_not_rest_for_a_restart_between_two_calls, prepare),
        cmocka_unit_test_setup(serves_a_stale_answer_as_one, prepare),
        cmocka_unit_test_setup(lets_one_lead_on_a_host, prepare),
        cmocka_unit_test_setup(lets_one_lead_over_hosts_that_share_memcached, prepare),
        cmocka_unit_test_setup(leaves_alone_what_another_host_leads_by_now, prepare),
        cmocka_unit_test_setup(serves_more_threads_than_it_has_clients, prepare),
        cmocka_unit_test_setup(grants_a_limit_exactly_over_hosts_that_share_memcached, prepare),
        cmocka_unit_test_setup(knows_nothing_of_a_shared_limit_while_memcached_is_dead, prepare),
        cmocka_unit_test_setup(stores_nothing_when_disabled, prepare),
        cmocka_unit_test_setup(takes_times_from_the_preset_then_the_setting_then_the_operation,
                               prepare),
        cmocka_unit_test_setup(reports_what_happened, prepare),
        cmocka_unit_test_setup(refuses_a_list_of_servers_that_makes_no_sense, prepare),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
