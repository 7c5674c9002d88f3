/* Where mails go: an SMTP server, by libcurl, or a folder. */
#include "net/mail.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

enum { CONNECT_TIMEOUT_MS = 5000, TIMEOUT_MS = 30000, RETRY_S = 60 };

bool
mail_is_configured(const struct settings *settings)
{
    return settings->smtp_url[0] != '\0' || settings->mailbox_directory[0] != '\0';
}

/* How a server is reached: an address that libcurl knows, and how much of TLS it must have. */
struct route_to_server {
    const char *url;
    long tls;
};

static bool
find_server(const char *smtp_url, struct arena *arena, struct route_to_server *server)
{
    static const struct {
        const char *scheme, *as;
        long tls;
    } schemes[] = {
        {"smtp://", "smtp://", CURLUSESSL_ALL},
        {"smtps://", "smtps://", CURLUSESSL_ALL},
        {"smtp+plain://", "smtp://", CURLUSESSL_NONE},
    };
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        size_t length = strlen(schemes[i].scheme);
        if (strncmp(smtp_url, schemes[i].scheme, length) == 0) {
            server->url = arena_printf(arena, "%s%s", schemes[i].as, smtp_url + length);
            server->tls = schemes[i].tls;
            return true;
        }
    }
    return false;
}

struct upload {
    const char *at;
    size_t left;
};

static size_t
give_bytes(char *bytes, size_t size, size_t count, void *data)
{
    struct upload *upload = data;
    size_t length = size * count < upload->left ? size * count : upload->left;
    memcpy(bytes, upload->at, length);
    upload->at += length;
    upload->left -= length;
    return length;
}

static CURLcode
perform(CURL *curl, const struct route_to_server *server, const char *from, const char *to,
        struct upload *upload)
{
    struct curl_slist *recipients = curl_slist_append(NULL, to);
    curl_easy_setopt(curl, CURLOPT_URL, server->url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(curl, CURLOPT_USE_SSL, server->tls);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)TIMEOUT_MS);
    curl_easy_setopt(curl, CURLOPT_MAIL_FROM, from);
    curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, recipients);
    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)upload->left);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, give_bytes);
    curl_easy_setopt(curl, CURLOPT_READDATA, upload);
    CURLcode result = curl_easy_perform(curl);
    curl_slist_free_all(recipients);
    return result;
}

/* Replies to RCPT and DATA after which no later try helps (RFC 5321, section 4.2.3): no such
 * mailbox, not here, name not allowed, message refused. */
static bool
is_final(long reply)
{
    return reply == 550 || reply == 551 || reply == 553 || reply == 554;
}

static bool
send_by_smtp(const struct settings *settings, const struct mail *mail, const struct strbuf *message,
             struct error *err)
{
    struct arena *arena = message->arena;
    struct route_to_server server;
    if (!find_server(settings->smtp_url, arena, &server))
        return error_set_retry(err, ERROR_UNAVAILABLE, RETRY_S,
                               "SMTP_URL begins with smtp://, smtps:// or smtp+plain://");
    CURL *curl = curl_easy_init();
    if (!curl)
        return error_set(err, ERROR_INTERNAL, "libcurl does not start");
    struct upload upload = {message->data, message->length};
    if (settings->smtp_ca_file && settings->smtp_ca_file[0] != '\0')
        curl_easy_setopt(curl, CURLOPT_CAINFO, settings->smtp_ca_file);
    CURLcode result = perform(curl, &server, arena_printf(arena, "<%s>", settings->mail_from),
                              arena_printf(arena, "<%s>", mail->to), &upload);
    long reply = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &reply);
    curl_easy_cleanup(curl);
    if (result == CURLE_OK)
        return true;
    err->lasting = is_final(reply);
    return error_set_retry(err, ERROR_UNAVAILABLE, RETRY_S, "%s (last reply %ld)",
                           curl_easy_strerror(result), reply);
}

static bool
write_all(int descriptor, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = write(descriptor, bytes, length);
        if (written < 0 && errno != EINTR)
            return false;
        if (written > 0) {
            bytes += written;
            length -= (size_t)written;
        }
    }
    return true;
}

static bool
save_to_folder(const struct settings *settings, const struct mail *mail, int64_t realtime_us,
               const struct strbuf *message, struct error *err)
{
    struct arena *arena = message->arena;
    const char *folder = settings->mailbox_directory;
    const char *hidden = arena_printf(arena, "%s/.%s", folder, mail->id);
    const char *name =
        arena_printf(arena, "%s/%lld-%s.eml", folder, (long long)(realtime_us / 1000), mail->id);
    int descriptor = open(hidden, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool done = descriptor >= 0 && write_all(descriptor, message->data, message->length);
    if (descriptor >= 0 && close(descriptor) < 0)
        done = false;
    if (done && rename(hidden, name) == 0)
        return true;
    return error_set_retry(err, ERROR_UNAVAILABLE, RETRY_S, "no file in MAILBOX_DIRECTORY: %s",
                           strerrordesc_np(errno));
}

bool
mail_send(const struct settings *settings, const struct mail *mail, struct error *err)
{
    if (!mail_is_configured(settings))
        return error_set(err, ERROR_UNAVAILABLE,
                         "neither SMTP_URL nor MAILBOX_DIRECTORY is set: no mail is sent");
    struct arena arena = {0};
    struct strbuf message;
    strbuf_init(&message, &arena, 4096);
    int64_t now_us = clock_realtime_us();
    bool done = mail_write(settings, mail, now_us, &message, err);
    if (!done)
        err->lasting = true;
    else if (settings->smtp_url[0] != '\0')
        done = send_by_smtp(settings, mail, &message, err);
    else
        done = save_to_folder(settings, mail, now_us, &message, err);
    arena_release(&arena);
    return done;
}
