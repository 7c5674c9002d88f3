/* The course of one call: libcurl moves the bytes, the clocks say how long each part may take. */
#include "ai/transfer.h"

#include "ai/answer_head.h"
#include "base/clock.h"

enum {
    HEAD_MAX_BYTES = 64 * 1024,
    /* A connection serves again when its answer was read to the end, which mostly came already. */
    DRAIN_MAX_BYTES = 4096,
    DRAIN_US = 5000,
};

/* How far the call has come. */
enum phase { PHASE_CONNECTING, PHASE_ASKED, PHASE_HEADED, PHASE_SPEAKING, PHASE_ENOUGH };

enum ending {
    ENDING_NONE,
    ENDING_CONNECT,
    ENDING_HEADERS,
    ENDING_FIRST_TOKEN,
    ENDING_GAP,
    ENDING_TOTAL,
    ENDING_DRAINED, /* enough came; its connection is given up */
    ENDING_TAKER,   /* who has filled failure */
    ENDING_CLIENT,
    ENDING_TOO_LARGE,
    ENDING_HEAD_TOO_LARGE,
    ENDING_ENCODED,
    ENDING_REPEATED, /* a kept connection had gone, and libcurl was about to ask again by itself */
};

struct transfer {
    CURL *easy;
    CURLM *multi;
    const struct upstream_call *call;
    struct upstream_answer *answer;
    struct provider_failure *failure;
    struct strbuf body;
    enum phase phase;
    enum ending ending;
    int64_t started_us, phase_us; /* when the call and its phase (or the last sign of life) began */
    int64_t looked_us;            /* when goes_on() was asked last */
    bool watches_client;
    bool is_due; /* libcurl has something to do: bytes came, or a timer of its own woke us */
    size_t head_bytes, stream_bytes, drained_bytes;
};

static bool
end(struct transfer *transfer, enum ending ending)
{
    if (transfer->ending == ENDING_NONE)
        transfer->ending = ending;
    return false;
}

static void
enter(struct transfer *transfer, enum phase phase)
{
    transfer->phase = phase;
    transfer->phase_us = clock_monotonic_us();
}

static int
note_connected(void *context, char *address, char *own_address, int port, int own_port)
{
    (void)address;
    (void)own_address;
    (void)port;
    (void)own_port;
    struct transfer *transfer = context;
    /* What is asked again is for one place to decide, count and bound. */
    if (transfer->phase != PHASE_CONNECTING) {
        end(transfer, ENDING_REPEATED);
        return CURL_PREREQFUNC_ABORT;
    }
    enter(transfer, PHASE_ASKED);
    return CURL_PREREQFUNC_OK;
}

static void
note_head(struct transfer *transfer)
{
    long status = 0;
    const char *content_type = NULL;
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status < 200)
        return;
    enter(transfer, PHASE_HEADED);
    curl_easy_getinfo(transfer->easy, CURLINFO_CONTENT_TYPE, &content_type);
    transfer->answer->streamed =
        status == 200 && transfer->call->take && answer_head_is_event_stream(content_type);
}

static size_t
take_header(char *line, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    size_t length = size * count;
    transfer->head_bytes += length;
    if (transfer->head_bytes > HEAD_MAX_BYTES)
        return end(transfer, ENDING_HEAD_TOO_LARGE);
    if (transfer->phase > PHASE_ASKED)
        return length;
    if (answer_head_is_encoded(line, length))
        return end(transfer, ENDING_ENCODED);
    if (length <= 2 && (line[0] == '\r' || line[0] == '\n'))
        note_head(transfer);
    return length;
}

static bool
take_stream(struct transfer *transfer, const char *bytes, size_t length)
{
    const struct upstream_call *call = transfer->call;
    transfer->stream_bytes += length;
    if (transfer->stream_bytes > UPSTREAM_STREAM_MAX_BYTES)
        return end(transfer, ENDING_TOO_LARGE);
    switch (call->take(call->context, bytes, length, transfer->failure)) {
    case UPSTREAM_BYTES:
        return true;
    case UPSTREAM_ALIVE:
        if (transfer->phase == PHASE_SPEAKING)
            enter(transfer, PHASE_SPEAKING);
        return true;
    case UPSTREAM_TOKEN:
        enter(transfer, PHASE_SPEAKING);
        if (transfer->answer->first_token_us < 0)
            transfer->answer->first_token_us = transfer->phase_us - transfer->started_us;
        return true;
    case UPSTREAM_ENOUGH:
        enter(transfer, PHASE_ENOUGH);
        return true;
    default:
        return end(transfer, ENDING_TAKER);
    }
}

static size_t
take_bytes(char *bytes, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    size_t length = size * count;
    if (transfer->phase == PHASE_ENOUGH) {
        transfer->drained_bytes += length;
        return transfer->drained_bytes > DRAIN_MAX_BYTES ? end(transfer, ENDING_DRAINED) : length;
    }
    if (transfer->answer->streamed)
        return take_stream(transfer, bytes, length) ? length : 0;
    if (length > UPSTREAM_ANSWER_MAX_BYTES - transfer->body.length)
        return end(transfer, ENDING_TOO_LARGE);
    strbuf_add(&transfer->body, bytes, length);
    return length;
}

