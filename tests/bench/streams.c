/* The load of ./dev bench for streamed answers: opens COUNT of them within RAMP_MS, all from the
 * stand-in of this folder, and prints how long tokens took and whether all came. The question is a
 * whole HTTP request in a file, in which every stream has another number in place of @NUMBER@.
 * Usage: streams PORT COUNT RAMP_MS TOKENS FILE */
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

enum {
    STREAMS_MAX = 4096,
    TOKENS_MAX = 4096,
    TEXT_MAX_BYTES = 16384,
    EVENTS_MAX = 256,
    PATIENCE_US = 60000000,
};

/* Where in the answer's bytes the reader is. */
enum place { PLACE_HEAD, PLACE_CHUNK_SIZE, PLACE_CHUNK, PLACE_CHUNK_END, PLACE_END };

struct stream {
    int descriptor;
    bool asked, over, told_end;
    enum place place;
    size_t chunk_left;
    int64_t asked_us, first_us;
    long tokens;
    size_t used; /* bytes of a line, or of the answer's head */
    char line[2048];
};

struct load {
    int poll;
    struct sockaddr_in address;
    long count, ramp_ms, tokens, opened, over, refused;
    char question[TEXT_MAX_BYTES];
    size_t question_length;
    char *number; /* in question; NULL: all streams ask the same */
    struct stream *streams;
    int64_t *opens_us; /* when each is opened, from the start */
    int64_t *delays_us, *first_delays_us, *firsts_us;
    size_t delay_count, first_count;
    int64_t started_ms;
};

static void
end_stream(struct load *load, struct stream *stream)
{
    if (stream->over)
        return;
    close(stream->descriptor);
    stream->over = true;
    load->over++;
}

static void
take_token(struct load *load, struct stream *stream, const char *at)
{
    int64_t now_us = clock_monotonic_us(), delay_us = now_us - strtoll(at + 1, NULL, 10);
    load->delays_us[load->delay_count++] = delay_us;
    if (stream->tokens++ > 0)
        return;
    stream->first_us = now_us - stream->asked_us;
    load->first_delays_us[load->first_count] = delay_us;
    load->firsts_us[load->first_count++] = stream->first_us;
}

static void
take_line(struct load *load, struct stream *stream)
{
    const char *at = strchr(stream->line, '@');
    if (at && strncmp(stream->line, "data:", 5) == 0 && stream->tokens < load->tokens)
        take_token(load, stream, at);
    if (strncmp(stream->line, "data: [DONE]", 12) == 0)
        stream->told_end = true;
}

/* A byte of the answer without its chunks. */
static void
take_text(struct load *load, struct stream *stream, char byte)
{
    if (stream->used + 1 < sizeof(stream->line))
        stream->line[stream->used++] = byte;
    if (byte != '\n')
        return;
    stream->line[stream->used] = '\0';
    take_line(load, stream);
    stream->used = 0;
}

static void
take_head(struct load *load, struct stream *stream, char byte)
{
    if (stream->used + 1 < sizeof(stream->line))
        stream->line[stream->used++] = byte;
    if (stream->used < 4 || memcmp(stream->line + stream->used - 4, "\r\n\r\n", 4) != 0)
        return;
    stream->line[stream->used] = '\0';
    bool good = strncmp(stream->line, "HTTP/1.1 200", 12) == 0 &&
                strcasestr(stream->line, "transfer-encoding: chunked");
    if (!good && load->refused++ == 0)
        fprintf(stderr, "streams: %s\n", stream->line);
    stream->place = good ? PLACE_CHUNK_SIZE : PLACE_END;
    stream->used = 0;
    stream->chunk_left = 0;
}

static int
hex_of(char byte)
{
    const char *digits = "0123456789abcdef0123456789ABCDEF";
    const char *at = byte != '\0' ? strchr(digits, byte) : NULL;
    return at ? (int)((at - digits) % 16) : -1;
}

static void
take_byte(struct load *load, struct stream *stream, char byte)
{
    switch (stream->place) {
    case PLACE_HEAD:
        take_head(load, stream, byte);
        break;
    case PLACE_CHUNK_SIZE:
        if (hex_of(byte) >= 0)
            stream->chunk_left = stream->chunk_left * 16 + (size_t)hex_of(byte);
        else if (byte == '\n')
            stream->place = stream->chunk_left > 0 ? PLACE_CHUNK : PLACE_END;
        break;
    case PLACE_CHUNK:
        take_text(load, stream, byte);
        if (--stream->chunk_left == 0)
            stream->place = PLACE_CHUNK_END;
        break;
    case PLACE_CHUNK_END:
        if (byte == '\n')
            stream->place = PLACE_CHUNK_SIZE;
        break;
    case PLACE_END:
        break;
    }
}

static void
hear(struct load *load, struct stream *stream)
{
    char bytes[TEXT_MAX_BYTES];
    ssize_t got = recv(stream->descriptor, bytes, sizeof(bytes), MSG_DONTWAIT);
    for (ssize_t i = 0; i < got; i++)
        take_byte(load, stream, bytes[i]);
    if (got == 0 || (got < 0 && errno != EAGAIN) || stream->place == PLACE_END)
        end_stream(load, stream);
}

static void
number_question(struct load *load, const struct stream *stream)
{
    char number[16];
    unsigned long long turn = (unsigned long long)load->started_ms * STREAMS_MAX;
    turn += (unsigned long long)(stream - load->streams);
    snprintf(number, sizeof(number), "%08llu", turn % 100000000);
    memcpy(load->number, number, 8);
}

