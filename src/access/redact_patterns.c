/* The table of patterns. Each looks at one place of the text; none looks back further than a byte.
 */
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "access/redact.h"
#include "base/ascii.h"

enum { NAME_MAX_BYTES = 64, GAP_MAX_BYTES = 64, LOCAL_MAX_BYTES = 64, DOMAIN_MAX_BYTES = 255 };

static char
at_of(const struct redact_text *text, size_t at)
{
    return at < text->length ? text->bytes[at] : '\0';
}

static bool
is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static bool
is_alnum(char byte)
{
    return ascii_is_letter(byte) || is_digit(byte);
}

/* How many bytes from at on are letters, digits, or among more. */
static size_t
run_of(const struct redact_text *text, size_t at, const char *more, size_t max)
{
    size_t length = 0;
    while (length < max && at + length < text->length) {
        char byte = text->bytes[at + length];
        if (!is_alnum(byte) && (byte == '\0' || !strchr(more, byte)))
            break;
        length++;
    }
    return length;
}

static bool
starts(const struct redact_text *text, size_t at, const char *prefix)
{
    size_t length = strlen(prefix);
    return text->length - at >= length && memcmp(text->bytes + at, prefix, length) == 0;
}

/* Whether a word in this sense, with '-' and '_', begins here. */
static bool
begins_token(const struct redact_text *text, size_t at)
{
    return is_alnum(text->bytes[at]) &&
           (at == 0 || (text->bytes[at - 1] != '-' && text->bytes[at - 1] != '_'));
}

static bool
whole(struct redact_span *span, size_t length)
{
    *span = (struct redact_span){0, length};
    return true;
}

static bool
match_private_key(const struct redact_text *text, size_t at, struct redact_span *span)
{
    static const char begin[] = "-----BEGIN ", end[] = "-----END ";
    if (!starts(text, at, begin))
        return false;
    const char *from = text->bytes + at;
    size_t left = text->length - at;
    size_t head = left < 96 ? left : 96;
    if (!memmem(from, head, "PRIVATE KEY", 11))
        return false;
    const char *stop = memmem(from, left, end, sizeof(end) - 1);
    const char *line = stop ? memchr(stop, '\n', left - (size_t)(stop - from)) : NULL;
    /* One that was cut has no end: all the rest is of it. On one line, dashes end it. */
    if (!stop)
        return whole(span, left);
    if (!line) {
        const char *dashes = memmem(stop + 5, left - (size_t)(stop + 5 - from), "-----", 5);
        return whole(span, dashes ? (size_t)(dashes + 5 - from) : left);
    }
    return whole(span, (size_t)(line - from));
}

/* What tokens of known issuers begin with, and how long they are at least. */
static const struct {
    const char *prefix;
    size_t more;
} issuers[] = {
    {"sk-", 16},    {"pk-", 16},     {"sk_", 16},   {"pk_", 16},     {"rk_", 16},
    {"AIza", 30},   {"AKIA", 16},    {"ASIA", 16},  {"ghp_", 30},    {"gho_", 30},
    {"ghu_", 30},   {"ghs_", 30},    {"ghr_", 30},  {"glpat-", 16},  {"github_pat_", 30},
    {"xoxa-", 10},  {"xoxb-", 10},   {"xoxp-", 10}, {"xoxr-", 10},   {"xoxs-", 10},
    {"xapp-", 10},  {"hf_", 20},     {"npm_", 30},  {"pypi-", 30},   {"SG.", 30},
    {"whsec_", 16}, {"dop_v1_", 30}, {"ya29.", 20}, {"hearth_", 16}, {"hth_", 16},
    {"r8_", 20},    {"gsk_", 20},    {"xai-", 20},  {"tgp_", 16},    {"shpat_", 16},
};

static bool
match_key(const struct redact_text *text, size_t at, struct redact_span *span)
{
    for (size_t i = 0; i < sizeof(issuers) / sizeof(issuers[0]); i++) {
        if (!starts(text, at, issuers[i].prefix))
            continue;
        size_t length = strlen(issuers[i].prefix);
        size_t more = run_of(text, at + length, "-_.", SIZE_MAX);
        while (more > 0 && text->bytes[at + length + more - 1] == '.')
            more--;
        if (more >= issuers[i].more)
            return whole(span, length + more);
    }
    return false;
}

/* The scheme that credentials begin with, and the blanks after it; 0: there is none. */
static size_t
scheme_length(const struct redact_text *text, size_t at)
{
    static const char *const schemes[] = {"bearer", "basic", "digest", "token"};
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        size_t name = strlen(schemes[i]), length = name;
        if (text->length - at <= name || strncasecmp(text->bytes + at, schemes[i], name) != 0)
            continue;
        while (at_of(text, at + length) == ' ' || at_of(text, at + length) == '\t')
            length++;
        return length > name ? length : 0;
    }
    return 0;
}

