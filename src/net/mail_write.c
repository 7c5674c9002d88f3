/* A message as text: its header, and its body in quoted-printable. */
#include "net/mail.h"

#include <string.h>
#include <time.h>

#include "base/ascii.h"
#include "base/utf8.h"

enum {
    LOCAL_MAX_BYTES = 64,
    LABEL_MAX_BYTES = 63,
    LINE_MAX = 76,
    WORD_BYTES = 39, /* of text in an encoded word, so that a line with "Subject: " is 76 at most */
    PLAIN_MAX_BYTES = 60,
};

static bool
is_alphanumeric(char byte)
{
    return ascii_is_letter(byte) || (byte >= '0' && byte <= '9');
}

static bool
local_is_good(const char *text, size_t length)
{
    if (length == 0 || length > LOCAL_MAX_BYTES || text[0] == '.' || text[length - 1] == '.')
        return false;
    for (size_t i = 0; i < length; i++) {
        bool is_dot = text[i] == '.' && text[i + 1] != '.';
        if (!is_dot && !is_alphanumeric(text[i]) && !strchr("!#$%&'*+-/=?^_`{|}~", text[i]))
            return false;
    }
    return true;
}

static bool
label_is_good(const char *text, size_t length)
{
    if (length == 0 || length > LABEL_MAX_BYTES || text[0] == '-' || text[length - 1] == '-')
        return false;
    for (size_t i = 0; i < length; i++)
        if (!is_alphanumeric(text[i]) && text[i] != '-')
            return false;
    return true;
}

static bool
domain_is_good(const char *text)
{
    size_t labels = 0, length = 0;
    for (;; text += length + 1, labels++) {
        length = strcspn(text, ".");
        if (!label_is_good(text, length))
            return false;
        if (text[length] == '\0')
            break;
    }
    /* The last one is no number: an address of a host is none of a person. */
    return labels > 0 && strspn(text, "0123456789") < length;
}

bool
mail_address_is_good(const char *text)
{
    const char *at = strrchr(text, '@');
    return at && strlen(text) <= MAIL_ADDRESS_MAX_BYTES &&
           local_is_good(text, (size_t)(at - text)) && domain_is_good(at + 1);
}

static bool
text_is_good(const char *text, size_t max_bytes)
{
    size_t count;
    return strlen(text) <= max_bytes && utf8_count(text, strlen(text), &count);
}

static bool
subject_is_good(const char *subject)
{
    for (const char *at = subject; *at; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            return false;
    return text_is_good(subject, MAIL_SUBJECT_MAX_BYTES);
}

static void
add_base64(struct strbuf *out, const unsigned char *bytes, size_t length)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < length; i += 3) {
        size_t left = length - i;
        uint32_t bits = (uint32_t)bytes[i] << 16 | (left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0) |
                        (left > 2 ? bytes[i + 2] : 0);
        strbuf_add_char(out, digits[bits >> 18]);
        strbuf_add_char(out, digits[bits >> 12 & 63]);
        strbuf_add_char(out, left > 1 ? digits[bits >> 6 & 63] : '=');
        strbuf_add_char(out, left > 2 ? digits[bits & 63] : '=');
    }
}

/* As it is where it is short and of letters, digits and simple marks, else in encoded words, each
 * of whole characters. */
static void
add_words(struct strbuf *out, const char *text)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 -_'/!";
    size_t length = strlen(text);
    if (length <= PLAIN_MAX_BYTES && strspn(text, plain) == length) {
        strbuf_add_text(out, text);
        return;
    }
    while (length > 0) {
        size_t taken = 0;
        for (size_t bytes; taken < length; taken += bytes) {
            utf8_decode(text + taken, &bytes);
            if (taken + bytes > WORD_BYTES)
                break;
        }
        strbuf_add_text(out, "=?utf-8?B?");
        add_base64(out, (const unsigned char *)text, taken);
        strbuf_add_text(out, length > taken ? "?=\r\n " : "?=");
        text += taken;
        length -= taken;
    }
}

/* RFC 5322, section 3.3; by hand, since strftime() writes in the locale's language. */
static void
add_date(struct strbuf *out, int64_t realtime_us)
{
    static const char days[] = "SunMonTueWedThuFriSat",
                      months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    time_t seconds = (time_t)(realtime_us / 1000000);
    struct tm tm;
    gmtime_r(&seconds, &tm);
    strbuf_printf(out, "Date: %.3s, %02d %.3s %d %02d:%02d:%02d +0000\r\n",
                  days + 3 * (size_t)tm.tm_wday, tm.tm_mday, months + 3 * (size_t)tm.tm_mon,
                  tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

/* Quoted-printable (RFC 2045, section 6.7). */
static void
add_body(struct strbuf *out, const char *text)
{
    size_t column = 0;
    for (const char *at = text; *at; at++) {
        unsigned char byte = (unsigned char)*at;
        if (byte == '\n') {
            strbuf_add_text(out, "\r\n");
            column = 0;
            continue;
        }
        bool is_last = at[1] == '\n' || at[1] == '\0';
        bool is_plain = byte > ' ' && byte < 0x7f && byte != '=';
        bool is_blank = (byte == ' ' || byte == '\t') && !is_last;
        size_t width = is_plain || is_blank ? 1 : 3;
        if (column + width > LINE_MAX - 1) {
            strbuf_add_text(out, "=\r\n");
            column = 0;
        }
        if (width == 1)
            strbuf_add_char(out, (char)byte);
        else
            strbuf_printf(out, "=%02X", byte);
        column += width;
    }
    if (column > 0)
        strbuf_add_text(out, "\r\n");
}

static bool
check(const struct settings *settings, const struct mail *mail, struct error *err)
{
    const char *wrong = NULL;
    if (!mail_address_is_good(settings->mail_from))
        wrong = "MAIL_FROM is no address";
    else if (!mail_address_is_good(mail->to))
        wrong = "this is no address that mail can be sent to";
    else if (!subject_is_good(settings->app_name))
        wrong = "APP_NAME holds what a header must not";
    else if (!subject_is_good(mail->subject))
        wrong = "the subject is too long, or holds what a header must not";
    else if (!text_is_good(mail->text, MAIL_TEXT_MAX_BYTES))
        wrong = "the text is too long or not UTF-8";
    else if (mail->id[strspn(mail->id, "0123456789abcdefghijklmnopqrstuvwxyz-")] != '\0')
        wrong = "the id of a mail is of small letters, digits and '-'";
    return !wrong || error_set(err, ERROR_INVALID_REQUEST, "%s", wrong);
}

bool
mail_write(const struct settings *settings, const struct mail *mail, int64_t realtime_us,
           struct strbuf *out, struct error *err)
{
    if (!check(settings, mail, err))
        return false;
    add_date(out, realtime_us);
    strbuf_add_text(out, "From: ");
    add_words(out, settings->app_name);
    strbuf_printf(out, "\r\n <%s>\r\nTo: <%s>\r\nSubject: ", settings->mail_from, mail->to);
    add_words(out, mail->subject);
    strbuf_printf(out,
                  "\r\nMessage-ID: <%s%s>\r\n"
                  "Auto-Submitted: auto-generated\r\n"
                  "MIME-Version: 1.0\r\n"
                  "Content-Type: text/plain; charset=utf-8\r\n"
                  "Content-Transfer-Encoding: quoted-printable\r\n\r\n",
                  mail->id, strrchr(settings->mail_from, '@'));
    add_body(out, mail->text);
    return true;
}
