/* Measures the guard on the paired set (pairs.tsv) and holds the figures in docs/guard.md to it.
 * With --print it writes the table of the manual. The directory of the sources is $srcdir. */
#include "ai/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/strbuf.h"

struct figures {
    const char *name;
    unsigned pairs, found, false_alarms;
};

static struct figures by_category[] = {
    {.name = "override"},  {.name = "disclosure"}, {.name = "role"},     {.name = "execution"},
    {.name = "privilege"}, {.name = "bypass"},     {.name = "encoding"}, {.name = "code"},
    {.name = "markup"},    {.name = NULL},
};
static struct figures by_kind[] = {
    {.name = "plain"},      {.name = "buried"}, {.name = "language"},
    {.name = "obfuscated"}, {.name = "hard"},   {.name = NULL},
};
static struct figures overall[] = {{.name = "all"}, {.name = NULL}};

static char *
source_file(const char *path)
{
    const char *directory = getenv("srcdir");
    char name[512];
    snprintf(name, sizeof(name), "%s/%s", directory == NULL ? "." : directory, path);
    FILE *file = fopen(name, "rb");
    if (file == NULL) {
        perror(name);
        exit(1);
    }
    char *text = xcalloc(1, 256 * 1024);
    size_t length = fread(text, 1, 256 * 1024 - 1, file);
    text[length] = '\0';
    fclose(file);
    return text;
}

static void
unescape(char *text)
{
    char *out = text;
    for (; *text != '\0'; text++) {
        bool escaped = text[0] == '\\' && text[1] != '\0' && strchr("nt\\", text[1]) != NULL;
        if (escaped)
            text++;
        *out++ = !escaped ? *text : *text == 'n' ? '\n' : *text == 't' ? '\t' : '\\';
    }
    *out = '\0';
}

static void
count(struct figures *table, const char *name, bool found, bool alarmed)
{
    while (table->name != NULL && strcmp(table->name, name) != 0)
        table++;
    if (table->name == NULL) {
        fprintf(stderr, "unknown category or kind \"%s\"\n", name);
        exit(1);
    }
    table->pairs++;
    table->found += found;
    table->false_alarms += alarmed;
}

static void
measure(bool verbose)
{
    char *text = source_file("tests/guard/pairs.tsv"), *rest = text;
    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        if (*line == '#' || *line == '\0')
            continue;
        char *category = strsep(&line, "\t"), *kind = strsep(&line, "\t");
        char *attack = strsep(&line, "\t"), *twin = line;
        unescape(attack);
        unescape(twin);
        bool found = guard_screen(attack, strlen(attack)) != 0;
        bool alarmed = guard_screen(twin, strlen(twin)) != 0;
        if (verbose && !found)
            fprintf(stderr, "missed: %s\n", attack);
        if (verbose && alarmed)
            fprintf(stderr, "false alarm: %s\n", twin);
        count(by_category, category, found, alarmed);
        count(by_kind, kind, found, alarmed);
        count(overall, "all", found, alarmed);
    }
    free(text);
}

static void
add_table(struct strbuf *out, const struct figures *table)
{
    for (; table->name != NULL; table++)
        strbuf_printf(out, "| %s | %u | %u (%.0f %%) | %u (%.0f %%) |\n", table->name, table->pairs,
                      table->found, 100.0 * table->found / table->pairs, table->false_alarms,
                      100.0 * table->false_alarms / table->pairs);
}

static void
figures_text(struct strbuf *out, struct arena *arena)
{
    strbuf_init(out, arena, 2048);
    add_table(out, by_category);
    add_table(out, by_kind);
    add_table(out, overall);
}

static void
the_manual_states_the_figures_that_are_measured(void **state)
{
    struct arena *arena = *state;
    struct strbuf table;
    figures_text(&table, arena);
    char *manual = source_file("docs/guard.md");
    char *rest = table.data;
    for (char *line; (line = strsep(&rest, "\n")) != NULL;)
        if (*line != '\0' && strstr(manual, line) == NULL)
            fail_msg("docs/guard.md lacks this row: %s", line);
    free(manual);
}

static void
the_set_has_at_least_150_pairs(void **state)
{
    (void)state;
    assert_true(overall[0].pairs >= 150);
}

static void
plain_attacks_are_mostly_found_and_twins_mostly_left_alone(void **state)
{
    (void)state;
    assert_true(by_kind[0].found * 10 >= by_kind[0].pairs * 7);
    assert_true(overall[0].false_alarms * 20 <= overall[0].pairs);
}

int
main(int argc, char **argv)
{
    struct arena arena = {0};
    bool print = argc > 1 && strcmp(argv[1], "--print") == 0;
    measure(print);
    if (print) {
        struct strbuf table;
        figures_text(&table, &arena);
        fputs(table.data, stdout);
        arena_release(&arena);
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(the_manual_states_the_figures_that_are_measured, &arena),
        cmocka_unit_test(the_set_has_at_least_150_pairs),
        cmocka_unit_test(plain_attacks_are_mostly_found_and_twins_mostly_left_alone),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_release(&arena);
    return failed;
}
