/* Exact sums over transactions, currencies and dates. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "apps/budget/budget.h"
#include "apps/budget/currency.h"
#include "apps/budget/date.h"
#include "apps/budget/knowledge.h"
#include "apps/budget/spending.h"
#include "http/number.h"

static struct arena arena;

static int
clean(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

#define ROW(units, name)                                                                           \
    {                                                                                              \
        "2026-01-31", NULL, {(units)}, (name), NULL                                                \
    }

static bool
sum(const struct transaction *rows, size_t count, const char *currency, struct spending *spending,
    struct error *err)
{
    const struct list list = {(void *)rows, count};
    return spending_sum(&list, currency, &arena, spending, err);
}

static int64_t
amount_of(const struct spending *spending, size_t index)
{
    return ((const struct decimal *)spending->by_category.values)[index].micros;
}

static void
sums_the_samples_as_documented(void **state)
{
    (void)state;
    struct spending spending;
    struct error err = {0};
    assert_true(spending_sum(&sample_transactions, "GBP", &arena, &spending, &err));
    assert_int_equal(spending.by_category.count, 3);
    assert_string_equal(spending.by_category.keys[0], "Food");
    assert_int_equal(amount_of(&spending, 0), 36700000);
    assert_int_equal(amount_of(&spending, 1), 18000000);
    assert_int_equal(amount_of(&spending, 2), 9990000);
    assert_int_equal(spending.total.micros, 64690000);
    assert_int_equal(spending.income.micros, 2100000000);
    assert_string_equal(spending.top_category, "Food");
    assert_string_equal(insight_level(&spending), "moderate");
}

static void
adds_ten_cents_five_thousand_times_without_drift(void **state)
{
    (void)state;
    static struct transaction rows[5000];
    for (size_t i = 0; i < 5000; i++)
        rows[i] = (struct transaction)ROW(-100000, "Coffee");
    struct spending spending;
    struct error err = {0};
    assert_true(sum(rows, 5000, "EUR", &spending, &err));
    assert_int_equal(spending.total.micros, 500000000);
}

static void
keeps_as_many_categories_as_rows_in_the_order_first_seen(void **state)
{
    (void)state;
    static struct transaction rows[TRANSACTIONS_MAX];
    static char names[TRANSACTIONS_MAX][12];
    for (int i = 0; i < TRANSACTIONS_MAX; i++) {
        snprintf(names[i], sizeof(names[i]), "c%d", TRANSACTIONS_MAX - i);
        rows[i] = (struct transaction)ROW(-1 - i, names[i]);
    }
    struct spending spending;
    struct error err = {0};
    assert_true(sum(rows, TRANSACTIONS_MAX, NULL, &spending, &err));
    assert_int_equal(spending.by_category.count, TRANSACTIONS_MAX);
    assert_string_equal(spending.by_category.keys[0], "c5000");
    assert_string_equal(spending.by_category.keys[4999], "c1");
    assert_string_equal(spending.top_category, "c1");
    assert_int_equal(amount_of(&spending, 4999), 5000);
}

static void
names_the_first_of_equal_categories(void **state)
{
    (void)state;
    const struct transaction rows[] = {ROW(-5000000, "B"), ROW(-5000000, "A")};
    struct spending spending;
    struct error err = {0};
    assert_true(sum(rows, 2, NULL, &spending, &err));
    assert_string_equal(spending.top_category, "B");
}

static void
refuses_mixed_currencies_naming_the_row(void **state)
{
    (void)state;
    struct transaction rows[] = {ROW(-1000000, "A"), ROW(-1000000, "A"), ROW(-1000000, "A")};
    rows[0].currency = "EUR";
    rows[2].currency = "USD";
    struct spending spending;
    struct error err = {0};
    assert_false(sum(rows, 3, NULL, &spending, &err));
    assert_int_equal(err.code, ERROR_VALIDATION_FAILED);
    assert_string_equal(err.fields->path, "transactions[2].currency");
}

static void
takes_the_currency_of_the_rows_where_the_request_names_none(void **state)
{
    (void)state;
    struct transaction rows[] = {ROW(-1000000, "A"), ROW(-1000000, "A")};
    rows[1].currency = "JPY";
    struct spending spending;
    struct error err = {0};
    assert_true(sum(rows, 2, NULL, &spending, &err));
    assert_string_equal(spending.currency, "JPY");
}

static void
refuses_sums_beyond_the_exact_range(void **state)
{
    (void)state;
    const struct transaction rows[] = {ROW(-INT64_MAX, "A"), ROW(-INT64_MAX, "B")};
    struct spending spending;
    struct error err = {0};
    assert_false(sum(rows, 2, NULL, &spending, &err));
    assert_int_equal(err.code, ERROR_VALIDATION_FAILED);
    assert_string_equal(err.fields->path, "transactions[1].amount");
}

static void
refuses_the_smallest_integer_instead_of_wrapping(void **state)
{
    (void)state;
    const struct transaction rows[] = {ROW(INT64_MIN, "A")};
    struct spending spending;
    struct error err = {0};
    assert_false(sum(rows, 1, NULL, &spending, &err));
    assert_int_equal(err.code, ERROR_VALIDATION_FAILED);
}

static void
finds_no_spending_in_income_alone(void **state)
{
    (void)state;
    const struct transaction rows[] = {ROW(5000000, "Pay")};
    struct spending spending;
    struct error err = {0};
    assert_false(sum(rows, 1, NULL, &spending, &err));
    assert_int_equal(err.code, ERROR_INVALID_REQUEST);
    assert_false((error_clear(&err), sum(rows, 0, NULL, &spending, &err)));
    assert_int_equal(err.code, ERROR_INVALID_REQUEST);
}

static void
says_no_level_for_money_whose_worth_it_cannot_tell(void **state)
{
    (void)state;
    struct spending spending = {.currency = "JPY", .total = {900000000}};
    assert_string_equal(insight_level(&spending), "");
    spending.income.micros = 1000000000;
    assert_string_equal(insight_level(&spending), "high");
    spending.income.micros = 2000000000;
    assert_string_equal(insight_level(&spending), "low");
}

static void
takes_any_code_of_three_to_five_letters_for_a_currency(void **state)
{
    (void)state;
    const char *const good[] = {"EUR", "JPY", "KWD", "ABC", "USDC", "MATIC"};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_null(currency_check(good[i]));
    const char *const bad[] = {"", "E", "EU", "DOLLAR", " EU", "AED AFN", "E1R", "\xc3\x89UR"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_non_null(currency_check(bad[i]));
}

static bool
decode_transaction(const char *json, struct transaction *row)
{
    struct error err = {0};
    const json_t *document = schema_parse(json, strlen(json), &arena, &err);
    const struct transaction *decoded =
        document ? schema_decode(&transaction_schema, document, "", &arena, &err) : NULL;
    if (decoded)
        *row = *decoded;
    return decoded != NULL;
}

static void
takes_currencies_in_any_case_and_amounts_as_text(void **state)
{
    (void)state;
    struct transaction row;
    assert_true(decode_transaction("{\"date\":\"2026-01-31\",\"amount\":\"-12.50\","
                                   "\"category\":\"Food\",\"currency\":\"eUr\"}",
                                   &row));
    assert_string_equal(row.currency, "EUR");
    assert_int_equal(row.amount.micros, -12500000);
    assert_false(decode_transaction("{\"date\":\"2026-01-31\",\"amount\":\"twelve\","
                                    "\"category\":\"Food\"}",
                                    &row));
}

static void
reads_decimals_of_text_exactly_or_not_at_all(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t micros;
    } good[] = {{"-12.50", -12500000},
                {"0.000001", 1},
                {"+7", 7000000},
                {"-0", 0},
                {"0001.10000000000", 1100000},
                {"999999999.999999", INT64_C(999999999999999)},
                {"9223372036854", INT64_C(9223372036854000000)}};
    struct decimal value;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(number_decimal_of_text(good[i].text, &value));
        assert_int_equal(value.micros, good[i].micros);
    }
    const char *const bad[] = {"",
                               "-",
                               ".5",
                               "5.",
                               "1e3",
                               "1,5",
                               " 1",
                               "1 ",
                               "--1",
                               "0x10",
                               "NaN",
                               "0.0000001",
                               "1.2.3",
                               "1000000000000000",
                               "9223372036855",
                               "9999999999.999999"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(number_decimal_of_text(bad[i], &value));
}

static void
writes_amounts_with_the_places_of_their_coins(void **state)
{
    (void)state;
    assert_string_equal(currency_format((struct decimal){36700000}, "GBP", &arena), "36.70 GBP");
    assert_string_equal(currency_format((struct decimal){1200000000}, "JPY", &arena), "1200 JPY");
    assert_string_equal(currency_format((struct decimal){1500000}, "KWD", &arena), "1.500 KWD");
    assert_string_equal(currency_format((struct decimal){12345678}, "EUR", &arena),
                        "12.345678 EUR");
    assert_string_equal(currency_format((struct decimal){12500000}, NULL, &arena), "12.5");
}

static void
takes_only_days_that_exist(void **state)
{
    (void)state;
    const char *const good[] = {"2024-02-29", "2000-02-29", "2025-12-31", "2026-01-01"};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_null(date_check(good[i]));
    const char *const bad[] = {"",           "2025-02-29", "1900-02-29", "2025-13-01",
                               "2025-00-10", "2025-04-31", "2025-4-3",   "2025/04/03",
                               "20250403",   "2025-04-00", "2025-04-0x", "2025-04-03T00:00"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_non_null(date_check(bad[i]));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(sums_the_samples_as_documented, clean),
        cmocka_unit_test_teardown(adds_ten_cents_five_thousand_times_without_drift, clean),
        cmocka_unit_test_teardown(keeps_as_many_categories_as_rows_in_the_order_first_seen, clean),
        cmocka_unit_test_teardown(names_the_first_of_equal_categories, clean),
        cmocka_unit_test_teardown(refuses_mixed_currencies_naming_the_row, clean),
        cmocka_unit_test_teardown(takes_the_currency_of_the_rows_where_the_request_names_none,
                                  clean),
        cmocka_unit_test_teardown(refuses_sums_beyond_the_exact_range, clean),
        cmocka_unit_test_teardown(refuses_the_smallest_integer_instead_of_wrapping, clean),
        cmocka_unit_test_teardown(finds_no_spending_in_income_alone, clean),
        cmocka_unit_test_teardown(says_no_level_for_money_whose_worth_it_cannot_tell, clean),
        cmocka_unit_test_teardown(takes_any_code_of_three_to_five_letters_for_a_currency, clean),
        cmocka_unit_test_teardown(takes_currencies_in_any_case_and_amounts_as_text, clean),
        cmocka_unit_test_teardown(reads_decimals_of_text_exactly_or_not_at_all, clean),
        cmocka_unit_test_teardown(writes_amounts_with_the_places_of_their_coins, clean),
        cmocka_unit_test_teardown(takes_only_days_that_exist, clean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
