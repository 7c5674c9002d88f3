/* A bounded pool of libmemcached clients: each is used by one thread at a time. */
#ifndef HEARTH_CACHE_CLIENTS_H
#define HEARTH_CACHE_CLIENTS_H

#include <libmemcached/memcached.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "cache/record.h"
#include "cache/remote_servers.h"

enum { CLIENTS_MAX = 32, CLIENT_TIMEOUT_MS = 50 };

struct client {
    memcached_st *handle;
    struct codec codec;
    bool used; /* its connections may be of a server that is gone by now */
};

struct clients {
    memcached_st *model; /* what they are cloned from */
    pthread_mutex_t lock;
    struct client *idle[CLIENTS_MAX]; /* the last one was used last and is the next to go */
    size_t idle_count, count;
};

void clients_init(struct clients *clients, const struct remote_servers *servers);
void clients_release(struct clients *clients);

/* NULL when all are at work: then the tier is too busy to help. */
struct client *clients_take(struct clients *clients);
void clients_give(struct clients *clients, struct client *client);

/* Ends a client whose connection failed, and the idle ones: theirs are as old. */
void clients_drop(struct clients *clients, struct client *client);

#endif
