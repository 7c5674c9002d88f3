/* A turn is one request of a surface on its way to its answer: what the attempt owner asks of it,
 * and how what comes back goes to the client. Private to the gateway. */
#ifndef HEARTH_APPS_GATEWAY_TURN_H
#define HEARTH_APPS_GATEWAY_TURN_H

#include "ai/answers.h"
#include "ai/ask.h"
#include "apps/gateway/gateway.h"
#include "http/event_stream.h"

/* Lives on the stack of gateway_answer(). */
struct turn {
    struct request *request;
    const struct surface *surface;
    const struct model_settings *model; /* asked for; its fallbacks may answer */
    struct chat chat;
    struct error untranslatable; /* why only native models can be asked; ERROR_NONE: all can */
    struct ask ask;
    struct answers answers;
    struct receipt receipt;
    int64_t waited_us; /* for an identical request's answer */
    const char *beta;  /* value of the surface's beta_header, "" for none */
    bool streams;
    bool whole; /* nothing of a stream is shown before all of it is there */

    /* Of the attempt under way. */
    struct reply reply;
    bool native;
    bool speaks;           /* content has come */
    bool stops;            /* every choice that ended did so by itself */
    int64_t asked_us;      /* monotonic, on a clock that stands still in the receipt's paused_us */
    struct strbuf pending; /* events that are not sent yet */
    struct strbuf mark;    /* the provider's own mark of completeness */

    struct event_stream events;
    struct strbuf body; /* of the complete answer, or the events of one that is to be kept */
    bool keeps;         /* events are collected in body */
};

extern const struct ask_question turn_question;

/* Whether the model is asked in the surface's own dialect. */
bool turn_is_native(const struct surface *surface, const struct model_settings *model);

/* Sends what is pending, the head before it where it has not gone. false: the client left. */
bool turn_flush(struct turn *turn) __attribute__((warn_unused_result));

/* Sets the headers that tell of the answer, as far as that is known. */
void turn_headers(struct turn *turn);

#endif