static void
ask(struct load *load, struct stream *stream)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = stream};
    if (load->number)
        number_question(load, stream);
    stream->asked = true;
    stream->asked_us = clock_monotonic_us();
    if (send(stream->descriptor, load->question, load->question_length, MSG_NOSIGNAL) !=
            (ssize_t)load->question_length ||
        epoll_ctl(load->poll, EPOLL_CTL_MOD, stream->descriptor, &event) != 0)
        end_stream(load, stream);
}

static void
open_stream(struct load *load)
{
    struct stream *stream = &load->streams[load->opened++];
    stream->descriptor = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct epoll_event event = {.events = EPOLLOUT, .data.ptr = stream};
    int failed = connect(stream->descriptor, (struct sockaddr *)&load->address,
                         sizeof(load->address)) != 0 &&
                 errno != EINPROGRESS;
    if (failed || epoll_ctl(load->poll, EPOLL_CTL_ADD, stream->descriptor, &event) != 0)
        end_stream(load, stream);
}

static void
run(struct load *load)
{
    struct epoll_event events[EVENTS_MAX];
    int64_t started_us = clock_monotonic_us(), spent_us = 0;
    load->started_ms = started_us / 1000;
    while (load->over < load->count && spent_us < PATIENCE_US) {
        while (load->opened < load->count && load->opens_us[load->opened] <= spent_us)
            open_stream(load);
        int ready =
            epoll_wait(load->poll, events, EVENTS_MAX, load->opened < load->count ? 1 : 100);
        for (int i = 0; i < ready; i++) {
            struct stream *stream = events[i].data.ptr;
            if (stream->asked)
                hear(load, stream);
            else
                ask(load, stream);
        }
        spent_us = clock_monotonic_us() - started_us;
    }
}

static int
compare(const void *left, const void *right)
{
    int64_t first = *(const int64_t *)left, second = *(const int64_t *)right;
    return (first > second) - (first < second);
}

/* At moments that are independent of each other, as clients come: at even ones all streams would
 * speak, and new ones begin, in the same milliseconds. The same moments in each run. */
static void
choose_moments(struct load *load)
{
    unsigned short seed[3] = {1, 2, 3};
    for (long i = 0; i < load->count; i++)
        load->opens_us[i] = (int64_t)(erand48(seed) * (double)load->ramp_ms * 1000);
    qsort(load->opens_us, (size_t)load->count, sizeof(*load->opens_us), compare);
}

static void
print_spread(const char *name, int64_t *values, size_t count)
{
    if (count == 0)
        values[count++] = -1;
    qsort(values, count, sizeof(*values), compare);
    printf("\"%s_p50_us\": %lld, \"%s_p99_us\": %lld, \"%s_max_us\": %lld, ", name,
           (long long)values[count / 2], name, (long long)values[count * 99 / 100], name,
           (long long)values[count - 1]);
}

static void
print_result(struct load *load)
{
    long complete = 0;
    for (long i = 0; i < load->opened; i++)
        complete += load->streams[i].told_end && load->streams[i].tokens == load->tokens &&
                    load->streams[i].place == PLACE_END;
    printf("{");
    print_spread("first", load->firsts_us, load->first_count);
    print_spread("first_delay", load->first_delays_us, load->first_count);
    print_spread("delay", load->delays_us, load->delay_count);
    printf("\"streams\": %ld, \"complete\": %ld}\n", load->count, complete);
}

static bool
read_question(struct load *load, const char *path)
{
    FILE *file = fopen(path, "r");
    if (!file)
        return false;
    load->question_length = fread(load->question, 1, sizeof(load->question) - 1, file);
    fclose(file);
    load->question[load->question_length] = '\0';
    load->number = strstr(load->question, "@NUMBER@");
    return load->question_length > 0;
}

static void *
array_of(long count, size_t size)
{
    void *array = calloc((size_t)count + 1, size);
    if (!array)
        abort();
    return array;
}

int
main(int count, char **arguments)
{
    static struct load load;
    const struct rlimit descriptors = {STREAMS_MAX * 2, STREAMS_MAX * 2};
    setrlimit(RLIMIT_NOFILE, &descriptors);
    if (count != 6 || !read_question(&load, arguments[5])) {
        fprintf(stderr, "usage: streams PORT COUNT RAMP_MS TOKENS FILE\n");
        return 2;
    }
    load.address = (struct sockaddr_in){
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)strtol(arguments[1], NULL, 10)),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    load.count = strtol(arguments[2], NULL, 10);
    load.ramp_ms = strtol(arguments[3], NULL, 10);
    load.tokens = strtol(arguments[4], NULL, 10);
    if (load.count < 1 || load.count > STREAMS_MAX || load.tokens < 1 || load.tokens > TOKENS_MAX)
        return 2;
    load.poll = epoll_create1(0);
    load.streams = array_of(load.count, sizeof(*load.streams));
    load.opens_us = array_of(load.count, sizeof(*load.opens_us));
    choose_moments(&load);
    load.delays_us = array_of(load.count * load.tokens, sizeof(*load.delays_us));
    load.first_delays_us = array_of(load.count, sizeof(*load.first_delays_us));
    load.firsts_us = array_of(load.count, sizeof(*load.firsts_us));
    run(&load);
    print_result(&load);
    return 0;
}
