#include "base/digest.h"

#include "tap.h"

#include <string.h>

static const unsigned char DNS[UUID_SIZE] = {0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1,
                                             0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8};

/* FIPS 180-2, appendix B. */
START_TEST(sha256_of_the_standard)
{
    unsigned char digest[SHA256_SIZE];
    char text[2 * SHA256_SIZE + 1];
    sha256("abc", 3, digest);
    hex_encode(digest, sizeof digest, text);
    ck_assert_str_eq(text, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    sha256("", 0, digest);
    hex_encode(digest, sizeof digest, text);
    ck_assert_str_eq(text, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    hex_encode(digest, 0, text);
    ck_assert_str_eq(text, "");
}
END_TEST

START_TEST(hexadecimal_goes_both_ways)
{
    unsigned char data[3] = {0};
    ck_assert(hex_decode("00fFa7 and more", sizeof data, data));
    ck_assert_mem_eq(data, ((unsigned char[]){0x00, 0xff, 0xa7}), sizeof data);
    ck_assert(!hex_decode("00ffg7", sizeof data, data));
    ck_assert(!hex_decode("00ffa", sizeof data, data));
    ck_assert(!hex_decode("00ff", sizeof data, data));
}
END_TEST

/* Python: uuid.uuid5(uuid.NAMESPACE_DNS, "www.example.com\nexample") */
START_TEST(a_name_has_one_uuid_for_ever)
{
    unsigned char uuid[UUID_SIZE];
    char text[UUID_TEXT_SIZE];
    uuid_of_name(DNS, "www.example.com", "example", uuid);
    uuid_print(uuid, text);
    ck_assert_str_eq(text, "b7544449-de42-5899-b165-f95d2b476e3f");
    uuid_of_name(DNS, "", "", uuid);
    uuid_print(uuid, text);
    ck_assert_str_eq(text, "eabb2961-e9dc-5b2a-a15f-69b95c896f0b");
}
END_TEST

START_TEST(fresh_uuids_are_of_version_7_and_of_now)
{
    unsigned char one[UUID_SIZE], other[UUID_SIZE];
    ck_assert(uuid_fresh(one));
    ck_assert(uuid_fresh(other));
    ck_assert_int_ne(memcmp(one, other, UUID_SIZE), 0);
    ck_assert_int_eq(one[6] >> 4, 7);
    ck_assert_int_eq(one[8] >> 6, 2);
    ck_assert_int_ge(memcmp(other, one, 6), 0);
    ck_assert_int_eq(one[0], 1); /* from 2004 to 2039 */
}
END_TEST

START_TEST(a_uuid_is_printed_and_read_again)
{
    unsigned char uuid[UUID_SIZE];
    char text[UUID_TEXT_SIZE];
    uuid_print(DNS, text);
    ck_assert_str_eq(text, "6ba7b810-9dad-11d1-80b4-00c04fd430c8");
    ck_assert(uuid_parse(text, uuid));
    ck_assert_mem_eq(uuid, DNS, UUID_SIZE);
    ck_assert(uuid_parse("6BA7B810-9dad-11D1-80b4-00C04FD430C8", uuid));
    ck_assert_mem_eq(uuid, DNS, UUID_SIZE);
}
END_TEST

static const char *const NO_UUIDS[] = {
    "",
    "6ba7b810-9dad-11d1-80b4-00c04fd430c",
    "6ba7b810-9dad-11d1-80b4-00c04fd430c88",
    "6ba7b8109dad11d180b400c04fd430c8",
    "{6ba7b810-9dad-11d1-80b4-00c04fd430c}",
    "6ba7b810-9dad-11d1-80b4-00c04fd430cg",
    "6ba7b8109-dad-11d1-80b4-00c04fd430c8",
    "6ba7b810-9dad-11d1-80b4-00c04fd430-8",
};

START_TEST(what_is_no_uuid_is_refused)
{
    unsigned char uuid[UUID_SIZE];
    ck_assert_msg(!uuid_parse(NO_UUIDS[_i], uuid), "%s", NO_UUIDS[_i]);
}
END_TEST

START_TEST(random_bytes_differ)
{
    unsigned char one[32], other[32];
    ck_assert(random_bytes(one, sizeof one));
    ck_assert(random_bytes(other, sizeof other));
    ck_assert(!is_equal_secret(one, other, sizeof one));
    ck_assert(is_equal_secret(one, one, sizeof one));
    ck_assert(random_bytes(one, 0));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("digest");
    TCase *tests = tcase_create("digest");
    suite_add_tcase(suite, tests);
    tcase_add_test(tests, sha256_of_the_standard);
    tcase_add_test(tests, hexadecimal_goes_both_ways);
    tcase_add_test(tests, a_name_has_one_uuid_for_ever);
    tcase_add_test(tests, fresh_uuids_are_of_version_7_and_of_now);
    tcase_add_test(tests, a_uuid_is_printed_and_read_again);
    tcase_add_loop_test(tests, what_is_no_uuid_is_refused, 0, COUNT_OF(NO_UUIDS));
    tcase_add_test(tests, random_bytes_differ);
    return tap_run(suite);
}