static bool
match_credential(const struct redact_text *text, size_t at, struct redact_span *span)
{
    size_t scheme = scheme_length(text, at);
    size_t token = scheme > 0 ? run_of(text, at + scheme, "-._~+/=", SIZE_MAX) : 0;
    bool has_digit = false;
    for (size_t i = 0; i < token; i++)
        has_digit = has_digit || is_digit(text->bytes[at + scheme + i]);
    /* "bearer of bad news" is none. */
    if (token < 12 && (token < 8 || !has_digit))
        return false;
    *span = (struct redact_span){scheme, scheme + token};
    return true;
}

static bool
match_token(const struct redact_text *text, size_t at, struct redact_span *span)
{
    if (!starts(text, at, "eyJ") || !begins_token(text, at))
        return false;
    size_t length = run_of(text, at, "-_", SIZE_MAX);
    if (at_of(text, at + length) != '.')
        return false;
    length++;
    length += run_of(text, at + length, "-_.", SIZE_MAX);
    return whole(span, length);
}

static bool
match_url_credentials(const struct redact_text *text, size_t at, struct redact_span *span)
{
    if (!starts(text, at, "://"))
        return false;
    bool has_colon = false;
    size_t found = 0;
    for (size_t length = 3; length < 3 + 256 && at + length < text->length; length++) {
        char byte = text->bytes[at + length];
        if (ascii_is_blank(byte) || byte == '/' || byte == '"' || byte == '<' || byte == '?')
            break;
        if (byte == '@' && !has_colon)
            return false;
        /* A password may have been written with its own @ as it is: the last one ends it. */
        if (byte == '@')
            found = length;
        has_colon = has_colon || byte == ':';
    }
    *span = (struct redact_span){3, found};
    return found > 0;
}

/* What was redacted before, which is not wrapped again: "token: Bearer [credential]". */
static bool
is_redacted(const struct redact_text *text, size_t at)
{
    if (at_of(text, at) != '[')
        return false;
    for (const struct redact_pattern *pattern = redact_patterns; pattern->name; pattern++)
        if (starts(text, at + 1, pattern->name) &&
            at_of(text, at + 1 + strlen(pattern->name)) == ']')
            return true;
    return false;
}

/* name, then blanks, quotes and a bracket around one of : = and the value: within quotes, or a
 * word. */
static size_t
skip_to_value(const struct redact_text *text, size_t at)
{
    size_t start = at;
    bool divided = false;
    while (at < text->length && at - start < GAP_MAX_BYTES) {
        char byte = text->bytes[at];
        if (byte == ':' || byte == '=') {
            divided = true;
        } else if (divided && byte == '[' && !is_redacted(text, at)) {
            /* a list, or the first byte of the secret */
        } else if (byte == '\n' || byte == '\r' ||
                   (!ascii_is_blank(byte) && byte != '"' && byte != '\'' && byte != '\\' &&
                    byte != '>')) {
            break;
        }
        at++;
    }
    return divided ? at - start : 0;
}

static size_t
value_length(const struct redact_text *text, size_t at)
{
    size_t length = 0;
    char before = at > 0 ? text->bytes[at - 1] : '\0';
    bool quoted = before == '"' || before == '\'';
    while (at + length < text->length) {
        char byte = text->bytes[at + length];
        if (quoted ? byte == before || byte == '\n'
                   : ascii_is_blank(byte) || strchr(",;&\"'<>)}]", byte))
            break;
        length += byte == '\\' && at + length + 1 < text->length ? 2 : 1;
    }
    return length;
}

/* A value at this offset, with the pairs that follow: "Cookie: a=b; c=d". */
static size_t
cookies_length(const struct redact_text *text, size_t at)
{
    size_t length = value_length(text, at);
    while (at_of(text, at + length) == ';') {
        size_t next = length + (at_of(text, at + length + 1) == ' ' ? 2 : 1);
        size_t name = run_of(text, at + next, "-_.", NAME_MAX_BYTES);
        if (name == 0 || at_of(text, at + next + name) != '=')
            break;
        length = next + name + 1;
        length += value_length(text, at + length);
    }
    return length;
}

static bool
ends_in_cookie(const struct redact_text *text, size_t at, size_t name)
{
    return name >= 6 && strncasecmp(text->bytes + at + name - 6, "cookie", 6) == 0;
}