void
transfer_setup(CURL *easy)
{
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, note_connected);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_bytes);
}

/* The clock that runs out first now, and when. */
static enum ending
next_clock(const struct transfer *transfer, int64_t *at_us)
{
    const struct upstream_clocks *clocks = &transfer->call->clocks;
    enum ending clock = ENDING_TOTAL;
    int64_t total_us = transfer->started_us + clocks->total_ms * 1000, phase_ms = -1;
    if (transfer->phase == PHASE_ENOUGH) {
        *at_us = transfer->phase_us + DRAIN_US;
        return ENDING_DRAINED;
    }
    if (transfer->phase == PHASE_CONNECTING) {
        clock = ENDING_CONNECT;
        phase_ms = clocks->connect_ms;
    } else if (transfer->phase == PHASE_ASKED) {
        clock = ENDING_HEADERS;
        phase_ms = clocks->headers_ms;
    } else if (transfer->answer->streamed) {
        bool speaks = transfer->phase == PHASE_SPEAKING;
        clock = speaks ? ENDING_GAP : ENDING_FIRST_TOKEN;
        phase_ms = speaks ? clocks->gap_ms : clocks->first_token_ms;
    }
    *at_us = transfer->phase_us + phase_ms * 1000;
    if (phase_ms >= 0 && *at_us < total_us)
        return clock;
    *at_us = total_us;
    return ENDING_TOTAL;
}

/* Waits for the provider, the client, the next clock or the next tick. */
static void
wait(struct transfer *transfer, int64_t now_us, int64_t until_us)
{
    struct curl_waitfd client = {.fd = transfer->call->client_descriptor,
                                 .events = CURL_WAIT_POLLIN};
    unsigned watched = transfer->watches_client ? 1 : 0;
    int ready = 0;
    curl_multi_poll(transfer->multi, &client, watched, (int)((until_us - now_us + 999) / 1000),
                    &ready);
    int64_t woken_us = clock_monotonic_us();
    transfer->is_due = ready > 0 || woken_us < until_us;
    transfer->answer->waited_us += woken_us - now_us;
    if (watched > 0 && client.revents != 0) {
        transfer->looked_us = 0;
        transfer->watches_client = false;
    }
}

/* Looks at the clocks and after the client, then waits. false: the call is to be ended. */
static bool
go_on(struct transfer *transfer)
{
    const struct upstream_call *call = transfer->call;
    int64_t now_us = clock_monotonic_us(), until_us;
    enum ending clock = next_clock(transfer, &until_us);
    if (now_us >= until_us)
        return end(transfer, clock);
    int64_t tick_us = transfer->looked_us + UPSTREAM_TICK_MS * 1000;
    if (now_us >= tick_us) {
        if (!call->goes_on(call->context))
            return end(transfer, ENDING_CLIENT);
        /* Readable without having left it would wake us without end. */
        transfer->watches_client = call->client_descriptor >= 0 && transfer->looked_us > 0;
        transfer->looked_us = now_us;
        tick_us = now_us + UPSTREAM_TICK_MS * 1000;
    }
    wait(transfer, now_us, until_us < tick_us ? until_us : tick_us);
    return true;
}

static CURLcode
perform(struct transfer *transfer)
{
    CURLcode result = CURLE_FAILED_INIT;
    if (curl_multi_add_handle(transfer->multi, transfer->easy) != CURLM_OK)
        return result;
    int running = 1, left;
    while (!transfer->is_due || curl_multi_perform(transfer->multi, &running) == CURLM_OK) {
        if (running == 0)
            break;
        if (!go_on(transfer))
            return CURLE_ABORTED_BY_CALLBACK;
    }
    const CURLMsg *message = curl_multi_info_read(transfer->multi, &left);
    if (message && message->msg == CURLMSG_DONE)
        result = message->data.result;
    return result;
}

static bool
fail_by_clock(const struct transfer *transfer, enum ending clock)
{
    const struct upstream_clocks *clocks = &transfer->call->clocks;
    const struct {
        int64_t limit_ms;
        const char *what;
    } texts[] = {
        [ENDING_CONNECT] = {clocks->connect_ms, "the provider could not be reached within %lld ms "
                                                "(connect clock)"},
        [ENDING_HEADERS] = {clocks->headers_ms, "the provider did not answer within %lld ms "
                                                "(headers clock)"},
        [ENDING_FIRST_TOKEN] = {clocks->first_token_ms, "the provider sent no token within %lld ms "
                                                        "(first token clock)"},
        [ENDING_GAP] = {clocks->gap_ms, "the provider's answer stood still for %lld ms "
                                        "(gap clock)"},
        [ENDING_TOTAL] = {clocks->total_ms, "the provider did not end its answer within %lld ms "
                                            "(total clock)"},
    };
    /* A provider that took the question and stays silent would be asked, and paid, twice. */
    *transfer->failure = (struct provider_failure){
        .class = transfer->phase == PHASE_CONNECTING ? FAULT_TRANSIENT : FAULT_SILENT,
        .retry_after_ms = -1};
    error_set(&transfer->failure->error, ERROR_UPSTREAM_TIMEOUT, texts[clock].what,
              (long long)texts[clock].limit_ms);
    return false;
}

