/* Mail: a message as RFC 5322 has it, handed to an SMTP server, or written to a folder where
 * programs and people of a development read it. */
#ifndef HEARTH_NET_MAIL_H
#define HEARTH_NET_MAIL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/settings.h"
#include "base/strbuf.h"

enum { MAIL_ADDRESS_MAX_BYTES = 254, MAIL_SUBJECT_MAX_BYTES = 400, MAIL_TEXT_MAX_BYTES = 65536 };

struct mail {
    const char *id;             /* unique, of letters, digits and '-': the same for each try */
    const char *to;             /* one address */
    const char *subject, *text; /* UTF-8; lines of text end with "\n" */
};

/* Whether text is an address that mail can be sent to: a dot-atom of ASCII before '@', a name of at
 * least two labels behind it (RFC 5321, sections 4.1.2 and 4.5.3.1). Nothing that it lets pass can
 * end a header or a line of SMTP. */
bool mail_address_is_good(const char *text);

/* Whether there is a way to send mail: SMTP_URL or MAILBOX_DIRECTORY is set. */
bool mail_is_configured(const struct settings *settings);

/* Sends it within 30 seconds; waits. SMTP_URL decides: smtp:// with STARTTLS, which the server must
 * offer, smtps://, or smtp+plain:// for a relay on this host or network. Else a file
 * "<time>-<id>.eml" appears whole in MAILBOX_DIRECTORY. false with ERROR_UNAVAILABLE; err->lasting
 * where the server will never take it. The detail names no address. */
bool mail_send(const struct settings *settings, const struct mail *mail, struct error *err)
    __attribute__((warn_unused_result));

/* Appends the message with its header, in lines of at most 76 characters that end with CRLF, body
 * quoted-printable. false with ERROR_INVALID_REQUEST, and nothing added, where a part is too long,
 * is not UTF-8, or holds what a header must not. */
bool mail_write(const struct settings *settings, const struct mail *mail, int64_t realtime_us,
                struct strbuf *out, struct error *err) __attribute__((warn_unused_result));

#endif
