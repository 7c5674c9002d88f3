/* The resilience preset that the operator switched to while workers run: one name for the whole
 * host. */
#ifndef HEARTH_HOST_CHOICE_H
#define HEARTH_HOST_CHOICE_H

#include <stdbool.h>
#include <stdint.h>

#include "host/host.h"

enum { CHOICE_NAME_BYTES = 48 };

/* Grows with each change; 0: none was ever made. One atomic load: look at this first. */
uint64_t choice_generation(struct host *host);

/* The name chosen and its generation. false with an empty name: none is in force. */
bool choice_read(struct host *host, char *name /*[CHOICE_NAME_BYTES]*/, uint64_t *generation);

/* Chooses a name (shortened to fit); "" takes the choice back. */
void choice_make(struct host *host, const char *name);

#endif
