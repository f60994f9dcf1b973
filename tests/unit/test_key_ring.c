#include "http/key_ring.h"
#include "tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct key_ring *ring;
static struct arena *arena;
static struct rights rights;
static char key_id[KEY_ID_SIZE];

enum { NOW = 1000, EXPIRY = 2000, OVERLAP_END = 1500 };

static struct new_key made[3], previous;

/* Three keys: may post some events, may read metrics until it expires, may do everything, by
 * its secret and for a while by the one before. */
static void set_up(void)
{
    static const unsigned SCOPES[] = {SCOPE_EVENTS_WRITE | SCOPE_EVENTS_READ,
                                      SCOPE_METRICS_READ, SCOPE_ADMIN};
    struct key *keys = calloc(COUNT_OF(made), sizeof *keys);
    ring = key_ring_create();
    arena = arena_create(1 << 16);
    for (size_t i = 0; i < COUNT_OF(made); i++) {
        ck_assert(key_make(&made[i]));
        memcpy(keys[i].id, made[i].id, KEY_ID_SIZE);
        memcpy(keys[i].digest, made[i].digest, SHA256_SIZE);
        keys[i].scopes = SCOPES[i];
        keys[i].expires_at = i == 1 ? EXPIRY : INT64_MAX;
        keys[i].previous_until = INT64_MIN;
    }
    keys[0].sources = strdup("shop\ntill");
    keys[0].types = strdup("bill.*");
    ck_assert(key_renew(made[2].id, &previous));
    memcpy(keys[2].previous, previous.digest, SHA256_SIZE);
    keys[2].previous_until = OVERLAP_END;
    key_ring_replace(ring, keys, COUNT_OF(made));
}

static void tear_down(void)
{
    key_ring_destroy(ring);
    arena_destroy(arena);
}

static enum key_finding find_at(const char *text, int64_t now)
{
    key_id[0] = '\0';
    rights = (struct rights){0};
    return key_ring_find(ring, text, now, arena, key_id, &rights);
}

START_TEST(a_right_key_tells_what_it_may)
{
    ck_assert_int_eq(find_at(made[0].text, NOW), KEY_RIGHT);
    ck_assert_str_eq(key_id, made[0].id);
    ck_assert_uint_eq(rights.scopes, SCOPE_EVENTS_WRITE | SCOPE_EVENTS_READ);
    ck_assert_str_eq(rights.sources, "shop\ntill");
    ck_assert_str_eq(rights.types, "bill.*");
    ck_assert_ptr_null(rights.customer);
    ck_assert(!rights.is_token);
    ck_assert_int_eq(find_at(made[2].text, NOW), KEY_RIGHT);
    ck_assert_ptr_null(rights.sources);
}
END_TEST

START_TEST(wrong_keys_are_found_wrong)
{
    struct new_key other;
    char changed[KEY_TEXT_SIZE];
    ck_assert(key_make(&other));
    ck_assert_int_eq(find_at(other.text, NOW), KEY_WRONG);
    memcpy(changed, made[0].text, sizeof changed);
    char *last = changed + strlen(changed) - 1;
    *last = *last == '0' ? '1' : '0';
    ck_assert_int_eq(find_at(changed, NOW), KEY_WRONG);
    ck_assert_str_eq(key_id, "");
    ck_assert_uint_eq(rights.scopes, SCOPE_NONE);
    changed[strlen(changed) - 1] = '\0';
    ck_assert_int_eq(find_at(changed, NOW), KEY_WRONG);
}
END_TEST

START_TEST(what_is_no_key_is_wrong)
{
    static const char *const TEXTS[] = {"",
                                        "clm_",
                                        "clm_0123456789abcdef",
                                        "clm_0123456789abcdef_",
                                        "Y2xtZDpjbG1k",
                                        "clm_0123456789abcde_x"};
    for (size_t i = 0; i < COUNT_OF(TEXTS); i++)
        ck_assert_int_eq(find_at(TEXTS[i], NOW), KEY_WRONG);
}
END_TEST

START_TEST(a_key_ends_when_it_expires)
{
    ck_assert_int_eq(find_at(made[1].text, EXPIRY - 1), KEY_RIGHT);
    ck_assert_int_eq(find_at(made[1].text, EXPIRY), KEY_EXPIRED);
    ck_assert_int_eq(key_ring_vouch(ring, made[1].id, EXPIRY, &rights), KEY_EXPIRED);
    ck_assert_int_eq(key_ring_vouch(ring, made[1].id, EXPIRY - 1, &rights), KEY_RIGHT);
    char wrong[KEY_TEXT_SIZE];
    snprintf(wrong, sizeof wrong, "clm_%s_guess", made[1].id);
    ck_assert_int_eq(find_at(wrong, EXPIRY), KEY_WRONG);
}
END_TEST

