/* Whatever is given as an address, a user name, a phone number or a mail: what passes can end no
 * line of a header and no word of SMTP, a normal form stays what it is, and a mail's lines are
 * short. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "access/account_rules.h"
#include "base/utf8.h"
#include "net/mail.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void
check_names(const char *text, struct arena *arena)
{
    const char *normal = user_name_normal(text, arena);
    if (strcmp(user_name_normal(normal, arena), normal) != 0)
        abort();
    const char *folded = user_name_folded(text, arena);
    if (strcmp(user_name_folded(folded, arena), folded) != 0)
        abort();
    if (!user_name_complaint(normal) && strpbrk(normal, " \r\n\t<>,;:'\"\\/"))
        abort();
    if (!email_complaint(text) && (strpbrk(text, " \r\n\t<>,;:\"\\()[]") || strlen(text) > 254))
        abort();
    if (!phone_complaint(text) && strspn(text, "+0123456789") != strlen(text))
        abort();
}

/* No line is over 998 bytes or ends without CR, and the header ends once, before the body. */
static void
check_message(const struct strbuf *out)
{
    const char *end = strstr(out->data, "\r\n\r\n");
    if (!end || strlen(out->data) != out->length)
        abort();
    for (const char *line = out->data, *next; *line; line = next + 1) {
        next = strchr(line, '\n');
        if (!next || next == line || next[-1] != '\r' || next - line > 998)
            abort();
        if (memchr(line, '\r', (size_t)(next - line - 1)))
            abort();
        if (line < end && strncasecmp(line, "bcc:", 4) == 0)
            abort();
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct arena arena = {0};
    struct error err = {0};
    struct strbuf out;
    const char *text = arena_strndup(&arena, (const char *)bytes, size);
    const char *middle = text + strcspn(text, "\n");
    const char *first = arena_strndup(&arena, text, (size_t)(middle - text));
    const char *rest = *middle ? middle + 1 : middle;
    const struct settings settings = {.app_name = first, .mail_from = "hearth@example.org"};
    const struct mail mails[] = {{"id-1", "ada@example.com", first, rest},
                                 {"id-1", first, "subject", rest},
                                 {"id-1", "ada@example.com", rest, "text\n"}};
    size_t count;
    if (utf8_count(text, strlen(text), &count))
        check_names(text, &arena);
    for (size_t i = 0; i < sizeof(mails) / sizeof(mails[0]); i++) {
        strbuf_init(&out, &arena, 256);
        error_clear(&err);
        if (mail_write(&settings, &mails[i], 0, &out, &err))
            check_message(&out);
        else if (err.code == ERROR_NONE || out.length > 0)
            abort();
    }
    arena_release(&arena);
    return 0;
}
