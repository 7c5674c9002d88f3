/* Doctor's checks of what lies around us: socket, web servers, memcached, providers. */
#include "fcgi/hearth.h"

#include <curl/curl.h>
#include <errno.h>
#include <libmemcached/memcached.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/fetch.h"

static void
check_socket_mode(struct doctor *doctor, const char *path, const struct stat *status)
{
    unsigned mode = (unsigned)status->st_mode & 0777;
    if (mode & S_IWOTH)
        doctor_say(doctor, VERDICT_WARN,
                   "socket \"%s\" has mode %03o and is open to all users of this host: spawn-fcgi "
                   "-M 0660 and the web server's group will do",
                   path, mode);
    else if (!(mode & S_IWGRP))
        doctor_say(doctor, VERDICT_WARN,
                   "socket \"%s\" has mode %03o: a web server that is not user %u cannot connect; "
                   "start the pool with spawn-fcgi -M 0660 and the web server's group",
                   path, mode, (unsigned)status->st_uid);
}

void
doctor_check_socket(struct doctor *doctor)
{
    const char *path = command_socket(doctor->command);
    struct stat status;
    if (doctor->command->url && !doctor->command->socket)
        return; /* who asks by URL may be on another host */
    if (stat(path, &status) != 0) {
        doctor_say(doctor, VERDICT_FAIL,
                   "socket \"%s\": %s; start the pool (systemctl start hearth, or ./dev up), or "
                   "name the socket with --socket",
                   path, strerror(errno));
        return;
    }
    if (!S_ISSOCK(status.st_mode)) {
        doctor_say(doctor, VERDICT_FAIL, "\"%s\" is not a socket: remove it", path);
        return;
    }
    check_socket_mode(doctor, path, &status);
    const char *problem = "";
    int answer = fastcgi_get(path, "/livez", 3000, &problem);
    if (answer == 200)
        doctor_say(doctor, VERDICT_OK, "socket \"%s\", user %u, group %u, mode %03o, answers", path,
                   (unsigned)status.st_uid, (unsigned)status.st_gid,
                   (unsigned)status.st_mode & 0777);
    else if (answer > 0)
        doctor_say(doctor, VERDICT_FAIL, "socket \"%s\" answers /livez with %d", path, answer);
    else
        doctor_say(doctor, VERDICT_FAIL,
                   "socket \"%s\": %s; is the pool running (hearth status), and may this user "
                   "write to it?",
                   path, problem);
}

void
doctor_check_url(struct doctor *doctor)
{
    struct command *command = doctor->command;
    if (!command->url)
        return;
    struct error err = {0};
    struct fetch_answer answer = {0};
    const char *url = arena_printf(&command->arena, "%s/livez", command->url);
    bool answered = fetch(&(struct fetch_wish){.url = url}, &command->arena, &answer, &err);
    doctor->url_answers = answered && answer.status == 200;
    if (!answered)
        doctor_say(doctor, VERDICT_FAIL, "%s: %s; is the web server running?", url, err.detail);
    else if (doctor->url_answers)
        doctor_say(doctor, VERDICT_OK, "%s answers", url);
    else
        doctor_say(doctor, VERDICT_FAIL, "%s answers %d: %s", url, answer.status,
                   answer.status == 502 || answer.status == 503
                       ? "the web server does not reach the socket; see its error log"
                       : "does the web server pass this path on?");
}

/* One address of MEMCACHED_SERVERS, asked for its version. */
static void
check_memcached(struct doctor *doctor, const char *address)
{
    memcached_st *client = memcached_create(NULL);
    if (!client)
        return;
    memcached_behavior_set(client, MEMCACHED_BEHAVIOR_CONNECT_TIMEOUT, 2000);
    memcached_behavior_set(client, MEMCACHED_BEHAVIOR_POLL_TIMEOUT, 2000);
    memcached_return_t result;
    if (address[0] == '/') {
        result = memcached_server_add_unix_socket(client, address);
    } else {
        memcached_server_list_st servers = memcached_servers_parse(address);
        result = memcached_server_push(client, servers);
        memcached_server_list_free(servers);
    }
    if (result == MEMCACHED_SUCCESS)
        result = memcached_version(client);
    if (result == MEMCACHED_SUCCESS)
        doctor_say(doctor, VERDICT_OK, "memcached %s answers", address);
    else
        doctor_say(doctor, VERDICT_FAIL,
                   "memcached %s does not answer; answers are kept in this host's memory alone "
                   "until it runs",
                   address);
    memcached_free(client);
}

