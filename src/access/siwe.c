/* The lines of a sign-in message, in the order in which EIP-4361 has them. */
#include "access/siwe.h"

#include <string.h>

#include "base/ascii.h"

#define OPENING " wants you to sign in with your Ethereum account:"

struct line {
    const char *text;
    size_t length;
};

struct reader {
    const char *at, *end; /* at is beyond end when the last line was taken */
    struct arena *arena;
    struct siwe *siwe;
};

static bool
is_over(const struct reader *reader)
{
    return reader->at > reader->end;
}

/* The next line without its LF; false at the end. */
static bool
take_line(struct reader *reader, struct line *line)
{
    if (is_over(reader))
        return false;
    size_t left = (size_t)(reader->end - reader->at);
    const char *feed = memchr(reader->at, '\n', left);
    *line = (struct line){reader->at, feed ? (size_t)(feed - reader->at) : left};
    reader->at += line->length + 1;
    return true;
}

/* The rest of the next line when it begins with label; else nothing is taken. */
static bool
take_field(struct reader *reader, const char *label, struct line *rest)
{
    struct reader before = *reader;
    size_t length = strlen(label);
    if (take_line(reader, rest) && rest->length >= length &&
        memcmp(rest->text, label, length) == 0) {
        rest->text += length;
        rest->length -= length;
        return true;
    }
    *reader = before;
    return false;
}

static const char *
keep(const struct reader *reader, const char *text, size_t length)
{
    return arena_strndup(reader->arena, text, length);
}

static bool
is_scheme(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!ascii_is_letter(text[i]) &&
            (i == 0 || text[i] == '\0' || !strchr("0123456789+-.", text[i])))
            return false;
    return length > 0;
}

/* [ scheme "://" ] domain " wants you to sign in with your Ethereum account:" */
static const char *
read_opening(struct reader *reader)
{
    struct line line;
    size_t tail = strlen(OPENING);
    if (!take_line(reader, &line) || line.length <= tail ||
        memcmp(line.text + line.length - tail, OPENING, tail) != 0)
        return "line 1 must be the domain and \"wants you to sign in with your Ethereum "
               "account:\"";
    line.length -= tail;
    const char *mark = memmem(line.text, line.length, "://", 3);
    if (mark) {
        size_t length = (size_t)(mark - line.text);
        if (!is_scheme(line.text, length))
            return "the scheme in line 1 is none";
        reader->siwe->scheme = keep(reader, line.text, length);
        line.text += length + 3;
        line.length -= length + 3;
    }
    if (line.length == 0 || !siwe_authority_check(line.text, line.length))
        return "the domain in line 1 is none";
    reader->siwe->domain = keep(reader, line.text, line.length);
    return NULL;
}

static const char *
read_address(struct reader *reader)
{
    char written[ETHEREUM_TEXT_BYTES];
    struct line line;
    if (!take_line(reader, &line) ||
        !ethereum_address_parse(line.text, line.length, &reader->siwe->address))
        return "line 2 must be an Ethereum address";
    ethereum_address_format(&reader->siwe->address, written);
    if (memcmp(written, line.text, line.length) != 0)
        return "the address in line 2 must be written with its checksum (EIP-55)";
    return NULL;
}

/* LF, a statement and its LF where there is one, LF. */
static const char *
read_statement(struct reader *reader)
{
    struct line line;
    if (!take_line(reader, &line) || line.length != 0)
        return "line 3 must be empty";
    if (!take_line(reader, &line))
        return "line 4 must be the statement, or empty";
    if (line.length == 0)
        return NULL;
    /* EIP-4361: reserved, unreserved and the blank; no percent sign, as nothing is encoded. */
    if (memchr(line.text, '%', line.length) ||
        !siwe_characters_check(line.text, line.length, SIWE_PCHAR "/?#[] "))
        return "the statement holds a character that EIP-4361 does not allow";
    reader->siwe->statement = keep(reader, line.text, line.length);
    if (!take_line(reader, &line) || line.length != 0)
        return "an empty line must follow the statement";
    return NULL;
}

