/* An SMTP server in the test's own process: takes one mail on loopback and keeps all that the
 * client said. */
#ifndef HEARTH_TESTS_SMTP_STUB_H
#define HEARTH_TESTS_SMTP_STUB_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct smtp_stub {
    int listener, port;
    pthread_t thread;
    const char *refusal; /* the reply to RCPT; NULL: it is taken */
    char said[65536];
};

static inline void
smtp_say(FILE *stream, const char *reply)
{
    fprintf(stream, "%s\r\n", reply);
    fflush(stream);
}

static inline void
smtp_talk(struct smtp_stub *stub, FILE *stream)
{
    char line[2048];
    size_t used = 0;
    bool in_data = false;
    smtp_say(stream, "220 stub");
    while (fgets(line, sizeof(line), stream)) {
        used += (size_t)snprintf(stub->said + used, sizeof(stub->said) - used, "%s", line);
        if (in_data) {
            in_data = strcmp(line, ".\r\n") != 0;
            if (!in_data)
                smtp_say(stream, "250 taken");
        } else if (strncmp(line, "EHLO", 4) == 0) {
            smtp_say(stream, "250 stub");
        } else if (strncmp(line, "RCPT", 4) == 0) {
            smtp_say(stream, stub->refusal ? stub->refusal : "250 ok");
        } else if (strncmp(line, "DATA", 4) == 0) {
            in_data = true;
            smtp_say(stream, "354 go on");
        } else {
            smtp_say(stream, strncmp(line, "QUIT", 4) == 0 ? "221 bye" : "250 ok");
        }
    }
}

static inline void *
smtp_serve(void *data)
{
    struct smtp_stub *stub = data;
    int connection = accept(stub->listener, NULL, NULL);
    if (connection < 0)
        return NULL;
    FILE *stream = fdopen(connection, "r+");
    smtp_talk(stub, stream);
    fclose(stream);
    return NULL;
}

static inline void
smtp_start(struct smtp_stub *stub, const char *refusal)
{
    memset(stub, 0, sizeof(*stub));
    stub->refusal = refusal;
    stub->listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    int failed = bind(stub->listener, (struct sockaddr *)&address, size) ||
                 listen(stub->listener, 4) ||
                 getsockname(stub->listener, (struct sockaddr *)&address, &size) ||
                 pthread_create(&stub->thread, NULL, smtp_serve, stub);
    if (failed)
        abort();
    stub->port = ntohs(address.sin_port);
}

/* Waits until the client has left, or nobody came. */
static inline void
smtp_stop(struct smtp_stub *stub)
{
    shutdown(stub->listener, SHUT_RDWR);
    pthread_join(stub->thread, NULL);
    close(stub->listener);
}

#endif
