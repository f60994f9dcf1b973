/* The certificate of a service over TLS: read at the start, and renewed while it runs. */
#include "http/tls.h"
#include "tls_service.h"

static struct client other;

static void check_name(struct client *of, const char *name)
{
    char given[64];
    client_peer_name(of, given, sizeof given);
    ck_assert_str_eq(given, name);
}

START_TEST(a_new_certificate_is_for_new_connections)
{
    struct problem why = {0};
    start();
    ck_assert(client_say(&client, "GET /gate HTTP/1.1\r\n" HOST "\r\n"));
    service_await_gate(&service, 1);
    make_certificate("second", config.tls_certificate, config.tls_key);
    ck_assert(tls_renew(server_tls(service.server), &why));
    dial(&other);
    check_name(&client, "first");
    check_name(&other, "second");
    ck_assert_int_eq(ask(&other, PING), 200);
    service_open_gate(&service);
    client_receive(&client, &reply);
    ck_assert_int_eq(reply.status, 200);
    ck_assert_int_eq(ask(&client, READ), 200);
    client_hang_up(&other);
    stop();
}
END_TEST

static void spoil(int how)
{
    unsigned char text[] = "-----BEGIN CERTIFICATE-----";
    const gnutls_datum_t junk = {text, sizeof text - 1};
    char elsewhere[64];
    snprintf(elsewhere, sizeof elsewhere, "%s/other.pem", directory);
    if (how == 0)
        write_whole(config.tls_certificate, &junk);
    else if (how == 1)
        write_whole(config.tls_key, &junk);
    else if (how == 2)
        unlink(config.tls_key);
    else
        make_certificate("other", elsewhere, config.tls_key);
    unlink(elsewhere);
}

START_TEST(a_bad_certificate_changes_nothing)
{
    struct problem why = {0};
    start();
    spoil(_i);
    ck_assert(!tls_renew(server_tls(service.server), &why));
    ck_assert_ptr_nonnull(strstr(why.detail, directory));
    dial(&other);
    check_name(&other, "first");
    ck_assert_int_eq(ask(&other, PING), 200);
    client_hang_up(&other);
    stop();
}
END_TEST

START_TEST(a_bad_certificate_is_no_start)
{
    struct problem why = {0};
    const struct application application = {.route_count = 0};
    spoil(_i);
    ck_assert_ptr_null(server_start(&config, "host=/nonexistent", &application, &why));
    ck_assert_ptr_nonnull(strstr(why.detail, directory));
}
END_TEST

START_TEST(both_files_are_needed)
{
    struct problem why = {0};
    const struct application application = {.route_count = 0};
    config.tls_key[0] = '\0';
    ck_assert_ptr_null(server_start(&config, "host=/nonexistent", &application, &why));
    ck_assert_ptr_nonnull(strstr(why.detail, "CLMD_TLS_KEY"));
    snprintf(config.tls_key, sizeof config.tls_key, "%s/key.pem", directory);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("certificate");
    TCase *tests = tcase_create("certificate");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_new_certificate_is_for_new_connections);
    tcase_add_loop_test(tests, a_bad_certificate_changes_nothing, 0, 4);
    tcase_add_loop_test(tests, a_bad_certificate_is_no_start, 0, 4);
    tcase_add_test(tests, both_files_are_needed);
    suite_add_tcase(suite, tests);
    return tap_run(suite);
}