static const char *
read_uri(struct reader *reader)
{
    struct line line;
    struct siwe_uri uri;
    struct siwe *siwe = reader->siwe;
    if (!take_field(reader, "URI: ", &line) || !siwe_uri_parse(line.text, line.length, &uri))
        return "\"URI: \" and a URI must follow";
    siwe->uri = keep(reader, line.text, line.length);
    siwe->uri_scheme = keep(reader, uri.scheme, uri.scheme_length);
    if (uri.authority)
        siwe->uri_authority = keep(reader, uri.authority, uri.authority_length);
    return NULL;
}

static const char *
read_version(struct reader *reader)
{
    struct line line;
    if (!take_field(reader, "Version: ", &line) || line.length != 1 || line.text[0] != '1')
        return "\"Version: 1\" must follow the URI";
    return NULL;
}

static const char *
read_chain(struct reader *reader)
{
    struct line line;
    int64_t id = 0;
    bool taken = take_field(reader, "Chain ID: ", &line) && line.length > 0;
    for (size_t i = 0; taken && i < line.length; i++) {
        int digit = line.text[i] - '0';
        taken = digit >= 0 && digit <= 9 && !__builtin_mul_overflow(id, 10, &id) &&
                !__builtin_add_overflow(id, digit, &id);
    }
    if (!taken)
        return "\"Chain ID: \" and a number must follow the version";
    reader->siwe->chain_id = id;
    return NULL;
}

static const char *
read_nonce(struct reader *reader)
{
    struct line line;
    if (!take_field(reader, "Nonce: ", &line) || line.length < SIWE_NONCE_MIN_CHARACTERS)
        return "\"Nonce: \" and at least 8 letters and digits must follow the chain";
    for (size_t i = 0; i < line.length; i++)
        if (!ascii_is_letter(line.text[i]) && (line.text[i] < '0' || line.text[i] > '9'))
            return "the nonce must be letters and digits";
    reader->siwe->nonce = keep(reader, line.text, line.length);
    return NULL;
}

static bool
is_time(const struct line *line, int64_t *us)
{
    return line->length > 0 && siwe_time_parse(line->text, line->length, us) == line->length;
}

static const char *
read_times(struct reader *reader)
{
    struct line line;
    struct siwe *siwe = reader->siwe;
    if (!take_field(reader, "Issued At: ", &line) || !is_time(&line, &siwe->issued_us))
        return "\"Issued At: \" and a time as RFC 3339 has it must follow the nonce";
    siwe->expires_us = INT64_MAX;
    siwe->not_before_us = INT64_MIN;
    if (take_field(reader, "Expiration Time: ", &line) && !is_time(&line, &siwe->expires_us))
        return "\"Expiration Time: \" must be a time as RFC 3339 has it";
    if (take_field(reader, "Not Before: ", &line) && !is_time(&line, &siwe->not_before_us))
        return "\"Not Before: \" must be a time as RFC 3339 has it";
    return NULL;
}

static const char *
read_request_id(struct reader *reader)
{
    struct line line;
    if (!take_field(reader, "Request ID: ", &line))
        return NULL;
    if (!siwe_characters_check(line.text, line.length, SIWE_PCHAR))
        return "the request id holds a character that EIP-4361 does not allow";
    reader->siwe->request_id = keep(reader, line.text, line.length);
    return NULL;
}

static const char *
read_resources(struct reader *reader)
{
    struct line line;
    struct siwe_uri uri;
    if (!take_field(reader, "Resources:", &line))
        return NULL;
    if (line.length != 0)
        return "\"Resources:\" must stand alone";
    while (take_field(reader, "- ", &line)) {
        if (!siwe_uri_parse(line.text, line.length, &uri))
            return "each resource must be a URI";
        reader->siwe->resource_count++;
    }
    return NULL;
}

const char *
siwe_parse(const char *message, size_t length, struct arena *arena, struct siwe *siwe)
{
    static const char *(*const readers[])(struct reader *) = {
        read_opening, read_address, read_statement, read_uri,        read_version,
        read_chain,   read_nonce,   read_times,     read_request_id, read_resources};
    *siwe = (struct siwe){0};
    struct reader reader = {message, message + length, arena, siwe};
    if (length > SIWE_MESSAGE_MAX_BYTES)
        return "the message is longer than 8192 bytes";
    for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++) {
        const char *complaint = readers[i](&reader);
        if (complaint)
            return complaint;
    }
    return is_over(&reader) ? NULL : "something follows the end of the message";
}
