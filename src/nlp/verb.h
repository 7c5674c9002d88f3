/* Common English verbs by their forms, as far as a statement must be taken apart to be asked. */
#ifndef HEARTH_NLP_VERB_H
#define HEARTH_NLP_VERB_H

enum verb_form { VERB_NONE, VERB_BASE, VERB_THIRD, VERB_PAST };

/* The form the word (no punctuation) may be, with the verb's base in *base; VERB_NONE for a word
 * that is not listed. A verb whose past is its base ("cut") is not listed. */
enum verb_form verb_read(const char *word, const char **base);

#endif