START_TEST(the_secret_before_is_good_for_a_while)
{
    ck_assert_str_eq(previous.id, made[2].id);
    ck_assert_int_eq(find_at(previous.text, OVERLAP_END - 1), KEY_RIGHT);
    ck_assert_int_eq(find_at(made[2].text, OVERLAP_END - 1), KEY_RIGHT);
    ck_assert_int_eq(find_at(previous.text, OVERLAP_END), KEY_WRONG);
    ck_assert_int_eq(find_at(made[2].text, OVERLAP_END), KEY_RIGHT);
}
END_TEST

START_TEST(replaced_keys_are_gone)
{
    key_ring_replace(ring, calloc(1, sizeof(struct key)), 0);
    ck_assert_int_eq(find_at(made[2].text, NOW), KEY_WRONG);
    ck_assert_int_eq(key_ring_vouch(ring, made[2].id, NOW, &rights), KEY_WRONG);
}
END_TEST

START_TEST(before_the_first_reading_nobody_is_refused_for_good)
{
    key_ring_destroy(ring);
    ring = key_ring_create();
    ck_assert_int_eq(find_at(made[2].text, NOW), KEYS_NOT_LOADED);
    ck_assert_int_eq(key_ring_vouch(ring, made[2].id, NOW, &rights), KEYS_NOT_LOADED);
}
END_TEST

START_TEST(what_was_used_is_told_once)
{
    struct key_use uses[4];
    ck_assert_uint_eq(key_ring_take_uses(ring, uses, COUNT_OF(uses)), 0);
    ck_assert_int_eq(find_at(made[0].text, NOW + 5000000), KEY_RIGHT);
    ck_assert_int_eq(find_at(made[0].text, NOW + 5000001), KEY_RIGHT);
    ck_assert_int_eq(find_at(made[1].text, EXPIRY), KEY_EXPIRED);
    struct key *keys = calloc(1, sizeof *keys);
    memcpy(keys[0].id, made[0].id, KEY_ID_SIZE);
    key_ring_replace(ring, keys, 1);
    ck_assert_uint_eq(key_ring_take_uses(ring, uses, COUNT_OF(uses)), 1);
    ck_assert_str_eq(uses[0].id, made[0].id);
    ck_assert_int_eq(uses[0].at, NOW + 5000000);
    ck_assert_uint_eq(key_ring_take_uses(ring, uses, COUNT_OF(uses)), 0);
}
END_TEST

START_TEST(scopes_have_names)
{
    char text[SCOPES_TEXT_SIZE];
    for (unsigned scope = 1; scope <= SCOPE_ADMIN; scope <<= 1)
        ck_assert_uint_eq(scope_of_name(scope_name((enum scope)scope)), scope);
    ck_assert_int_eq(scope_of_name("events"), SCOPE_NONE);
    ck_assert_uint_eq(scopes_of_text("events:read  unheard:of admin"),
                      SCOPE_EVENTS_READ | SCOPE_ADMIN);
    ck_assert_uint_eq(scopes_of_text(""), SCOPE_NONE);
    scopes_print(SCOPES_READ, " or ", text);
    ck_assert_str_eq(text, "events:read or customers:read or metrics:read");
    scopes_print(2 * SCOPE_ADMIN - 1, " ", text);
    ck_assert_uint_eq(scopes_of_text(text), 2 * SCOPE_ADMIN - 1);
}
END_TEST

START_TEST(one_of_the_scopes_is_enough)
{
    ck_assert(scopes_allow(SCOPE_EVENTS_READ, SCOPES_READ));
    ck_assert(!scopes_allow(SCOPE_EVENTS_WRITE, SCOPES_READ));
    ck_assert(scopes_allow(SCOPE_ADMIN, SCOPE_PRIVACY));
    ck_assert(!scopes_allow(SCOPE_PRIVACY, SCOPE_ADMIN));
    ck_assert(!scopes_allow(SCOPE_NONE, SCOPE_EVENTS_READ));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("key_ring");
    TCase *tests = tcase_create("key_ring");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_right_key_tells_what_it_may);
    tcase_add_test(tests, wrong_keys_are_found_wrong);
    tcase_add_test(tests, what_is_no_key_is_wrong);
    tcase_add_test(tests, a_key_ends_when_it_expires);
    tcase_add_test(tests, the_secret_before_is_good_for_a_while);
    tcase_add_test(tests, replaced_keys_are_gone);
    tcase_add_test(tests, before_the_first_reading_nobody_is_refused_for_good);
    tcase_add_test(tests, what_was_used_is_told_once);
    tcase_add_test(tests, scopes_have_names);
    tcase_add_test(tests, one_of_the_scopes_is_enough);
    suite_add_tcase(suite, tests);
    return tap_run(suite);
}
