/* Letters with their marks, spaces, hyphens and apostrophes; what reads like an instruction is no
 * name, but a name may hold any syllable. */
#include "apps/budget/name.h"

#include <stdbool.h>
#include <string.h>
#include <unicode/uchar.h>

#include "ai/guard.h"
#include "base/utf8.h"

enum { APOSTROPHE = 0x2019, MODIFIER_APOSTROPHE = 0x02bc, NARROW_HYPHEN = 0x2010 };

static bool
may_stand_in_a_name(uint32_t code_point)
{
    if (code_point == '\'' || code_point == '-' || code_point == APOSTROPHE ||
        code_point == MODIFIER_APOSTROPHE || code_point == NARROW_HYPHEN)
        return true;
    return u_isalpha((UChar32)code_point) || u_isUWhiteSpace((UChar32)code_point) ||
           (U_GET_GC_MASK((UChar32)code_point) & U_GC_M_MASK) != 0;
}

const char *
name_check(const char *name)
{
    size_t length = strlen(name);
    for (size_t at = 0, bytes = 0; at < length; at += bytes)
        if (!may_stand_in_a_name(utf8_decode(name + at, &bytes)))
            return "can only contain letters, spaces, hyphens, and apostrophes";
    return guard_screen(name, length) ? "has an invalid name format" : NULL;
}
