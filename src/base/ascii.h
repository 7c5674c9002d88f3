/* What a byte is in ASCII, whatever the locale says. */
#ifndef HEARTH_BASE_ASCII_H
#define HEARTH_BASE_ASCII_H

#include <stdbool.h>

static inline bool
ascii_is_letter(char byte)
{
    return (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z';
}

/* A blank or the end of a line. */
static inline bool
ascii_is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

#endif
