/* The inside of a streamed answer: which choices and tool calls there are, and the deltas of a
 * step. Shared by the dialects. */
#ifndef HEARTH_AI_STREAM_H
#define HEARTH_AI_STREAM_H

#include "ai/provider.h"
#include "ai/thoughts.h"

/* More than any provider gives; what goes beyond is counted as malformed. */
enum { STREAM_CHOICES_MAX = 128, STREAM_CALLS_MAX = 1024 };

struct stream_choice {
    int64_t index;
    bool ended, refused;
    int64_t calls; /* how many began */
    struct thoughts thoughts;
};

struct stream_call {
    int64_t choice, source; /* source: by which number the provider means it */
    int64_t tool;           /* by which we do: 0, 1, ... in its choice */
    const char *id;         /* in the stream's arena */
    bool has_arguments;
    bool is_answer; /* a structured answer that is asked for as a call */
};

/* One event while it is read. */
struct stream_reader {
    struct provider_stream *stream;
    struct provider_step *step;
    struct arena *scratch;
};

/* The choice of this index, begun where it was not; NULL beyond the bounds. Valid until the next
 * one begins. */
struct stream_choice *stream_choice(const struct stream_reader *reader, int64_t index);

/* The latest call of that number, or NULL. Valid until the next one begins. */
struct stream_call *stream_call(const struct stream_reader *reader, int64_t choice, int64_t source);

/* Begins a call with its delta; a NULL or empty id is made up. NULL beyond the bounds. */
struct stream_call *stream_begin_call(const struct stream_reader *reader, int64_t choice,
                                      int64_t source, const char *id, const char *name);

/* As stream_begin_call() for a structured answer, whose arguments come as text. */
void stream_begin_answer(const struct stream_reader *reader, int64_t choice, int64_t source);

/* More of a call's JSON; nothing for NULL or "". */
void stream_arguments(const struct stream_reader *reader, struct stream_call *call,
                      const char *text);

/* Notes that the model made this text, shown or not; nothing for NULL or "". */
void stream_made(const struct stream_reader *reader, const char *text);

/* Text of the answer or of a refusal; nothing for NULL or "". Texts live as long as scratch. */
void stream_text(const struct stream_reader *reader, int64_t choice, const char *text);
void stream_refusal(const struct stream_reader *reader, int64_t choice, const char *text);

/* The end of a choice, and the provider's word for it: calls that had no arguments get "{}". */
void stream_end(const struct stream_reader *reader, int64_t choice, enum chat_finish finish,
                const char *reason);

/* Whether a call of the choice began that is not the answer itself. */
bool stream_has_calls(const struct stream_reader *reader, int64_t choice);

/* Notes who answers, the first time that it is said. */
void stream_note(struct provider_stream *stream, const char *id, const char *model);

#endif
