/* What a new password may not be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "access/password.h"

static const char *const words[] = {
#include "access/common_passwords.inc"
};

static const char *const nobody[] = {NULL};

static void
is_refused(const char *password, const char *const *attributes, const char *reason)
{
    const char *complaint = password_complaint(password, attributes);
    if (!complaint || !strstr(complaint, reason))
        fail_msg("\"%s\": %s", password, complaint ? complaint : "fine");
}

static void
is_fine(const char *password, const char *const *attributes)
{
    const char *complaint = password_complaint(password, attributes);
    if (complaint)
        fail_msg("\"%s\": %s", password, complaint);
}

static void
has_nine_to_128_characters(void **state)
{
    (void)state;
    char text[600];
    is_refused("", NULL, "at least 9");
    is_refused("tr0ub4d&", NULL, "at least 9");
    is_refused("käsebröt", NULL, "at least 9");
    is_fine("käsebröt!", NULL);
    is_fine("tr0ub4d&r", NULL);
    for (size_t i = 0; i < 128; i++)
        text[i] = (char)('a' + i * i % 23);
    text[128] = '\0';
    is_fine(text, NULL);
    memcpy(text + 128, "q", 2);
    is_refused(text, NULL, "at most 128");
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    is_refused(text, NULL, "at most 128");
    is_refused("broken \xff utf-8", NULL, "at most 128");
}

static void
is_not_all_digits(void **state)
{
    (void)state;
    is_refused("8675309420", nobody, "digits");
    is_refused("000000000", nobody, "digits");
    is_fine("8675309x420", nobody);
}

static void
is_not_common(void **state)
{
    static const char *const common[] = {
        "password1",        "Password123!", "P@ssw0rd2024",
        "passwordpassword", "letmein2024",  "welcome123!",
        "iloveyou1",        "sunshine99",   "admin12345",
        "qwerty123456",     "1qaz2wsx3edc", "qwertyuiop",
        "asdfghjkl;",       "zxcvbnm,./",   "poiuytrewq",
        "abcdefghij",       "1234567890a",  "aaaaaaaaa",
        "abababababa",      "abcabcabcabc", "!!!!!!!!!!!",
        "Summer2024!",      "dragonball1",  "superman123",
        "footballfootball", "liverpool1",   "trustno1trustno1",
        "changeme123",      "monkeydragon", "correcthorsebatterystaple",
        "q1w2e3r4t5",       "xk9#Qmxk9#Qm",
    };
    (void)state;
    for (size_t i = 0; i < sizeof common / sizeof common[0]; i++)
        is_refused(common[i], nobody, "common");
}

static void
is_otherwise_as_one_likes(void **state)
{
    static const char *const fine[] = {
        "vier rote Kaehne", "tr0ub4dor&3",     "mein Hund bellt", "xkcd-936-entropy",
        "9wq!Lp2_zR",       "dragon8ab3f1c0",  "пароль-не-такой", "purple otters juggling",
        "Ylvq mzt hrw",     "hearth-test-53z",
    };
    (void)state;
    for (size_t i = 0; i < sizeof fine / sizeof fine[0]; i++)
        is_fine(fine[i], nobody);
}

static void
is_not_similar_to_its_owner(void **state)
{
    static const char *const owner[] = {
        "wolfgang.amadeus", "w.mozart@salzburg.example", "Wolferl", "Köchel", "", "xy", NULL};
    (void)state;
    is_refused("wolfgang.amadeus", owner, "similar");
    is_refused("Wolfgang.Amadeus1", owner, "similar");
    is_refused("wolfgangg", owner, "similar");
    is_refused("amadeus17!x", owner, "similar");
    is_refused("salzburg-25", owner, "similar");
    is_refused("w.mozart@salzburg", owner, "similar");
    is_refused("1Wolferl1x", owner, "similar");
    is_fine("eine kleine Nachtmusik", owner);
    is_fine("xylophones under water", owner);
}

static void
the_list_is_sorted_and_in_lower_case(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        assert_true(i == 0 || strcmp(words[i - 1], words[i]) < 0);
        for (const char *at = words[i]; *at; at++)
            assert_false(*at >= 'A' && *at <= 'Z');
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_nine_to_128_characters),
        cmocka_unit_test(is_not_all_digits),
        cmocka_unit_test(is_not_common),
        cmocka_unit_test(is_otherwise_as_one_likes),
        cmocka_unit_test(is_not_similar_to_its_owner),
        cmocka_unit_test(the_list_is_sorted_and_in_lower_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
