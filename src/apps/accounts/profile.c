/* The profile as the study platform's pages know it: parts of the account, and what is kept in its
 * profile under the same names. */
#include "access/account_change.h"
#include "access/account_rules.h"
#include "access/caller.h"
#include "apps/accounts/accounts.h"
#include "base/clock.h"

#include <stddef.h>
#include <string.h>

struct profile_detail {
    const char *bio, *learning_goals, *study_style, *difficulty_preference;
    bool email_notifications, study_reminders, progress_reports, marketing_emails, profile_public,
        show_progress, show_study_time;
};

struct profile {
    const char *id, *username, *email;
    const char *first_name, *last_name, *phone_number, *avatar, *university, *study_level;
    bool has_study_year;
    int64_t study_year;
    const char *field_of_study, *timezone, *language, *preferred_study_time;
    int64_t daily_study_goal_minutes;
    const char *acquisition_source, *acquisition_details;
    bool is_verified, onboarding_completed;
    const char *last_login, *created_at, *updated_at;
    struct profile_detail *profile;
};

static const char *const study_levels[] = {"bachelor", "master", "phd", "other", "", NULL};
static const char *const languages[] = {"en", "no", "sv", "da", NULL};
static const char *const study_times[] = {"morning", "afternoon", "evening", "night", "", NULL};
static const char *const study_styles[] = {"visual",  "auditory", "kinesthetic",
                                           "reading", "mixed",    NULL};
static const char *const difficulties[] = {"easy", "medium", "hard", "adaptive", NULL};

static const struct profile profile_initial = {
    .timezone = "UTC", .language = "en", .daily_study_goal_minutes = 60};
static const struct profile_detail detail_initial = {
    .study_style = "mixed",
    .difficulty_preference = "adaptive",
    .email_notifications = true,
    .study_reminders = true,
    .progress_reports = true,
    .show_progress = true,
    .show_study_time = true,
};

#define TEXT(T, m, most, text) STRING(T, m, .flags = FIELD_NULLABLE, .max = (most), .doc = (text))
#define CHOICE(T, m, of, text) STRING(T, m, .flags = FIELD_NULLABLE, .choices = (of), .doc = (text))
#define SWITCH(T, m, text) BOOLEAN(T, m, .flags = FIELD_NULLABLE, .doc = (text))

/* What may be written, and lies in the account's profile. */
#define KEPT_ROWS                                                                                  \
    TEXT(struct profile, first_name, 150, "Of the person."),                                       \
        TEXT(struct profile, last_name, 150, "Of the person."),                                    \
        TEXT(struct profile, university, 200, "Where they study."),                                \
        CHOICE(struct profile, study_level, study_levels, "For which degree."),                    \
        INTEGER(struct profile, study_year, .flags = FIELD_NULLABLE, .min = 1, .max = 10,          \
                PRESENT(struct profile, has_study_year), .doc = "Of the study."),                  \
        TEXT(struct profile, field_of_study, 200, "What they study."),                             \
        TEXT(struct profile, timezone, 64, "By its IANA name."),                                   \
        CHOICE(struct profile, language, languages, "Of pages and mails."),                        \
        CHOICE(struct profile, preferred_study_time, study_times, "Of the day."),                  \
        INTEGER(struct profile, daily_study_goal_minutes, .flags = FIELD_NULLABLE, .min = 1,       \
                .max = 1440, .doc = "Minutes a day."),                                             \
        TEXT(struct profile, acquisition_source, 100, "How they came here."),                      \
        TEXT(struct profile, acquisition_details, 500, "More of that."),                           \
        SWITCH(struct profile, onboarding_completed, "Whether the tour was taken.")

#define DETAIL_ROWS                                                                                \
    TEXT(struct profile_detail, bio, 500, "About the person."),                                    \
        TEXT(struct profile_detail, learning_goals, 1000, "What they want to learn."),             \
        CHOICE(struct profile_detail, study_style, study_styles, "How they learn best."),          \
        CHOICE(struct profile_detail, difficulty_preference, difficulties, "Of exercises."),       \
        SWITCH(struct profile_detail, email_notifications, "Wanted."),                             \
        SWITCH(struct profile_detail, study_reminders, "Wanted."),                                 \
        SWITCH(struct profile_detail, progress_reports, "Wanted."),                                \
        SWITCH(struct profile_detail, marketing_emails, "Wanted."),                                \
        SWITCH(struct profile_detail, profile_public, "Whether others see it."),                   \
        SWITCH(struct profile_detail, show_progress, "Whether others see it."),                    \
        SWITCH(struct profile_detail, show_study_time, "Whether others see it.")

static const struct field kept_rows[] = {KEPT_ROWS, {.name = NULL}};
static const struct field detail_rows[] = {DETAIL_ROWS, {.name = NULL}};

const struct schema profile_detail_schema = {
    .name = "StudyProfileDetail",
    .size = sizeof(struct profile_detail),
    .initial = &detail_initial,
    .fields = detail_rows,
    .doc = "What a person says of themselves, and which messages they want.",
};