static bool
fail_by_transport(const struct transfer *transfer, CURLcode result)
{
    bool not_reached = result == CURLE_COULDNT_CONNECT || result == CURLE_COULDNT_RESOLVE_HOST;
    bool transient = not_reached || result == CURLE_RECV_ERROR || result == CURLE_SEND_ERROR ||
                     result == CURLE_GOT_NOTHING || result == CURLE_PARTIAL_FILE ||
                     result == CURLE_WEIRD_SERVER_REPLY;
    *transfer->failure = (struct provider_failure){
        .class = transient ? FAULT_TRANSIENT : FAULT_SILENT, .retry_after_ms = -1};
    error_set(&transfer->failure->error, ERROR_UPSTREAM_ERROR, "%s: %s",
              not_reached ? "the provider could not be reached"
                          : "the connection to the provider broke",
              curl_easy_strerror(result));
    return false;
}

/* Servers close connections that were idle just as we use them: nothing is wrong with the provider,
 * so that there is no reason to wait. */
static bool
fail_by_gone_connection(const struct transfer *transfer)
{
    *transfer->failure = (struct provider_failure){.class = FAULT_TRANSIENT, .retry_after_ms = 0};
    return error_set(&transfer->failure->error, ERROR_UPSTREAM_ERROR,
                     "the connection to the provider broke: it closed a kept one");
}

static bool
fail_by_size(const struct transfer *transfer, size_t limit_bytes)
{
    *transfer->failure = (struct provider_failure){.class = FAULT_PERMANENT, .retry_after_ms = -1};
    return error_set(&transfer->failure->error, ERROR_UPSTREAM_INVALID,
                     "the provider's answer is over %zu MB", limit_bytes / (1024 * 1024));
}

/* Fills failure, or says that the answer is whole. */
static bool
conclude(struct transfer *transfer, CURLcode result)
{
    if (transfer->phase == PHASE_ENOUGH || (transfer->ending == ENDING_NONE && result == CURLE_OK))
        return true;
    switch (transfer->ending) {
    case ENDING_TAKER:
        return false;
    case ENDING_CLIENT:
        return provider_fail(transfer->failure, ERROR_CLIENT_CLOSED, "the client left");
    case ENDING_TOO_LARGE:
        return fail_by_size(transfer, transfer->answer->streamed ? UPSTREAM_STREAM_MAX_BYTES
                                                                 : UPSTREAM_ANSWER_MAX_BYTES);
    case ENDING_HEAD_TOO_LARGE:
        return provider_fail(transfer->failure, ERROR_UPSTREAM_INVALID,
                             "the head of the provider's answer is over 64 KB");
    case ENDING_ENCODED:
        return provider_fail(transfer->failure, ERROR_UPSTREAM_INVALID,
                             "the provider's answer is compressed, which it was not asked for");
    case ENDING_REPEATED:
        return fail_by_gone_connection(transfer);
    case ENDING_NONE:
        break;
    default:
        return fail_by_clock(transfer, transfer->ending);
    }
    if (result == CURLE_OPERATION_TIMEDOUT)
        return fail_by_clock(transfer, ENDING_CONNECT);
    if (result == CURLE_FILESIZE_EXCEEDED)
        return fail_by_size(transfer, UPSTREAM_ANSWER_MAX_BYTES);
    return fail_by_transport(transfer, result);
}

bool
transfer_run(CURL *easy, CURLM *multi, const struct upstream_call *call, struct arena *arena,
             struct upstream_answer *answer, struct provider_failure *failure)
{
    int64_t now_us = clock_monotonic_us();
    *answer = (struct upstream_answer){.body = "", .first_token_us = -1};
    struct transfer transfer = {
        .easy = easy,
        .multi = multi,
        .call = call,
        .answer = answer,
        .failure = failure,
        .started_us = now_us,
        .phase_us = now_us,
        .looked_us = now_us,
        .watches_client = call->client_descriptor >= 0,
        .is_due = true,
    };
    strbuf_init(&transfer.body, arena, 1); /* what comes first says how much it is */
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)call->clocks.connect_ms);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, &transfer);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, &transfer);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transfer);
    CURLcode result = perform(&transfer);
    bool answered = conclude(&transfer, result);
    if (answered)
        answer_head_read(easy, arena, &answer->head);
    curl_multi_remove_handle(multi, easy);
    answer->body = transfer.body.data;
    answer->length = transfer.body.length;
    return answered;
}