static bool
match_secret(const struct redact_text *text, size_t at, struct redact_span *span)
{
    if (!begins_token(text, at))
        return false;
    size_t name = run_of(text, at, "-_", NAME_MAX_BYTES);
    if (!redact_is_secret_name(text->bytes + at, name))
        return false;
    size_t gap = skip_to_value(text, at + name);
    size_t word = at + name + gap;
    if (gap == 0 || is_redacted(text, word))
        return false;
    size_t value =
        ends_in_cookie(text, at, name) ? cookies_length(text, word) : value_length(text, word);
    size_t scheme = value > 0 ? scheme_length(text, word) : 0;
    /* Of "Authorization: Basic YTpi" the secret is the second word. */
    if (scheme > value) {
        if (match_credential(text, word, span) || is_redacted(text, word + scheme))
            return false;
        value = scheme + value_length(text, word + scheme);
    }
    *span = (struct redact_span){name + gap, name + gap + value};
    return value > 0;
}

static bool
match_email(const struct redact_text *text, size_t at, struct redact_span *span)
{
    size_t local = run_of(text, at, "._%+-'", LOCAL_MAX_BYTES + 1);
    if (local == 0 || local > LOCAL_MAX_BYTES || !is_alnum(text->bytes[at]) ||
        at_of(text, at + local) != '@')
        return false;
    size_t domain = run_of(text, at + local + 1, ".-", DOMAIN_MAX_BYTES);
    const char *begin = text->bytes + at + local + 1;
    while (domain > 0 && !is_alnum(begin[domain - 1]))
        domain--;
    if (domain < 3 || !memchr(begin, '.', domain) || begin[0] == '.')
        return false;
    return whole(span, local + 1 + domain);
}

/* ISO/IEC 7812-1, annex B */
static bool
passes_luhn(const char *digits, size_t count)
{
    int sum = 0;
    for (size_t i = 0; i < count; i++) {
        int digit = digits[count - 1 - i] - '0';
        if (i % 2 == 1)
            digit = digit > 4 ? 2 * digit - 9 : 2 * digit;
        sum += digit;
    }
    return sum % 10 == 0;
}

/* A number in groups of digits, with at most two separators between any two. */
struct number {
    const char *separators;
    size_t min, max;                                    /* digits */
    bool (*is_right)(const char *digits, size_t count); /* NULL: all are */
    bool letters_may_follow;
};

enum { NUMBER_MAX_DIGITS = 19 };

/* How many bytes of the groups that begin here are such a number: the most that are, for other
 * numbers may follow, as a card's month does. 0: none are. */
static size_t
number_length(const struct redact_text *text, size_t at, const struct number *number)
{
    char digits[NUMBER_MAX_DIGITS];
    size_t count = 0, end = 0, found = 0;
    for (size_t i = 0; at + i < text->length; i++) {
        char byte = text->bytes[at + i], next = at_of(text, at + i + 1);
        if (!is_digit(byte)) {
            if (byte == '\0' || !strchr(number->separators, byte) || i > end + 1)
                break;
            continue;
        }
        if (count == number->max)
            break;
        digits[count++] = byte;
        end = i + 1;
        if (count >= number->min && !is_digit(next) &&
            (number->letters_may_follow || !ascii_is_letter(next)) &&
            (!number->is_right || number->is_right(digits, count)))
            found = end;
    }
    return found;
}

static bool
match_card(const struct redact_text *text, size_t at, struct redact_span *span)
{
    static const struct number card = {" -", 13, NUMBER_MAX_DIGITS, passes_luhn, false};
    if (text->bytes[at] < '2' || text->bytes[at] > '6')
        return false;
    return whole(span, number_length(text, at, &card)) && span->length > 0;
}

/* ISO 13616: the remainder by 97 of the digits, letters counting from 10, is 1. */
static bool
passes_iban(const char *letters, size_t count)
{
    unsigned rest = 0;
    for (size_t i = 0; i < count; i++) {
        char byte = letters[(i + 4) % count];
        unsigned value = is_digit(byte) ? (unsigned)(byte - '0') : (unsigned)(byte - 'A') + 10;
        rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
    }
    return rest == 1;
}

static bool
match_iban(const struct redact_text *text, size_t at, struct redact_span *span)
{
    char letters[34];
    size_t count = 0, length = 0, found = 0;
    for (size_t i = 0; at + i < text->length && count < sizeof(letters); i++) {
        char byte = text->bytes[at + i];
        if (byte == ' ' && count >= 4 && is_alnum(at_of(text, at + i + 1)))
            continue;
        bool capital = byte >= 'A' && byte <= 'Z';
        if ((count < 2 && !capital) || (count >= 2 && count < 4 && !is_digit(byte)) ||
            (!capital && !is_digit(byte)))
            break;
        letters[count++] = byte;
        length = i + 1;
        if (count >= 15 && !is_alnum(at_of(text, at + length)) && passes_iban(letters, count))
            found = length;
    }
    return found > 0 && whole(span, found);
}

