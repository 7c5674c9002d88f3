/* What status and doctor ask over sockets: a Unix socket, a FastCGI responder. */
#include "fcgi/hearth.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum { REPLY_BYTES_MAX = 16 * 1024, RECORD_HEADER_BYTES = 8 };
enum { FASTCGI_BEGIN = 1, FASTCGI_PARAMS = 4, FASTCGI_STDIN = 5, FASTCGI_STDOUT = 6 };

const char *
command_socket(const struct command *command)
{
    if (command->socket)
        return command->socket;
    const char *directory =
        command->settings_good ? command->settings.runtime_directory : "/run/hearth";
    return arena_printf((struct arena *)&command->arena, "%s/fcgi.sock", directory);
}

/* -1 with errno set. */
static int
unix_connect(const char *path, int timeout_ms)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(address.sun_path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(address.sun_path, path, strlen(path));
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0)
        return -1;
    struct timeval limit = {.tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000};
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    if (connect(descriptor, (struct sockaddr *)&address, sizeof(address)) == 0)
        return descriptor;
    int failure = errno;
    close(descriptor);
    errno = failure;
    return -1;
}

static void
record_add(struct strbuf *out, unsigned char type, const void *content, size_t length)
{
    const unsigned char header[RECORD_HEADER_BYTES] = {
        1, type, 0, 1, (unsigned char)(length >> 8), (unsigned char)length, 0, 0};
    strbuf_add(out, header, sizeof(header));
    strbuf_add(out, content, length);
}

/* Names and values here are shorter than 128 bytes, or are cut: a length is one byte then. */
static void
parameter_add(struct strbuf *out, const char *name, const char *value)
{
    size_t value_length = strlen(value) < 127 ? strlen(value) : 127;
    strbuf_add_char(out, (char)strlen(name));
    strbuf_add_char(out, (char)value_length);
    strbuf_add_text(out, name);
    strbuf_add(out, value, value_length);
}

static void
build_request(struct strbuf *out, const char *path)
{
    static const unsigned char begin[8] = {0, 1}; /* responder; close afterwards */
    struct strbuf parameters;
    strbuf_init(&parameters, out->arena, 512);
    parameter_add(&parameters, "REQUEST_METHOD", "GET");
    parameter_add(&parameters, "REQUEST_URI", path);
    parameter_add(&parameters, "SCRIPT_NAME", path);
    parameter_add(&parameters, "DOCUMENT_URI", path);
    parameter_add(&parameters, "QUERY_STRING", "");
    parameter_add(&parameters, "SERVER_PROTOCOL", "HTTP/1.1");
    parameter_add(&parameters, "REMOTE_ADDR", "127.0.0.1");
    parameter_add(&parameters, "HTTP_HOST", "localhost");
    record_add(out, FASTCGI_BEGIN, begin, sizeof(begin));
    record_add(out, FASTCGI_PARAMS, parameters.data, parameters.length);
    record_add(out, FASTCGI_PARAMS, "", 0);
    record_add(out, FASTCGI_STDIN, "", 0);
}

/* The contents of all output records in a whole reply. */
static void
take_output(const struct strbuf *reply, struct strbuf *output)
{
    const unsigned char *at = (const unsigned char *)reply->data;
    size_t left = reply->length;
    while (left >= RECORD_HEADER_BYTES) {
        size_t length = (size_t)at[4] << 8 | at[5];
        size_t record = RECORD_HEADER_BYTES + length + at[6];
        if (at[0] != 1 || record > left)
            return;
        if (at[1] == FASTCGI_STDOUT)
            strbuf_add(output, at + RECORD_HEADER_BYTES, length);
        at += record;
        left -= record;
    }
}

static int
read_reply(int descriptor, struct arena *arena, const char **problem)
{
    struct strbuf reply, output;
    strbuf_init(&reply, arena, 4096);
    strbuf_init(&output, arena, 4096);
    ssize_t got;
    while ((got = recv(descriptor, strbuf_reserve(&reply, 4096), 4096, 0)) > 0 &&
           reply.length < REPLY_BYTES_MAX)
        strbuf_added(&reply, (size_t)got);
    take_output(&reply, &output);
    if (output.length == 0) {
        *problem = got < 0 ? "it accepts but does not answer" : "its answer is not FastCGI";
        return 0;
    }
    const char *status = strstr(output.data, "Status: ");
    return status ? (int)strtol(status + 8, NULL, 10) : 200;
}

int
fastcgi_get(const char *socket_path, const char *path, int timeout_ms, const char **problem)
{
    int descriptor = unix_connect(socket_path, timeout_ms);
    if (descriptor < 0) {
        *problem = strerrordesc_np(errno);
        return 0;
    }
    struct arena arena = {0};
    struct strbuf request;
    strbuf_init(&request, &arena, 1024);
    build_request(&request, path);
    int status = 0;
    if (send(descriptor, request.data, request.length, MSG_NOSIGNAL) == (ssize_t)request.length)
        status = read_reply(descriptor, &arena, problem);
    else
        *problem = "it does not read";
    close(descriptor);
    arena_release(&arena);
    return status;
}
