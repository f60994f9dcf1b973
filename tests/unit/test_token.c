#include "http/token.h"
#include "tap.h"

#include <cjose/cjose.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define SECOND INT64_C(1000000)
#define NOW (INT64_C(800000000) * SECOND) /* May 2025, by clock_utc */

enum { UNIX_NOW = 800000000 + 946684800 };

static const char KEY_ID[] = "0123456789abcdef";
static const struct signing_key OLD = {.id = "00000000-0000-4000-8000-000000000001",
                                       .secret = "old",
                                       .created_at = NOW - 90000 * SECOND},
                                YOUNG = {.id = "00000000-0000-4000-8000-000000000002",
                                         .secret = "young",
                                         .created_at = NOW - 59 * SECOND};

static struct signer *signer;
static struct arena *arena;
static struct problem why;
static struct token made, token;

static void hold(const struct signing_key *keys, size_t count)
{
    ck_assert(signer_replace(signer, keys, count, &why));
}

static void set_up(void)
{
    signer = signer_create();
    arena = arena_create(1 << 16);
    why = (struct problem){0};
    made = (struct token){.scopes = SCOPE_METRICS_READ | SCOPE_CUSTOMERS_READ,
                          .customer = "acme \"42\"",
                          .expires_at = NOW + 900 * SECOND};
    memcpy(made.key_id, KEY_ID, sizeof KEY_ID);
    hold(&OLD, 1);
}

static void tear_down(void)
{
    signer_destroy(signer);
    arena_destroy(arena);
}

static const char *make(void)
{
    const char *text = NULL;
    ck_assert_msg(token_make(signer, &made, NOW, arena, &text, &why), "%s", why.detail);
    return text;
}

static bool read_at(const char *text, int64_t now)
{
    why = (struct problem){0};
    bool is_read = token_read(signer, text, now, arena, &token, &why);
    ck_assert(is_read || why.code == PROBLEM_UNAUTHENTICATED);
    return is_read;
}

START_TEST(a_token_says_what_it_was_made_of)
{
    ck_assert(read_at(make(), NOW));
    ck_assert_str_eq(token.key_id, KEY_ID);
    ck_assert_uint_eq(token.scopes, made.scopes);
    ck_assert_str_eq(token.customer, made.customer);
    ck_assert_int_eq(token.expires_at, made.expires_at);
    made.customer = NULL;
    ck_assert(read_at(make(), NOW));
    ck_assert_ptr_null(token.customer);
}
END_TEST

START_TEST(a_token_expires)
{
    const char *text = make();
    ck_assert(read_at(text, made.expires_at - 1));
    ck_assert(!read_at(text, made.expires_at));
    ck_assert_ptr_nonnull(strstr(why.detail, "expired"));
}
END_TEST

/* Every character of it counts, but for bits of the last one that base64 leaves over. */
START_TEST(a_token_that_was_changed_is_refused)
{
    const char *text = make();
    size_t length = strlen(text);
    char *changed = strdup(text);
    for (size_t i = 0; i + 1 < length; i++) {
        changed[i] = text[i] == 'A' ? 'B' : 'A';
        ck_assert_msg(!read_at(changed, NOW), "at %zu", i);
        changed[i] = text[i];
    }
    changed[length - 1] = '\0';
    ck_assert(!read_at(changed, NOW));
    free(changed);
}
END_TEST

START_TEST(what_is_no_token_is_refused)
{
    static const char *const TEXTS[] = {"",
                                        ".",
                                        "..",
                                        "...",
                                        "a.b.c",
                                        "eyJhbGciOiJub25lIn0.e30.",
                                        "e30.e30.e30",
                                        "a=.b.c",
                                        "e30=.e30.e30",
                                        "e30.a=.e30",
                                        "e30.e30.e30aa",
                                        "e30.e30.e3+",
                                        "e30.e30.e30.e30",
                                        "eyJhbGciOiJIUzI1NiJ9.e30.AAAA"};
    for (size_t i = 0; i < COUNT_OF(TEXTS); i++)
        ck_assert_msg(!read_at(TEXTS[i], NOW), "%s", TEXTS[i]);
}
END_TEST

