#include "http/key_ring.h"
#include "tap.h"

#include <stdio.h>
#include <string.h>

static struct key_ring *ring;
static struct problem why;
static char key_id[KEY_ID_SIZE];

static struct new_key made[3];

/* Three keys: may post events, may read metrics, may do everything. */
static void set_up(void)
{
    static const unsigned SCOPES[] = {SCOPE_EVENTS_WRITE | SCOPE_EVENTS_READ,
                                      SCOPE_METRICS_READ, SCOPE_ADMIN};
    struct key *keys = calloc(COUNT_OF(made), sizeof *keys);
    ring = key_ring_create();
    for (size_t i = 0; i < COUNT_OF(made); i++) {
        ck_assert(key_make(&made[i]));
        memcpy(keys[i].id, made[i].id, KEY_ID_SIZE);
        memcpy(keys[i].digest, made[i].digest, SHA256_SIZE);
        keys[i].scopes = SCOPES[i];
    }
    key_ring_replace(ring, keys, COUNT_OF(made));
}

static void tear_down(void)
{
    key_ring_destroy(ring);
}

static bool check(const char *authorization, enum scope scope)
{
    why = (struct problem){0};
    key_id[0] = '\0';
    return key_ring_check(ring, authorization, scope, key_id, &why);
}

static bool check_key(const char *scheme, const char *key, enum scope scope)
{
    char authorization[256];
    snprintf(authorization, sizeof authorization, "%s%s", scheme, key);
    return check(authorization, scope);
}

START_TEST(right_key_with_the_scope_is_let_in)
{
    ck_assert(check_key("Bearer ", made[0].text, SCOPE_EVENTS_WRITE));
    ck_assert_str_eq(key_id, made[0].id);
    ck_assert(check_key("bearer  ", made[1].text, SCOPE_METRICS_READ));
    ck_assert(check_key("Bearer ", made[2].text, SCOPE_PRIVACY));
}
END_TEST

START_TEST(key_without_the_scope_is_forbidden)
{
    ck_assert(!check_key("Bearer ", made[1].text, SCOPE_EVENTS_WRITE));
    ck_assert_int_eq(why.code, PROBLEM_FORBIDDEN);
    ck_assert_ptr_nonnull(strstr(why.detail, "events:write"));
    ck_assert_str_eq(key_id, made[1].id);
}
END_TEST

START_TEST(wrong_keys_are_all_told_the_same)
{
    struct new_key other;
    char changed[KEY_TEXT_SIZE], detail[sizeof why.detail];
    ck_assert(key_make(&other));
    ck_assert(!check_key("Bearer ", other.text, SCOPE_EVENTS_READ));
    ck_assert_int_eq(why.code, PROBLEM_UNAUTHENTICATED);
    memcpy(detail, why.detail, sizeof detail);
    memcpy(changed, made[0].text, sizeof changed);
    char *last = changed + strlen(changed) - 1;
    *last = *last == '0' ? '1' : '0';
    ck_assert(!check_key("Bearer ", changed, SCOPE_EVENTS_READ));
    ck_assert_int_eq(why.code, PROBLEM_UNAUTHENTICATED);
    ck_assert_str_eq(why.detail, detail);
}
END_TEST

START_TEST(what_is_no_key_is_refused)
{
    static const char *const FIELDS[] = {"",
                                         "Bearer",
                                         "Bearer ",
                                         "Bearer clm_",
                                         "Bearer clm_0123456789abcdef",
                                         "Bearer clm_0123456789abcdef_",
                                         "Basic Y2xtZDpjbG1k",
                                         "Bearer clm_0123456789abcde_x"};
    for (size_t i = 0; i < COUNT_OF(FIELDS); i++) {
        ck_assert(!check(FIELDS[i], SCOPE_EVENTS_READ));
        ck_assert_int_eq(why.code, PROBLEM_UNAUTHENTICATED);
    }
    ck_assert(!check(NULL, SCOPE_EVENTS_READ));
    ck_assert_int_eq(why.code, PROBLEM_UNAUTHENTICATED);
    ck_assert(!check_key("Basic ", made[2].text, SCOPE_EVENTS_READ));
}
END_TEST

START_TEST(open_routes_need_no_key)
{
    ck_assert(check(NULL, SCOPE_NONE));
    ck_assert_str_eq(key_id, "");
}
END_TEST

START_TEST(replaced_keys_are_gone)
{
    key_ring_replace(ring, calloc(1, sizeof(struct key)), 0);
    ck_assert(!check_key("Bearer ", made[2].text, SCOPE_EVENTS_READ));
    ck_assert_int_eq(why.code, PROBLEM_UNAUTHENTICATED);
}
END_TEST

START_TEST(before_the_first_reading_nobody_is_refused_for_good)
{
    struct key_ring *loaded = ring;
    ring = key_ring_create();
    ck_assert(!check_key("Bearer ", made[2].text, SCOPE_EVENTS_READ));
    ck_assert_int_eq(why.code, PROBLEM_UNAVAILABLE);
    key_ring_destroy(ring);
    ring = loaded;
}
END_TEST

START_TEST(scopes_have_names)
{
    for (unsigned scope = 1; scope <= SCOPE_ADMIN; scope <<= 1)
        ck_assert_uint_eq(scope_of_name(scope_name((enum scope)scope)), scope);
    ck_assert_int_eq(scope_of_name("events"), SCOPE_NONE);
    ck_assert_uint_eq(scopes_of_text("events:read  unheard:of admin"),
                      SCOPE_EVENTS_READ | SCOPE_ADMIN);
    ck_assert_uint_eq(scopes_of_text(""), SCOPE_NONE);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("key_ring");
    TCase *tests = tcase_create("key_ring");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, right_key_with_the_scope_is_let_in);
    tcase_add_test(tests, key_without_the_scope_is_forbidden);
    tcase_add_test(tests, wrong_keys_are_all_told_the_same);
    tcase_add_test(tests, what_is_no_key_is_refused);
    tcase_add_test(tests, open_routes_need_no_key);
    tcase_add_test(tests, replaced_keys_are_gone);
    tcase_add_test(tests, before_the_first_reading_nobody_is_refused_for_good);
    tcase_add_test(tests, scopes_have_names);
    suite_add_tcase(suite, tests);
    return tap_run(suite);
}
