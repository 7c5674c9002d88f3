/* The list of ISO 4217, with codes withdrawn lately, since people hold older transactions too. */
#include "apps/budget/currency.h"

#include <string.h>

static const char codes[] =
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN "
    "BWP BYN BZD CAD CDF CHE CHF CHW CLF CLP CNY COP COU CRC CUC CUP CVE CZK DJF DKK DOP DZD EGP "
    "ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IQD IRR "
    "ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD "
    "MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR "
    "PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD SSP STN SVC SYP SZL "
    "THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD USN UYI UYU UYW UZS VED VES VND VUV WST XAF "
    "XAG XAU XBA XBB XBC XBD XCD XCG XDR XOF XPD XPF XPT XSU XTS XUA XXX YER ZAR ZMW ZWG ZWL ";

static const char without_places[] =
    "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF ";
static const char with_three_places[] = "BHD IQD JOD KWD LYD OMR TND ";
static const char with_four_places[] = "CLF UYW ";

static bool
list_holds(const char *list, const char *code)
{
    for (; *list; list += 4)
        if (memcmp(list, code, 3) == 0)
            return true;
    return false;
}

bool
currency_is_known(const char *code)
{
    return strlen(code) == 3 && list_holds(codes, code);
}

const char *
currency_check(const char *code)
{
    return currency_is_known(code) ? NULL : "must be an ISO 4217 code such as EUR or USD";
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