START_TEST(the_youngest_that_all_know_signs)
{
    const struct signing_key both[] = {YOUNG, OLD};
    const char *by_old = make();
    hold(both, 2);
    const char *text = make();
    hold(&OLD, 1);
    ck_assert(read_at(text, NOW)); /* the young one was known to us, maybe to nobody else */
    hold(both, 2);
    const char *later = NULL;
    ck_assert(token_make(signer, &made, NOW + SECOND, arena, &later, &why));
    ck_assert(read_at(later, NOW + SECOND));
    ck_assert(read_at(by_old, NOW));
    hold(&YOUNG, 1);
    ck_assert(read_at(later, NOW + SECOND));
    ck_assert(!read_at(by_old, NOW));
    ck_assert(read_at(make(), NOW)); /* alone, it signs at any age */
}
END_TEST

START_TEST(without_keys_nothing_is_signed)
{
    const char *text = make();
    hold(NULL, 0);
    ck_assert(!read_at(text, NOW));
    ck_assert(!token_make(signer, &made, NOW, arena, &text, &why));
    ck_assert_int_eq(why.code, PROBLEM_UNAVAILABLE);
}
END_TEST

/* Signed with the right key, but not as we do it. */
static const char *forge(const char *algorithm, bool is_critical, const char *claims)
{
    cjose_jwk_t *jwk = cjose_jwk_create_oct_spec(OLD.secret, SIGNING_SECRET_SIZE, NULL);
    cjose_header_t *header = cjose_header_new(NULL);
    const char *compact = NULL;
    ck_assert(cjose_header_set(header, CJOSE_HDR_ALG, algorithm, NULL));
    ck_assert(cjose_header_set(header, CJOSE_HDR_KID, OLD.id, NULL));
    ck_assert(!is_critical || cjose_header_set_raw(header, "crit", "[\"exp\"]", NULL));
    cjose_jws_t *jws =
        cjose_jws_sign(jwk, header, (const uint8_t *)claims, strlen(claims), NULL);
    ck_assert(cjose_jws_export(jws, &compact, NULL));
    const char *text = arena_copy(arena, compact, strlen(compact));
    cjose_jws_release(jws);
    cjose_header_release(header);
    cjose_jwk_release(jwk);
    return text;
}

static const char *claims(const char *issuer, const char *key_id, long issued, long expires,
                          const char *scope)
{
    return arena_print(arena,
                       "{\"iss\":\"%s\",\"sub\":\"%s\",\"iat\":%ld,\"exp\":%ld,"
                       "\"scope\":\"%s\"}",
                       issuer, key_id, issued, expires, scope);
}

START_TEST(only_what_we_sign_ourselves_counts)
{
    const char *right = claims("clmd", KEY_ID, UNIX_NOW, UNIX_NOW + 3600, "metrics:read");
    const char *const wrong[] = {
        claims("other", KEY_ID, UNIX_NOW, UNIX_NOW + 900, "metrics:read"),
        claims("clmd", "0123", UNIX_NOW, UNIX_NOW + 900, "metrics:read"),
        claims("clmd", KEY_ID, UNIX_NOW, UNIX_NOW + 3601, "metrics:read"),
        claims("clmd", KEY_ID, UNIX_NOW + 61, UNIX_NOW + 900, "metrics:read"),
        claims("clmd", KEY_ID, UNIX_NOW, UNIX_NOW, "metrics:read"),
        "{\"iss\":\"clmd\"}",
        "[]",
        "no JSON",
    };
    ck_assert(read_at(forge("HS256", false, right), NOW));
    ck_assert(!read_at(forge("HS384", false, right), NOW));
    ck_assert(!read_at(forge("HS512", false, right), NOW));
    ck_assert(!read_at(forge("HS256", true, right), NOW));
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        ck_assert_msg(!read_at(forge("HS256", false, wrong[i]), NOW), "%s", wrong[i]);
}
END_TEST

START_TEST(a_token_only_reads)
{
    const char *all = claims("clmd", KEY_ID, UNIX_NOW, UNIX_NOW + 900,
                             "admin events:write events:read privacy");
    ck_assert(read_at(forge("HS256", false, all), NOW));
    ck_assert_uint_eq(token.scopes, SCOPE_EVENTS_READ);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("token");
    TCase *tests = tcase_create("token");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_token_says_what_it_was_made_of);
    tcase_add_test(tests, a_token_expires);
    tcase_add_test(tests, a_token_that_was_changed_is_refused);
    tcase_add_test(tests, what_is_no_token_is_refused);
    tcase_add_test(tests, the_youngest_that_all_know_signs);
    tcase_add_test(tests, without_keys_nothing_is_signed);
    tcase_add_test(tests, only_what_we_sign_ourselves_counts);
    tcase_add_test(tests, a_token_only_reads);
    suite_add_tcase(suite, tests);
    return tap_run(suite);
}
