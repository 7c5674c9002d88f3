#include "nlp/folded.h"

#include <string.h>

#include "base/ascii.h"
#include "nlp/lexicon.h"

size_t
folded_read(struct folded *out, const char *text)
{
    size_t at = 0, lower = 0;
    out->length = 0;
    for (;;) {
        unsigned char c = (unsigned char)text[at];
        bool is_apostrophe = strncmp(text + at, "\xe2\x80\x99", 3) == 0;
        size_t bytes = is_apostrophe ? 3 : 1;
        bool joins =
            (c == '\'' || c == '-' || is_apostrophe) && at > 0 && ascii_is_letter(text[at + bytes]);
        if (!ascii_is_letter(c) && !joins)
            break;
        if (out->length + 1 < sizeof(out->text))
            out->text[out->length++] = is_apostrophe ? '\'' : (char)(joins ? c : c | 0x20);
        lower += c >= 'a' && c <= 'z';
        at += bytes;
    }
    out->text[out->length] = '\0';
    out->is_upper = lower == 0 && out->length > 1;
    return at;
}

double
folded_valence(struct folded *word)
{
    double valence = lexicon_valence(word->text, word->length);
    for (size_t keep = 2; valence == 0 && keep > 0; keep--) {
        size_t out = 0;
        for (size_t i = 0; i < word->length; i++)
            if (out < keep || word->text[i] != word->text[out - 1] ||
                word->text[i] != word->text[out - keep])
                word->text[out++] = word->text[i];
        if (out == word->length)
            break;
        word->length = out;
        word->text[out] = '\0';
        valence = lexicon_valence(word->text, word->length);
    }
    return valence;
}
