/* A schema with every type of field, for the targets that decode. */
#ifndef HEARTH_TESTS_FUZZ_SAMPLE_H
#define HEARTH_TESTS_FUZZ_SAMPLE_H

#include <math.h>

#include "http/schema.h"

struct sample {
    const char *t, *c;
    int64_t i;
    double n;
    struct decimal d;
    bool b, has_b;
    struct sample *o;
    struct list a, s;
    struct map md, ms, mo;
    const json_t *j;
};

static const char *const sample_choices[] = {"x", "y", NULL};
extern const struct schema sample_schema;

const struct schema sample_schema = {
    .name = "Sample",
    .size = sizeof(struct sample),
    .closed = true,
    .fields =
        (const struct field[]){
            STRING(struct sample, t, .flags = FIELD_TRIMMED | FIELD_NOT_BLANK | FIELD_OMITTED,
                   .min = 1, .max = 40),
            STRING(struct sample, c, .flags = FIELD_NULLABLE, .choices = sample_choices),
            INTEGER(struct sample, i, .min = -5, .max = 1000),
            NUMBER(struct sample, n, .number_min = -INFINITY, .number_max = 1e300),
            DECIMAL(struct sample, d),
            BOOLEAN(struct sample, b, .flags = FIELD_OMITTED, PRESENT(struct sample, has_b)),
            OBJECT(struct sample, o, &sample_schema, .flags = FIELD_OMITTED),
            ARRAY(struct sample, a, &sample_schema, .flags = FIELD_OMITTED, .max = 20),
            STRINGS(struct sample, s, .flags = FIELD_TRIMMED, .max = 20),
            DECIMAL_MAP(struct sample, md),
            STRING_MAP(struct sample, ms, .flags = FIELD_OMITTED),
            OBJECT_MAP(struct sample, mo, &sample_schema, .flags = FIELD_OMITTED),
            JSON(struct sample, j, .flags = FIELD_OMITTED),
            {.name = NULL}},
};

#endif
