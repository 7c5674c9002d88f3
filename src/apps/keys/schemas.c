/* What the routes of keys take and give. */
#include "http/scope.h"
#include "apps/keys/keys.h"
#include "base/id.h"
#include "http/route.h"

enum { EXPIRES_IN_MAX_S = 10 * 366 * 86400 };

#define TIME(member, text, ...)                                                                    \
    STRING(struct key_view, member, __VA_ARGS__.doc = (text),                                      \
           .example = "\"2026-11-21T18:00:00.000Z\"")

const struct schema key_view_schema = {
    .name = "Key",
    .size = sizeof(struct key_view),
    .fields =
        (const struct field[]){
            STRING(struct key_view, id, .flags = FIELD_REQUIRED, .doc = "Its id; no secret."),
            STRING(struct key_view, name, .flags = FIELD_REQUIRED, .doc = "What it is for."),
            STRING(struct key_view, prefix, .flags = FIELD_REQUIRED,
                   .doc = "How the key begins, to tell it from others."),
            STRING(struct key_view, status, .flags = FIELD_REQUIRED,
                   .choices = (const char *const[]){"active", "expired", "revoked", NULL},
                   .doc = "Whether it may be used."),
            STRING(struct key_view, account_id, .flags = FIELD_NULLABLE,
                   .doc = "The account that it belongs to."),
            STRING(struct key_view, organisation_id, .flags = FIELD_NULLABLE,
                   .doc = "The organisation that it belongs to."),
            STRINGS(struct key_view, scopes, .flags = FIELD_REQUIRED,
                    .doc = "What it may be used for."),
            STRINGS(struct key_view, models, .flags = FIELD_NULLABLE,
                    .doc = "The models that it may ask for; null: all."),
            INTEGER(struct key_view, rate_count, .flags = FIELD_NULLABLE, .max = INT64_MAX,
                    PRESENT(struct key_view, has_rate),
                    .doc = "Requests that it may make in rate_seconds; null: as the settings say."),
            INTEGER(struct key_view, rate_seconds, .flags = FIELD_NULLABLE, .max = INT64_MAX,
                    PRESENT(struct key_view, has_rate), .doc = "See rate_count."),
            INTEGER(struct key_view, streams, .flags = FIELD_NULLABLE, .max = INT64_MAX,
                    PRESENT(struct key_view, has_streams),
                    .doc = "Streams that it may have at once; null: as the settings say."),
            TIME(created_at, "When it was made.", .flags = FIELD_REQUIRED, ),
            TIME(expires_at, "When it ends; null: never.", .flags = FIELD_NULLABLE, ),
            TIME(last_used_at, "When it was last used, to the minute.", .flags = FIELD_NULLABLE, ),
            TIME(revoked_at, "When it was revoked.", .flags = FIELD_NULLABLE, ),
            TIME(previous_until, "How long the key before the last rotation is good.",
                 .flags = FIELD_NULLABLE, ),
            {.name = NULL}},
    .doc = "An API key, without the key itself.",
};

const struct schema key_secret_schema = {
    .name = "KeySecret",
    .size = sizeof(struct key_secret_view),
    .fields = (const struct field[]){STRING(struct key_secret_view, key, .flags = FIELD_REQUIRED,
                                            .doc = "The key. It is shown this once."),
                                     OBJECT(struct key_secret_view, details, &key_view_schema,
                                            .flags = FIELD_REQUIRED, .doc = "What it may do."),
                                     {.name = NULL}},
    .doc = "A key that was just made.",
};

const struct schema key_list_schema = {
    .name = "KeyList",
    .size = sizeof(struct key_list_view),
    .fields = (const struct field[]){ARRAY(struct key_list_view, keys, &key_view_schema,
                                           .flags = FIELD_REQUIRED,
                                           .doc = "In the order they were made."),
                                     STRING(struct key_list_view, next, .flags = FIELD_NULLABLE,
                                            .doc = "What after is for the next page; null: none."),
                                     {.name = NULL}},
    .doc = "A page of keys.",
};

