/* Inside of the settings: what a row of a table is, and what reading one fills. Only the files
 * settings*.c include this. */
#ifndef HEARTH_BASE_SETTINGS_ROW_H
#define HEARTH_BASE_SETTINGS_ROW_H

#include "base/settings.h"

enum setting_type {
    SETTING_TEXT,    /* const char *; minimum and maximum count bytes */
    SETTING_LIST,    /* const char *: comma, line or JSON list, kept as a comma list */
    SETTING_URL,     /* const char *: http or https, kept without a trailing slash */
    SETTING_ADDRESS, /* const char *: http or https with a path and query, kept as it is, or "" */
    SETTING_CHOICE,  /* const char *: one of choices, in any case, kept as written there; "" where
                        that is the default */
    SETTING_BOOLEAN, /* bool */
    SETTING_INTEGER, /* int64_t */
    SETTING_BYTES,   /* int64_t; K, M and G are taken as 2^10, 2^20 and 2^30 */
    SETTING_NUMBER,  /* double */
    SETTING_MICROS,  /* int64_t: a decimal number, kept in millionths */
    SETTING_RATE,    /* struct rate; minimum and maximum bound the count */
};

struct setting {
    const char *name;
    const char *alias; /* a second name, or NULL */
    enum setting_type type;
    bool secret;         /* may come from a file of its own; never shown */
    size_t offset;       /* of the member it fills */
    const char *initial; /* the default, as text; NULL: the member stays as it is */
    double minimum;
    double maximum;             /* 0 and 0: only the type bounds it */
    const char *const *choices; /* NULL-terminated */
    const char *characters;     /* the only ones allowed in a text; NULL: all printable */
    const char *doc;
};

/* The rows of struct settings in alphabetical order, and of the file's sections. Each ends with a
 * row without a name. */
extern const struct setting settings_rows[];
extern const struct setting provider_rows[];
extern const struct setting model_rows[];
extern const struct setting strategy_rows[];

/* The names that a strategy section may have, NULL-terminated. */
extern const char *const settings_strategy_names[];

/* What a section of the file says, before names are resolved. */
struct provider_draft {
    const char *name;
    int line;
    const char *kind, *base_url, *key, *key_file, *responses;
};

struct model_draft {
    const char *name;
    int line;
    const char *provider, *fallbacks, *aliases, *delivery;
    struct model_settings model;
};

/* One "name = value" of the file, with the section it stands in. */
enum section_kind {
    SECTION_NONE,
    SECTION_PROVIDER,
    SECTION_MODEL,
    SECTION_STRATEGY,
    SECTION_UNKNOWN
};

struct settings_section {
    enum section_kind kind;
    const char *name;
    int line;
};

struct settings_line {
    size_t section; /* index; 0 is the part before the first section */
    const char *name, *value;
    int line;
};

struct settings_file {
    const char *name;
    struct settings_section *sections;
    size_t section_count;
    struct settings_line *lines;
    size_t line_count;
};

/* What all parts of one reading share. */
struct settings_reading {
    struct settings *settings;
    struct arena *arena;
    struct settings_file file;
    char *const *environment;
    struct strbuf *complaints;
    size_t complaint_count;
    struct strbuf warnings;
};

/* Splits the file's text into lines and sections; complains of what it cannot read. */
void settings_file_parse(struct settings_reading *reading, const char *text);

/* Puts value into the member of base that the row names; complains with where ("hearth.conf:3") and
 * leaves the member where the value does not do. */
bool setting_put(struct settings_reading *reading, const struct setting *row, void *base,
                 const char *value, const char *where);

/* Sets the members of base to their defaults. */
void settings_defaults(struct settings_reading *reading, const struct setting *rows, void *base);

/* "0 to 2", "true or false", "one of flag, block". */
void setting_allowed(const struct setting *row, struct strbuf *out);

/* The first line of the section that sets this row by name or alias, or NULL. */
const struct settings_line *settings_file_find(const struct settings_file *file, size_t section,
                                               const struct setting *row);

/* The row of this name or alias, or NULL. */
const struct setting *settings_row(const struct setting *rows, const char *name);

/* A secret's text from a file, without blanks at its end; NULL after a complaint. */
const char *settings_secret(struct settings_reading *reading, const char *path, const char *where);

/* "hearth.conf:12". */
const char *settings_place(struct settings_reading *reading, int line);

/* One line of complaint: "where: " and the text. After a hundred of them only a last word. */
void settings_complain(struct settings_reading *reading, const char *where, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void settings_warn(struct settings_reading *reading, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The lists of providers and models while they are made. */
struct settings_roster {
    struct settings_reading *reading;
    struct provider_settings *providers;
    size_t provider_count;
    struct model_settings *models;
    struct model_draft *drafts; /* of the first draft_count models */
    size_t model_count, draft_count;
};

/* The model of this name or alias, or NULL. */
struct model_settings *settings_roster_model(const struct settings_roster *roster,
                                             const char *name);

/* Makes providers, models and the default model of sections, keys and AI_MODEL. */
void settings_models(struct settings_reading *reading);

/* What a model has until it is given some. */
extern const char *const settings_no_aliases[];

/* Gives the models of sections their aliases; complains of those that are taken. */
void settings_aliases(struct settings_roster *roster);

/* Reads the section at this index into base by the rows, after their defaults. */
void settings_section_read(struct settings_reading *reading, size_t section,
                           const struct setting *rows, void *base);

/* Reads the strategy sections. */
void settings_strategies(struct settings_reading *reading);

/* Links the fallbacks of all models, each chain ended by local, which is the last of the list;
 * complains of names that lead nowhere and of circles. */
void settings_chains(struct settings_roster *roster);

#endif
