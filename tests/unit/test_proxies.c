/* Addresses and networks; and whose request it is, by what proxies say. */
#include "base/address.h"
#include "base/compiler.h"
#include "http/proxies.h"
#include "tap.h"

#include <arpa/inet.h>
#include <string.h>

static struct address address;
static struct network network;
static struct proxies proxies;
static struct problem why;
static char text[ADDRESS_TEXT_SIZE];

static bool parse(const char *given)
{
    return address_parse(given, strlen(given), &address);
}

static bool parse_network(const char *given)
{
    return network_parse(given, strlen(given), &network);
}

START_TEST(addresses_are_printed_as_they_are_known)
{
    static const char *const SAME[] = {"192.0.2.1", "0.0.0.0", "2001:db8::1", "::1", "::"};
    for (size_t i = 0; i < COUNT_OF(SAME); i++) {
        ck_assert_msg(parse(SAME[i]), "%s", SAME[i]);
        address_print(&address, text);
        ck_assert_str_eq(text, SAME[i]);
    }
    ck_assert(parse("::ffff:192.0.2.1"));
    address_print(&address, text);
    ck_assert_str_eq(text, "192.0.2.1");
}
END_TEST

START_TEST(what_is_no_address_is_refused)
{
    static const char *const WRONG[] = {
        "",          "192.0.2", "192.0.2.256", "192.0.2.1 ", "192.0.2.1.", "2001:db8:::",
        "localhost", "[::1]",   "fe80::1%lo",  "unknown"};
    for (size_t i = 0; i < COUNT_OF(WRONG); i++)
        ck_assert_msg(!parse(WRONG[i]), "%s", WRONG[i]);
    ck_assert(!address_parse("192.0.2.1\0", 10, &address));
}
END_TEST

START_TEST(sockets_have_addresses)
{
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0xc0000201)};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    struct sockaddr local = {.sa_family = AF_UNIX};
    ck_assert(address_of_socket((const struct sockaddr *)&four, &address));
    address_print(&address, text);
    ck_assert_str_eq(text, "192.0.2.1");
    ck_assert(address_of_socket((const struct sockaddr *)&six, &address));
    address_print(&address, text);
    ck_assert_str_eq(text, "::1");
    ck_assert(!address_of_socket(&local, &address));
}
END_TEST

static const struct {
    const char *network, *address;
    bool is_in;
} MEMBERS[] = {
    {"10.0.0.0/8", "10.255.0.1", true},
    {"10.0.0.0/8", "11.0.0.0", false},
    {"192.0.2.128/25", "192.0.2.128", true},
    {"192.0.2.128/25", "192.0.2.127", false},
    {"192.0.2.1", "192.0.2.1", true},
    {"192.0.2.1", "192.0.2.2", false},
    {"0.0.0.0/0", "203.0.113.9", true},
    {"0.0.0.0/0", "2001:db8::1", false},
    {"::/0", "2001:db8::1", true},
    {"2001:db8::/33", "2001:db8:7fff::1", true},
    {"2001:db8::/33", "2001:db8:8000::1", false},
    {"192.0.2.0/24", "::ffff:192.0.2.7", true},
};

START_TEST(networks_have_their_addresses)
{
    ck_assert(parse_network(MEMBERS[_i].network));
    ck_assert(parse(MEMBERS[_i].address));
    ck_assert_int_eq(network_has(&network, &address), MEMBERS[_i].is_in);
}
END_TEST

START_TEST(what_is_no_network_is_refused)
{
    static const char *const WRONG[] = {"10.0.0.1/8",  "10.0.0.0/33", "10.0.0.0/",
                                        "10.0.0.0/-1", "::/129",      "2001:db8::1/64",
                                        "/8",          "10.0.0.0/8 ", "10.0.0.0/0008"};
    for (size_t i = 0; i < COUNT_OF(WRONG); i++)
        ck_assert_msg(!parse_network(WRONG[i]), "%s", WRONG[i]);
}
END_TEST

START_TEST(a_party_of_ipv6_is_its_network)
{
    struct address other;
    ck_assert(parse("2001:db8::1"));
    other = address_party(&address);
    ck_assert(parse("2001:db8::ffff:1:2:3"));
    address = address_party(&address);
    ck_assert_mem_eq(&address, &other, sizeof other);
    ck_assert(parse("192.0.2.1"));
    other = address_party(&address);
    ck_assert_mem_eq(&address, &other, sizeof other);
}
END_TEST

START_TEST(the_list_of_networks_tells_what_is_wrong)
{
    ck_assert(proxies_read(" 10.0.0.0/8,192.0.2.1 ,\t2001:db8::/32", &proxies, &why));
    ck_assert_uint_eq(proxies.count, 3);
    ck_assert(proxies_read("", &proxies, &why));
    ck_assert_uint_eq(proxies.count, 0);
    ck_assert(!proxies_read("10.0.0.0/8,10.1.2.3/8", &proxies, &why));
    ck_assert_ptr_nonnull(strstr(why.detail, "\"10.1.2.3/8\""));
}
END_TEST