#define WISH_FIELDS(needed)                                                                        \
    STRING(struct key_wish, name, .flags = (needed) | FIELD_TRIMMED | FIELD_NOT_BLANK, .min = 1,   \
           .max = KEY_NAME_CHARACTERS, .doc = "What it is for.", .example = "\"reports\""),        \
        STRINGS(struct key_wish, scopes, .flags = (needed), .min = 1, .max = 16,                   \
                .choices = scope_names, .doc = "What it may be used for.",                         \
                .example = "[\"text\", \"gateway\"]"),                                             \
        STRINGS(struct key_wish, models, .flags = FIELD_NULLABLE, .min = 1, .max = KEY_MODELS_MAX, \
                .doc = "The models that it may ask for; null or absent: all."),                    \
        INTEGER(struct key_wish, rate_count, .flags = FIELD_NULLABLE, .min = 1, .max = 1000000000, \
                PRESENT(struct key_wish, has_rate_count),                                          \
                .doc = "Requests that it may make in rate_seconds, all of its routes together."),  \
        INTEGER(struct key_wish, rate_seconds, .flags = FIELD_NULLABLE, .min = 1, .max = 86400,    \
                PRESENT(struct key_wish, has_rate_seconds), .doc = "See rate_count."),             \
        INTEGER(struct key_wish, streams, .flags = FIELD_NULLABLE, .min = 1, .max = 1000000,       \
                PRESENT(struct key_wish, has_streams),                                             \
                .doc = "Streams that it may have at once."),                                       \
        INTEGER(struct key_wish, expires_in, .flags = FIELD_NULLABLE, .min = 1,                    \
                .max = EXPIRES_IN_MAX_S, PRESENT(struct key_wish, has_expires_in),                 \
                .doc = "Seconds from now until it ends; null: never.", .example = "7776000")

static void
check_wish(const void *value, struct schema_errors *errors)
{
    const struct key_wish *wish = value;
    const char *complaint = wish->models.items ? key_models_complaint(&wish->models) : NULL;
    if (complaint)
        schema_complain(errors, "models", "%s", complaint);
    if (wish->has_rate_count != wish->has_rate_seconds)
        schema_complain(errors, wish->has_rate_count ? "rate_seconds" : "rate_count",
                        "must be given with the other one");
}

static const char *
account_complaint(const char *text)
{
    return uuid_is_valid(text) ? NULL : "must be the id of an existing account";
}

static const char *
organisation_complaint(const char *text)
{
    return uuid_is_valid(text) ? NULL : "must be the id of an existing organisation";
}

const struct schema key_wish_schema = {
    .name = "KeyWish",
    .size = sizeof(struct key_wish),
    .fields =
        (const struct field[]){
            WISH_FIELDS(FIELD_REQUIRED),
            STRING(struct key_wish, account_id, .flags = FIELD_NULLABLE, .check = account_complaint,
                   .pattern_hint = "019a...",
                   .doc = "The account that it belongs to; it may do no more than that."),
            STRING(struct key_wish, organisation_id, .flags = FIELD_NULLABLE,
                   .check = organisation_complaint, .pattern_hint = "019a...",
                   .doc = "The organisation that it belongs to."),
            {.name = NULL}},
    .closed = true,
    .doc = "What a key is to be.",
    .example = "{\"name\": \"reports\", \"scopes\": [\"text\"], \"expires_in\": 7776000}",
    .check = check_wish,
};

const struct schema key_change_schema = {
    .name = "KeyChange",
    .size = sizeof(struct key_wish),
    .fields = (const struct field[]){WISH_FIELDS(0), {.name = NULL}},
    .closed = true,
    .doc = "What is to be otherwise: absent members stay, null takes a bound away (RFC 7396).",
    .example = "{\"name\": \"old reports\", \"models\": null}",
    .check = check_wish,
};

const struct schema key_rotation_schema = {
    .name = "KeyRotation",
    .size = sizeof(struct key_rotation),
    .fields = (const struct field[]){INTEGER(struct key_rotation, overlap, .min = 0,
                                             .max = KEY_OVERLAP_MAX_S, .default_json = "0",
                                             .doc = "Seconds that the old key is still good.",
                                             .example = "3600"),
                                     {.name = NULL}},
    .closed = true,
    .doc = "How a key gets a new secret.",
};

static const char *
key_complaint(const char *text)
{
    return uuid_is_valid(text) ? NULL : "must be the id of a key";
}

const struct schema key_list_query_schema = {
    .name = "KeyListQuery",
    .size = sizeof(struct key_list_query),
    .initial = &(const struct key_list_query){.limit = 50},
    .fields =
        (const struct field[]){
            INTEGER(struct key_list_query, limit, .min = 1, .max = 200, .default_json = "50",
                    .doc = "Most keys of the page."),
            STRING(struct key_list_query, after, .check = key_complaint, .pattern_hint = "019a...",
                   .doc = "next of the page before this one."),
            STRING(struct key_list_query, account_id, .check = account_complaint,
                   .pattern_hint = "019a...", .doc = "Only the keys of this account."),
            BOOLEAN(struct key_list_query, revoked, .default_json = "false",
                    .doc = "Those that were revoked, too."),
            {.name = NULL}},
};
