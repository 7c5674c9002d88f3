/* Addresses as EIP-55 writes them, and signers of messages that viem and siwe signed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "access/ethereum.h"

/* The examples of EIP-55. */
static const char *const checksummed[] = {
    "0x52908400098527886E0F7030069857D2E4169EE7", "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
    "0xde709f2102306220921060314715629080e2fb77", "0x27b1fdb04752bbc536007a920d24acb045561c26",
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
    "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB", "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
};

#define SIGNER "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
#define HELLO                                                                                      \
    "0x76930d64d2e5eb4b3f4572ce806eda50e1e2329d51d9ca5a713a9befcb9d2088"                           \
    "3e3d4885c3c5eaf775fc8c9fcf4882a28b582b427bc0270565f3294d93554922"

static void
writes_addresses_with_their_checksum(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(checksummed) / sizeof(checksummed[0]); i++) {
        struct ethereum_address address;
        char text[ETHEREUM_TEXT_BYTES];
        assert_true(ethereum_address_parse(checksummed[i], 42, &address));
        ethereum_address_format(&address, text);
        assert_string_equal(text, checksummed[i]);
    }
}

static void
files_addresses_in_small_letters(void **state)
{
    (void)state;
    struct ethereum_address address;
    char text[ETHEREUM_TEXT_BYTES];
    assert_true(ethereum_address_parse(SIGNER, 42, &address));
    ethereum_address_file(&address, text);
    assert_string_equal(text, "0x70997970c51812dc3a010c7d01b50e0d17dc79c8");
}

static void
takes_addresses_of_one_case(void **state)
{
    (void)state;
    struct ethereum_address address;
    assert_true(ethereum_address_parse("0x70997970c51812dc3a010c7d01b50e0d17dc79c8", 42, &address));
    assert_true(ethereum_address_parse("0x70997970C51812DC3A010C7D01B50E0D17DC79C8", 42, &address));
}

static void
refuses_what_is_no_address(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "0x",
        "70997970C51812dc3A010C7d01b50e0d17dc79C8",
        "0x70997970C51812dc3A010C7d01b50e0d17dc79c8",  /* one wrong letter */
        "0X70997970C51812dc3A010C7d01b50e0d17dc79C8",  /* capital X */
        "0x70997970C51812dc3A010C7d01b50e0d17dc79C",   /* short */
        "0x70997970C51812dc3A010C7d01b50e0d17dc79C80", /* long */
        "0x70997970c51812dc3a010c7d01b50e0d17dc79cg",
    };
    struct ethereum_address address;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_false(ethereum_address_parse(texts[i], strlen(texts[i]), &address));
}

static void
assert_signer(const char *message, const char *signature)
{
    struct ethereum_address address;
    char text[ETHEREUM_TEXT_BYTES];
    assert_null(ethereum_recover(message, strlen(message), signature, &address));
    ethereum_address_format(&address, text);
    assert_string_equal(text, SIGNER);
}

static void
finds_who_signed(void **state)
{
    (void)state;
    assert_signer("hello", HELLO "1b");
    assert_signer("hello", HELLO "00");
    assert_signer("", "0xc18322a726b4f865da04323fe77b713df8286e67ae6f50fe10aa54519fddaa23"
                      "6c14dadd6b82cedfd527bf3c20dac250a004e3a614095f85c106068f46b3ad431c");
}

static void
finds_another_signer_of_another_message(void **state)
{
    (void)state;
    struct ethereum_address address;
    char text[ETHEREUM_TEXT_BYTES];
    if (!ethereum_recover("hellp", 5, HELLO "1b", &address)) {
        ethereum_address_format(&address, text);
        assert_string_not_equal(text, SIGNER);
    }
    if (!ethereum_recover("hello", 5, HELLO "1c", &address)) {
        ethereum_address_format(&address, text);
        assert_string_not_equal(text, SIGNER);
    }
}

static void
refuses_signatures_of_another_form(void **state)
{
    (void)state;
    static const struct {
        const char *signature, *complaint;
    } cases[] = {
        {"", "must be 0x and hexadecimal digits"},
        {"0xzz", "must be 0x and hexadecimal digits"},
        {HELLO "1", "must be 0x and hexadecimal digits"},
        {"0x", "contract wallets (EIP-1271)"},
        {HELLO, "contract wallets (EIP-1271)"},
        {HELLO "1b00", "contract wallets (EIP-1271)"},
        {HELLO "02", "last byte"},
        {HELLO "1a", "last byte"},
        {HELLO "1d", "last byte"},
        {HELLO "ff", "last byte"},
        /* the same with n - s: valid for ECDSA, but a second form of it */
        {"0x76930d64d2e5eb4b3f4572ce806eda50e1e2329d51d9ca5a713a9befcb9d2088"
         "c1c2b77a3c3a15088a03736030b77d5c2f56b1a43388793659df353f3ce0f81f1c",
         "lower one of its two forms"},
        /* r and s over the order of the group */
        {"0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
         "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff1b",
         "out of range"},
        /* both zero */
        {"0x0000000000000000000000000000000000000000000000000000000000000000"
         "00000000000000000000000000000000000000000000000000000000000000001b",
         "fits no key"},
    };
    struct ethereum_address address;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *complaint = ethereum_recover("hello", 5, cases[i].signature, &address);
        assert_non_null(complaint);
        assert_non_null(strstr(complaint, cases[i].complaint));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_addresses_with_their_checksum),
        cmocka_unit_test(files_addresses_in_small_letters),
        cmocka_unit_test(takes_addresses_of_one_case),
        cmocka_unit_test(refuses_what_is_no_address),
        cmocka_unit_test(finds_who_signed),
        cmocka_unit_test(finds_another_signer_of_another_message),
        cmocka_unit_test(refuses_signatures_of_another_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