static bool
match_phone(const struct redact_text *text, size_t at, struct redact_span *span)
{
    static const struct number phone = {" -./()", 8, 15, NULL, true};
    if (text->bytes[at] != '+' || (at > 0 && is_alnum(text->bytes[at - 1])) ||
        !is_digit(at_of(text, at + 1)))
        return false;
    return whole(span, 1 + number_length(text, at + 1, &phone)) && span->length > 1;
}

/* The form of social security numbers: 3, 2 and 4 digits. */
static bool
match_national(const struct redact_text *text, size_t at, struct redact_span *span)
{
    static const char form[] = "ddd-dd-dddd";
    for (size_t i = 0; i < sizeof(form) - 1; i++) {
        char byte = at_of(text, at + i);
        if (form[i] == 'd' ? !is_digit(byte) : byte != '-')
            return false;
    }
    char next = at_of(text, at + sizeof(form) - 1);
    return !is_alnum(next) && next != '-' && whole(span, sizeof(form) - 1);
}

/* A long word of letters of both cases and digits, or of hexadecimal digits, is made by a machine.
 */
static bool
match_long(const struct redact_text *text, size_t at, struct redact_span *span)
{
    enum { HEX_BYTES = 32, MIXED_BYTES = 36 };
    if (!begins_token(text, at))
        return false;
    size_t length = run_of(text, at, "-_", SIZE_MAX);
    bool upper = false, lower = false, digit = false, hex = true;
    for (size_t i = 0; i < length; i++) {
        char byte = text->bytes[at + i];
        digit = digit || is_digit(byte);
        upper = upper || (byte >= 'A' && byte <= 'Z');
        lower = lower || (byte >= 'a' && byte <= 'z');
        hex = hex && (is_digit(byte) || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'f'));
    }
    bool machine =
        (hex && digit && length >= HEX_BYTES) || (upper && lower && digit && length >= MIXED_BYTES);
    return machine && whole(span, length);
}

/* Names count without their case, '-' and '_'; the first ones also as the end of a longer name. */
bool
redact_is_secret_name(const char *name, size_t length)
{
    static const char *const endings[] = {"password",    "passwd",    "passphrase", "secret",
                                          "token",       "apikey",    "cookie",     "authorization",
                                          "privatekey",  "accesskey", "signature",  "credential",
                                          "credentials", "passcode",  "secretkey",  "recoverycode"};
    static const char *const names[] = {"pwd", "pin", "cvv", "cvc", "otp", "ssn", "iban", "auth"};
    char plain[NAME_MAX_BYTES + 1];
    size_t used = 0;
    /* Its end tells, however long it is. */
    for (size_t i = length > NAME_MAX_BYTES ? length - NAME_MAX_BYTES : 0; i < length; i++)
        if (is_alnum(name[i]))
            plain[used++] = (char)(ascii_is_letter(name[i]) ? name[i] | 0x20 : name[i]);
    plain[used] = '\0';
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        size_t ending = strlen(endings[i]);
        if (used >= ending && strcmp(plain + used - ending, endings[i]) == 0)
            return true;
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(plain, names[i]) == 0)
            return true;
    return false;
}

const struct redact_pattern redact_patterns[] = {
    {"private key", match_private_key, "PEM blocks of private keys, to their end.",
     "-----BEGIN PRIVATE KEY-----\nMC4CAQAw\n-----END PRIVATE KEY-----"},
    {"credentials", match_url_credentials, "User and password within a URL.",
     "postgres://user:pass@db.example/x"},
    {"key", match_key, "Keys of known issuers, by what they begin with (sk-, AIza, ghp_, ...).",
     "sk-abcdefghijklmnop1234"},
    {"token", match_token, "JSON Web Tokens.", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln"},
    {"credential", match_credential, "What follows Bearer, Basic, Digest or Token.",
     "Authorization Bearer abcdef123456"},
    {"secret", match_secret,
     "What follows a name that ends in password, secret, token, api key, cookie and the like, and : "
     "or =.",
     "password=hunter2"},
    {"e-mail", match_email, "E-mail addresses.", "ann.smith+x@mail.example.org"},
    {"iban", match_iban, "Bank accounts whose check digits hold (ISO 13616).",
     "DE89 3704 0044 0532 0130 00"},
    {"card number", match_card, "13 to 19 digits whose check digit holds (ISO/IEC 7812).",
     "4111 1111 1111 1111"},
    {"national number", match_national, "Numbers of the form 078-05-1120.", "078-05-1120"},
    {"phone number", match_phone, "Telephone numbers with a plus and the country.",
     "+49 30 1234567"},
    {"secret", match_long,
     "Words of 32 hexadecimal digits or more, or of 36 letters of both cases and digits.",
     "0123456789abcdef0123456789abcdef"},
    {0}};
