/* The pool of memcached clients. Its lock is held to move a pointer, never over a call. */
#include "cache/clients.h"

#include <stdlib.h>

#include "base/arena.h"

void
clients_init(struct clients *clients, const struct remote_servers *servers)
{
    static const struct {
        memcached_behavior_t behavior;
        uint64_t value;
    } behaviors[] = {
        {MEMCACHED_BEHAVIOR_KETAMA, 1},
        {MEMCACHED_BEHAVIOR_BINARY_PROTOCOL, 0},
        {MEMCACHED_BEHAVIOR_NO_BLOCK, 1},
        {MEMCACHED_BEHAVIOR_TCP_NODELAY, 1},
        {MEMCACHED_BEHAVIOR_CONNECT_TIMEOUT, CLIENT_TIMEOUT_MS},
        {MEMCACHED_BEHAVIOR_POLL_TIMEOUT, CLIENT_TIMEOUT_MS},
        {MEMCACHED_BEHAVIOR_SND_TIMEOUT, CLIENT_TIMEOUT_MS * 1000},
        {MEMCACHED_BEHAVIOR_RCV_TIMEOUT, CLIENT_TIMEOUT_MS * 1000},
    };
    *clients = (struct clients){.model = memcached_create(NULL)};
    pthread_mutex_init(&clients->lock, NULL);
    for (size_t i = 0; i < sizeof(behaviors) / sizeof(behaviors[0]); i++)
        memcached_behavior_set(clients->model, behaviors[i].behavior, behaviors[i].value);
    for (size_t i = 0; i < servers->count; i++) {
        const struct remote_server *server = &servers->items[i];
        if (server->port > 0)
            memcached_server_add(clients->model, server->host, (in_port_t)server->port);
        else
            memcached_server_add_unix_socket(clients->model, server->host);
    }
}

static void
client_free(struct client *client)
{
    memcached_free(client->handle);
    codec_release(&client->codec);
    free(client);
}

void
clients_release(struct clients *clients)
{
    for (size_t i = 0; i < clients->idle_count; i++)
        client_free(clients->idle[i]);
    memcached_free(clients->model);
    pthread_mutex_destroy(&clients->lock);
}

struct client *
clients_take(struct clients *clients)
{
    struct client *client = NULL;
    bool make = false;
    pthread_mutex_lock(&clients->lock);
    if (clients->idle_count > 0) {
        client = clients->idle[--clients->idle_count];
    } else if (clients->count < CLIENTS_MAX) {
        clients->count++;
        make = true;
    }
    pthread_mutex_unlock(&clients->lock);
    if (make) {
        client = xcalloc(1, sizeof(*client));
        client->handle = memcached_clone(NULL, clients->model);
    }
    return client;
}

void
clients_give(struct clients *clients, struct client *client)
{
    pthread_mutex_lock(&clients->lock);
    clients->idle[clients->idle_count++] = client;
    pthread_mutex_unlock(&clients->lock);
}

void
clients_drop(struct clients *clients, struct client *client)
{
    struct client *dropped[CLIENTS_MAX + 1] = {client};
    size_t count = 1;
    pthread_mutex_lock(&clients->lock);
    while (clients->idle_count > 0)
        dropped[count++] = clients->idle[--clients->idle_count];
    clients->count -= count;
    pthread_mutex_unlock(&clients->lock);
    for (size_t i = 0; i < count; i++)
        client_free(dropped[i]);
}