void
doctor_check_memcached(struct doctor *doctor)
{
    if (!doctor->command->settings_good)
        return;
    const char *at = doctor->command->settings.memcached_servers;
    if (!*at)
        doctor_say(doctor, VERDICT_OK, "no MEMCACHED_SERVERS: answers are kept in host memory");
    for (; *at; at += *at == ',') {
        size_t length = strcspn(at, ",");
        check_memcached(doctor, arena_strndup(&doctor->command->arena, at, length));
        at += length;
    }
}

/* A web server's own check, and the command that prints its whole configuration. */
struct web_server {
    const char *name, *program;
    const char *check, *print;
};

static const struct web_server web_servers[] = {
    {"nginx", "/usr/sbin/nginx", "/usr/sbin/nginx -t -q 2>&1", "/usr/sbin/nginx -T 2>/dev/null"},
    {"lighttpd", "/usr/sbin/lighttpd", "/usr/sbin/lighttpd -tt -f /etc/lighttpd/lighttpd.conf 2>&1",
     "/usr/sbin/lighttpd -p -f /etc/lighttpd/lighttpd.conf 2>/dev/null"},
};

/* Runs a fixed command; whether it ended well, and its first line (what nginx merely warns of
 * aside) or whether it holds needle. */
static bool
run_command(const char *text, char *first_line, size_t size, const char *needle, bool *holds)
{
    char line[1024];
    FILE *output = popen(text, "re");
    if (!output)
        return false;
    while (fgets(line, sizeof(line), output)) {
        if (first_line && !*first_line && !strstr(line, "[warn]"))
            snprintf(first_line, size, "%.*s", (int)strcspn(line, "\n"), line);
        if (needle && strstr(line, needle))
            *holds = true;
    }
    return pclose(output) == 0;
}

/* Whether this server is here and passes requests to our socket. */
static bool
check_web_server(struct doctor *doctor, const struct web_server *server)
{
    char complaint[300] = "";
    bool holds = false;
    if (access(server->program, X_OK) != 0)
        return false;
    if (!run_command(server->check, complaint, sizeof(complaint), NULL, NULL)) {
        doctor_say(doctor, geteuid() == 0 ? VERDICT_FAIL : VERDICT_WARN,
                   "%s does not like its configuration: %s%s", server->name, complaint,
                   geteuid() == 0 ? "" : " (as root this check says more)");
        return false;
    }
    run_command(server->print, NULL, 0, command_socket(doctor->command), &holds);
    if (holds)
        doctor_say(doctor, VERDICT_OK, "%s is configured for our socket", server->name);
    return holds;
}

void
doctor_check_web_servers(struct doctor *doctor)
{
    bool any = false;
    if (doctor->url_answers)
        return; /* its configuration may lie anywhere, and it does what it should */
    for (size_t i = 0; i < sizeof(web_servers) / sizeof(web_servers[0]); i++)
        any = check_web_server(doctor, &web_servers[i]) || any;
    if (!any)
        doctor_say(doctor, VERDICT_WARN,
                   "neither /etc/nginx nor /etc/lighttpd names %s: include the configuration that "
                   "was installed, or check what runs elsewhere with --url",
                   command_socket(doctor->command));
}

/* Connects, with TLS, and asks for nothing: no call is billed. */
static void
check_provider(struct doctor *doctor, const struct provider_settings *provider)
{
    CURL *curl = curl_easy_init();
    if (!curl)
        return;
    char detail[CURL_ERROR_SIZE] = "";
    curl_easy_setopt(curl, CURLOPT_URL, provider->base_url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, 5000L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, detail);
    CURLcode result = curl_easy_perform(curl);
    if (result == CURLE_OK)
        doctor_say(doctor, VERDICT_OK, "provider %s: %s is reachable", provider->name,
                   provider->base_url);
    else
        doctor_say(doctor, VERDICT_FAIL, "provider %s: %s: %s; check name, network and proxy",
                   provider->name, provider->base_url,
                   *detail ? detail : curl_easy_strerror(result));
    curl_easy_cleanup(curl);
}

void
doctor_check_providers(struct doctor *doctor)
{
    if (!doctor->command->settings_good)
        return;
    const struct settings *settings = &doctor->command->settings;
    for (size_t i = 0; i < settings->provider_count; i++)
        if (settings->providers[i].base_url)
            check_provider(doctor, &settings->providers[i]);
    if (settings->provider_count == 1)
        doctor_say(doctor, VERDICT_OK, "no provider is configured: the local model answers");
}
