/* Any code that reads like one is a currency; of those with other coins than hundredths ISO 4217
 * tells. */
#include "apps/budget/currency.h"

#include <string.h>

#include "base/ascii.h"

static const char without_places[] =
    "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF ";
static const char with_three_places[] = "BHD IQD JOD KWD LYD OMR TND ";
static const char with_four_places[] = "CLF UYW ";

enum { CODE_LETTERS = 3, CODE_LETTERS_MAX = 5 };

static bool
list_holds(const char *list, const char *code)
{
    if (strlen(code) != CODE_LETTERS)
        return false;
    for (; *list; list += CODE_LETTERS + 1)
        if (memcmp(list, code, CODE_LETTERS) == 0)
            return true;
    return false;
}

const char *
currency_check(const char *code)
{
    size_t length = 0;
    while (ascii_is_letter(code[length]))
        length++;
    if (code[length] != '\0' || length < CODE_LETTERS || length > CODE_LETTERS_MAX)
        return "must be a currency code of 3 to 5 letters, such as EUR or USD";
    return NULL;
}

static size_t
places_of(const char *code)
{
    if (!code || list_holds(without_places, code))
        return 0;
    if (list_holds(with_three_places, code))
        return 3;
    return list_holds(with_four_places, code) ? 4 : 2;
}

const char *
currency_format(struct decimal amount, const char *code, struct arena *arena)
{
    struct strbuf text;
    strbuf_init(&text, arena, 40);
    schema_encode_decimal(&text, amount);
    const char *point = strchr(text.data, '.');
    size_t places = point ? strlen(point + 1) : 0;
    if (!point && places_of(code) > 0)
        strbuf_add_char(&text, '.');
    for (; places < places_of(code); places++)
        strbuf_add_char(&text, '0');
    if (code)
        strbuf_printf(&text, " %s", code);
    return text.data;
}
