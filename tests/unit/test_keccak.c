/* Keccak-256 against digests of another implementation (viem, over the bytes 0, 1, 2, ...). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "access/keccak.h"
#include "base/sha256.h"

enum { LONGEST = 1000 };

static const struct {
    size_t length;
    const char *digest;
} vectors[] = {
    {0, "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"},
    {1, "bc36789e7a1e281436464229828f817d6612f7b477d66591ff96a9e064bcc98a"},
    {135, "cbdfd9dee5faad3818d6b06f95a219fd290b0e1706f6a82e5a595b9ce9faca62"},
    {136, "7ce759f1ab7f9ce437719970c26b0a66ff11fe3e38e17df89cf5d29c7d7f807e"},
    {137, "ac73d4fae68b8453f764007c1a20ce95994187861f0c3227a3a8e99a73a3b1db"},
    {271, "7c974895b2a88303ff2dc6b58f438ceb0b298cac91099ac0539cc0f477506191"},
    {272, "fdf2ec49e749960d3c8521a0219af8d03e30e2b3bf19bd16150ee0eaf133d66e"},
    {273, "4f707289a9c3ccd0c4a51f2f17339f5dd171d371c04ff7783b735b5b22682eaf"},
    {LONGEST, "aca79e4146e30eb1c733f6d6060d72471c36ea4e01ebf45d7f4916249c2bbd82"},
};

static void
check(size_t step)
{
    unsigned char bytes[LONGEST], digest[KECCAK256_BYTES];
    char text[2 * KECCAK256_BYTES + 1];
    for (size_t i = 0; i < LONGEST; i++)
        bytes[i] = (unsigned char)i;
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        struct keccak256 keccak;
        keccak256_init(&keccak);
        for (size_t at = 0; at < vectors[i].length; at += step) {
            size_t left = vectors[i].length - at;
            keccak256_add(&keccak, bytes + at, left < step ? left : step);
        }
        keccak256_end(&keccak, digest);
        hex_format(text, digest, sizeof(digest));
        assert_string_equal(text, vectors[i].digest);
    }
}

static void
hashes_around_the_edges_of_a_block(void **state)
{
    (void)state;
    check(LONGEST);
}

static void
hashes_pieces_as_the_whole(void **state)
{
    (void)state;
    check(1);
    check(7);
    check(136);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_around_the_edges_of_a_block),
        cmocka_unit_test(hashes_pieces_as_the_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
