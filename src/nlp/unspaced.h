/* Scripts in which no blanks part the words. */
#ifndef HEARTH_NLP_UNSPACED_H
#define HEARTH_NLP_UNSPACED_H

#include <stdbool.h>
#include <stdint.h>

/* Thai, Lao, Burmese, Khmer, kana, Chinese characters. Koreans write blanks. */
static inline bool
is_unspaced(uint32_t c)
{
    return (c >= 0x0e00 && c <= 0x0eff) || (c >= 0x1000 && c <= 0x109f) ||
           (c >= 0x1780 && c <= 0x17ff) || (c >= 0x3040 && c <= 0x30ff) ||
           (c >= 0x3400 && c <= 0x9fff) || (c >= 0xf900 && c <= 0xfaff) ||
           (c >= 0x20000 && c <= 0x3ffff);
}

#endif