/* The proxies of these cases are 10.0.0.0/8; the connection comes from 10.0.0.1. */
static const struct {
    enum proxy_field field;
    const char *value, *client;
} CHAINS[] = {
    {PROXY_FIELD_X_FORWARDED_FOR, "203.0.113.9", "203.0.113.9"},
    {PROXY_FIELD_X_FORWARDED_FOR, "198.51.100.1, 203.0.113.9", "203.0.113.9"},
    {PROXY_FIELD_X_FORWARDED_FOR, "198.51.100.1,203.0.113.9 , 10.0.0.2", "203.0.113.9"},
    {PROXY_FIELD_X_FORWARDED_FOR, "10.0.0.3,10.0.0.2", "10.0.0.3"},
    {PROXY_FIELD_X_FORWARDED_FOR, "203.0.113.9, nonsense, 10.0.0.2", "10.0.0.2"},
    {PROXY_FIELD_X_FORWARDED_FOR, "203.0.113.9, unknown", "10.0.0.1"},
    {PROXY_FIELD_X_FORWARDED_FOR, "", "10.0.0.1"},
    {PROXY_FIELD_X_FORWARDED_FOR, " , ,", "10.0.0.1"},
    {PROXY_FIELD_X_FORWARDED_FOR, "203.0.113.9:4711", "203.0.113.9"},
    {PROXY_FIELD_X_FORWARDED_FOR, "[2001:db8::1]:4711", "2001:db8::1"},
    {PROXY_FIELD_X_FORWARDED_FOR, "2001:db8::1", "2001:db8::1"},
    {PROXY_FIELD_X_FORWARDED_FOR, "[2001:db8::1", "10.0.0.1"},
    {PROXY_FIELD_X_FORWARDED_FOR, "203.0.113.9:", "10.0.0.1"},
    {PROXY_FIELD_X_FORWARDED_FOR, "for=203.0.113.9", "10.0.0.1"},
    {PROXY_FIELD_FORWARDED, "for=203.0.113.9", "203.0.113.9"},
    {PROXY_FIELD_FORWARDED, "For=\"[2001:db8::1]:4711\"", "2001:db8::1"},
    {PROXY_FIELD_FORWARDED, "proto=https ; FOR=203.0.113.9;by=10.0.0.1", "203.0.113.9"},
    {PROXY_FIELD_FORWARDED, "for=198.51.100.1, for=203.0.113.9, for=10.0.0.2", "203.0.113.9"},
    {PROXY_FIELD_FORWARDED, "for=\"203.0.113.9:_port\"", "203.0.113.9"},
    {PROXY_FIELD_FORWARDED, "for=\"203.0\\.113.9\"", "203.0.113.9"},
    {PROXY_FIELD_FORWARDED, "host=\"a,for=198.51.100.1\";for=203.0.113.9", "203.0.113.9"},
    {PROXY_FIELD_FORWARDED, "for=203.0.113.9, for=_hidden, for=10.0.0.2", "10.0.0.2"},
    {PROXY_FIELD_FORWARDED, "for=203.0.113.9, for=\"10.0.0.2", "10.0.0.1"},
    {PROXY_FIELD_FORWARDED, "proto=https", "10.0.0.1"},
    {PROXY_FIELD_FORWARDED, "203.0.113.9", "10.0.0.1"},
};

START_TEST(the_chain_is_followed_as_far_as_it_is_trusted)
{
    ck_assert(proxies_read("10.0.0.0/8", &proxies, &why));
    proxies.field = CHAINS[_i].field;
    ck_assert(parse("10.0.0.1"));
    proxies_follow(&proxies, CHAINS[_i].value, &address);
    address_print(&address, text);
    ck_assert_msg(strcmp(text, CHAINS[_i].client) == 0, "%s: %s", CHAINS[_i].value, text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("proxies");
    TCase *tests = tcase_create("proxies");
    tcase_add_test(tests, addresses_are_printed_as_they_are_known);
    tcase_add_test(tests, what_is_no_address_is_refused);
    tcase_add_test(tests, sockets_have_addresses);
    tcase_add_loop_test(tests, networks_have_their_addresses, 0, COUNT_OF(MEMBERS));
    tcase_add_test(tests, what_is_no_network_is_refused);
    tcase_add_test(tests, a_party_of_ipv6_is_its_network);
    tcase_add_test(tests, the_list_of_networks_tells_what_is_wrong);
    tcase_add_loop_test(tests, the_chain_is_followed_as_far_as_it_is_trusted, 0,
                        COUNT_OF(CHAINS));
    suite_add_tcase(suite, tests);
    return tap_run(suite);
}
