/* Opening and closing the parts of a process, in the order in which they need each other. */
#include "apps/service.h"

#include "ai/webhook.h"
#include "apps/app.h"
#include "apps/documents.h"
#include "apps/meters.h"
#include "base/clock.h"
#include "http/route.h"

bool
service_open(struct service *service, const struct settings *settings, struct error *err)
{
    *service = (struct service){.settings = settings,
                                .routes = apps_routes(),
                                .areas = gateway_areas,
                                .started_us = clock_realtime_us()};
    service->route_index = route_index_new(service->routes);
    service->host = host_open(settings->runtime_directory, (size_t)settings->cache_l1_bytes, err);
    if (service->host && store_open(settings, service->host, &service->store, err))
        service->cache = cache_open(settings, service->host, err);
    if (service->cache)
        service->access = access_open(settings, service->host, service->cache, service->store, err);
    if (service->access)
        service->ai = ai_open(settings, service->host, service->cache, err);
    if (!service->ai || !webhook_open(settings, service->host, &service->webhook, err)) {
        service_close(service);
        return false;
    }
    service->meters = meters_new(service->host);
    service->documents = documents_new(service);
    return true;
}

void
service_close(struct service *service)
{
    if (service->documents)
        documents_free(service->documents);
    meters_free(service->meters);
    webhook_close(service->webhook);
    if (service->ai)
        ai_close(service->ai);
    access_close(service->access);
    if (service->cache)
        cache_close(service->cache);
    store_close(service->store);
    if (service->host)
        host_close(service->host);
    route_index_free(service->route_index);
    *service = (struct service){0};
}