const struct schema profile_detail_patch_schema = {
    .name = "StudyProfileDetailPatch",
    .size = sizeof(struct profile_detail),
    .fields = detail_rows,
    .doc = "What is to change; the rest stays. null: as for a new account.",
    .example = "{\"bio\":\"Reads logic.\",\"study_style\":\"reading\"}",
};

const struct schema profile_patch_schema = {
    .name = "StudyProfilePatch",
    .size = sizeof(struct profile),
    .fields =
        (const struct field[]){
            STRING(struct profile, username, .max = LOGIN_MAX, .doc = "Another user name."),
            TEXT(struct profile, phone_number, 17, "+ and 9 to 15 digits; empty: none."),
            KEPT_ROWS,
            {.name = NULL}},
    .doc = "What is to change; the rest stays. null: as for a new account.",
    .example = "{\"university\":\"Oslo\",\"study_level\":\"master\"}",
};

const struct schema profile_schema = {
    .name = "StudyProfile",
    .size = sizeof(struct profile),
    .initial = &profile_initial,
    .fields = (const struct field[]){TEXT(struct profile, id, 36, "A UUID."),
                                     TEXT(struct profile, username, 30, "Unique."),
                                     TEXT(struct profile, email, 254,
                                          "Changed by PATCH /api/v1/auth/me."),
                                     TEXT(struct profile, phone_number, 17, "+ and digits."),
                                     TEXT(struct profile, avatar, 512, "A picture."),
                                     KEPT_ROWS,
                                     SWITCH(struct profile, is_verified, "Whether the address is."),
                                     TEXT(struct profile, last_login, 32, "When."),
                                     TEXT(struct profile, created_at, 32, "When."),
                                     TEXT(struct profile, updated_at, 32, "When."),
                                     OBJECT(struct profile, profile, &profile_detail_schema,
                                            .flags = FIELD_NULLABLE, .doc = "As /profile-detail."),
                                     {.name = NULL}},
    .doc = "An account as the study platform shows it.",
};

/* The members of a body that rows name, as a patch: as they were sent, and checked by then. NULL
 * where there is none. */
static const char *
patch_of(struct request *request, const struct field *rows)
{
    json_t *patch = schema_keep(json_object(), &request->arena);
    struct strbuf text;
    for (; rows->name; rows++) {
        json_t *value = json_object_get(request->document, rows->name);
        if (value)
            json_object_set(patch, rows->name, value);
    }
    if (json_object_size(patch) == 0)
        return NULL;
    strbuf_init(&text, &request->arena, 512);
    schema_encode_json(&text, patch);
    return text.data;
}

/* What is kept, as far as it is what the schema says; else what a new account has. */
static void *
read_kept(const struct schema *schema, const struct account *account, struct arena *arena)
{
    struct error ignored = {0};
    const char *text = account->profile ? account->profile : "{}";
    const json_t *document = schema_parse(text, strlen(text), arena, &ignored);
    void *value = document ? schema_decode(schema, document, "", arena, &ignored) : NULL;
    if (!value)
        value = memcpy(arena_alloc(arena, schema->size), schema->initial, schema->size);
    return value;
}

static const char *
moment(int64_t micros, struct arena *arena)
{
    return micros != 0 ? clock_text(arena, micros) : NULL;
}

bool
study_show_profile(struct request *request, struct error *err)
{
    const struct account *account;
    struct arena *arena = &request->arena;
    if (!present_account(request, &account, err))
        return false;
    struct profile *answer = read_kept(&profile_schema, account, arena);
    answer->id = account->id;
    answer->username = account->user_name;
    answer->email = account->email;
    answer->phone_number = account->phone_number;
    answer->avatar = account->picture_url;
    answer->is_verified = account->email_verified;
    answer->last_login = moment(account->last_login_us, arena);
    answer->created_at = moment(account->created_us, arena);
    answer->updated_at = moment(account->updated_us, arena);
    answer->profile = read_kept(&profile_detail_schema, account, arena);
    response_json(request, 200, &profile_schema, answer);
    return true;
}

bool
study_change_profile(struct request *request, struct error *err)
{
    const struct profile *wish = request->input;
    const struct account *account;
    bool clears_phone = json_is_null(json_object_get(request->document, "phone_number"));
    if (!present_account(request, &account, err))
        return false;
    const struct account_change change = {
        .user_name = wish->username,
        .phone_number = clears_phone ? "" : wish->phone_number,
        .profile = patch_of(request, kept_rows),
    };
    bool has_change = change.user_name || change.phone_number || change.profile;
    return (!has_change || account_change(request, account, &change, err)) &&
           study_show_profile(request, err);
}

bool
study_show_detail(struct request *request, struct error *err)
{
    const struct account *account;
    if (!present_account(request, &account, err))
        return false;
    response_json(request, 200, &profile_detail_schema,
                  read_kept(&profile_detail_schema, account, &request->arena));
    return true;
}

bool
study_change_detail(struct request *request, struct error *err)
{
    const struct account *account;
    const struct account_change change = {.profile = patch_of(request, detail_rows)};
    if (!present_account(request, &account, err) ||
        (change.profile && !account_change(request, account, &change, err)))
        return false;
    return study_show_detail(request, err);
}
