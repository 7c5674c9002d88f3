/* The rules of accounts, without a database. */
#include "access/account_rules.h"

#include <string.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>

#include "base/utf8.h"
#include "net/mail.h"

enum {
    PHONE_MIN_DIGITS = 9,
    PHONE_MAX_DIGITS = 15,
    NORMAL_MAX_BYTES = 1024, /* longer texts are no user names: they stay as they are */
    GROWTH_MAX = 18,         /* UTF-16 units that one becomes in NFKC at most */
};

static bool
is_name_character(uint32_t character)
{
    if (character < 128 && strchr("_.@+-", (int)character))
        return character != 0;
    return (U_GET_GC_MASK((UChar32)character) & (U_GC_L_MASK | U_GC_N_MASK)) != 0;
}

const char *
user_name_complaint(const char *text)
{
    size_t count = 0, bytes;
    for (const char *at = text; *at; at += bytes, count++)
        if (!is_name_character(utf8_decode(at, &bytes)))
            return "must have letters, digits and @/./+/-/_ only";
    if (count < USER_NAME_MIN || count > USER_NAME_MAX)
        return "must have 3 to 30 characters";
    return NULL;
}

const char *
email_complaint(const char *text)
{
    return mail_address_is_good(text) ? NULL : "must be an e-mail address";
}

const char *
phone_complaint(const char *text)
{
    const char *digits = text + (text[0] == '+');
    size_t count = strspn(digits, "0123456789");
    if (text[0] == '\0')
        return NULL;
    if (digits[count] != '\0' || count < PHONE_MIN_DIGITS || count > PHONE_MAX_DIGITS)
        return "must have 9 to 15 digits, with or without + before them";
    return NULL;
}

/* text normalised, in the arena; text itself where that cannot be done. */
static const char *
normalise(const UNormalizer2 *normalizer, const char *text, struct arena *arena)
{
    UErrorCode status = U_ZERO_ERROR;
    int32_t length = 0, units = 0;
    size_t bytes = strlen(text);
    if (bytes == 0 || bytes > NORMAL_MAX_BYTES)
        return text;
    UChar *wide = arena_array(arena, bytes + 1, sizeof(UChar));
    u_strFromUTF8(wide, (int32_t)bytes + 1, &units, text, (int32_t)bytes, &status);
    int32_t room = units * GROWTH_MAX;
    UChar *normal = arena_array(arena, (size_t)room + 1, sizeof(UChar));
    units = unorm2_normalize(normalizer, wide, units, normal, room, &status);
    if (U_FAILURE(status))
        return text;
    char *out = arena_alloc(arena, (size_t)units * 3 + 1);
    u_strToUTF8(out, units * 3 + 1, &length, normal, units, &status);
    return U_SUCCESS(status) ? out : text;
}

const char *
user_name_normal(const char *text, struct arena *arena)
{
    UErrorCode status = U_ZERO_ERROR;
    const UNormalizer2 *normalizer = unorm2_getNFKCInstance(&status);
    return U_SUCCESS(status) ? normalise(normalizer, text, arena) : text;
}

const char *
user_name_folded(const char *text, struct arena *arena)
{
    UErrorCode status = U_ZERO_ERROR;
    const UNormalizer2 *normalizer = unorm2_getNFKCCasefoldInstance(&status);
    return U_SUCCESS(status) ? normalise(normalizer, text, arena) : text;
}
