/* Opening and closing the parts of a process, in the order in which they need each other. */
#include "apps/service.h"

#include "ai/webhook.h"
#include "apps/app.h"
#include "apps/documents.h"
#include "apps/meters.h"
#include "base/clock.h"

bool
service_open(struct service *service, const struct settings *settings, struct error *err)
{
    *service = (struct service){
        .settings = settings, .routes = apps_routes(), .started_us = clock_realtime_us()};
    service->keyring = keyring_new(settings);
    if (settings->production && keyring_is_empty(service->keyring)) {
        service_close(service);
        return error_set(err, ERROR_INTERNAL,
                         "API_KEY is not set, and production or ENFORCE_AUTH needs one");
    }
    service->host = host_open(settings->runtime_directory, (size_t)settings->cache_l1_bytes, err);
    if (service->host)
        service->cache = cache_open(settings, service->host, err);
    if (service->cache)
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
    if (service->cache)
        cache_close(service->cache);
    if (service->host)
        host_close(service->host);
    keyring_free(service->keyring);
    *service = (struct service){0};
}
