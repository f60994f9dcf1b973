/* Claims: the embedded PostgreSQL comes back after any death, of its own or of its owner; one
 * process owns it; it never runs as root, and leaves nothing behind. */
#include "db/embedded.h"

#include "db/db.h"
#include "integration/cluster.h"
#include "tap.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct test_cluster cluster;

static void set_up(void)
{
    test_cluster_start(&cluster);
}

static void tear_down(void)
{
    test_cluster_remove(&cluster);
}

static void pause_briefly(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 20 * 1000 * 1000}, NULL);
}

static bool answers(void)
{
    struct problem why = {0};
    PGresult *rows = NULL;
    struct db *db = db_create(embedded_url(cluster.embedded), 5);
    bool done = db_run(db, STATEMENT_CAN_WRITE, NULL, &rows, &why);
    PQclear(rows);
    db_destroy(db);
    return done;
}

static void ck_refused(const char *directory, const char *words)
{
    struct problem why = {0};
    ck_assert_ptr_null(embedded_open(directory, EMBEDDED_OWN, &why));
    ck_assert_msg(strstr(why.detail, words) != NULL, "%s", why.detail);
}

START_TEST(it_answers_on_its_socket_and_is_not_roots)
{
    char path[128];
    struct stat status;
    ck_assert(answers());
    snprintf(path, sizeof path, "/proc/%d", (int)test_cluster_postmaster(&cluster));
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_uint_ne(status.st_uid, 0);
    snprintf(path, sizeof path, "%s/socket", cluster.directory);
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_uint_eq(status.st_mode & 0777, 0700);
}
END_TEST

START_TEST(a_second_owner_is_refused_and_a_guest_is_not)
{
    struct problem why = {0};
    ck_refused(cluster.directory, "another clmd runs on");
    struct embedded *guest = embedded_open(cluster.directory, EMBEDDED_SHARE, &why);
    ck_assert_ptr_nonnull(guest);
    ck_assert(!embedded_is_owner(guest));
    ck_assert_str_eq(embedded_url(guest), embedded_url(cluster.embedded));
    embedded_close(guest);
    ck_assert(answers());
}
END_TEST

START_TEST(a_killed_postmaster_is_started_again)
{
    pid_t first = test_cluster_postmaster(&cluster);
    ck_assert_int_eq(kill(first, SIGKILL), 0);
    for (int i = 0; i < 500 && (test_cluster_postmaster(&cluster) == first || !answers());
         i++) {
        (void)embedded_supervise(cluster.embedded);
        pause_briefly();
    }
    ck_assert(answers());
    ck_assert_int_ne(test_cluster_postmaster(&cluster), first);
}
END_TEST

START_TEST(what_a_killed_owner_left_is_taken_over)
{
    struct problem why = {0};
    embedded_close(cluster.embedded);
    for (int round = 0; round < 3; round++) {
        int ready[2];
        char byte;
        ck_assert_int_eq(pipe(ready), 0);
        pid_t owner = fork();
        if (owner == 0) {
            if (embedded_open(cluster.directory, EMBEDDED_OWN, &why))
                (void)!write(ready[1], "!", 1);
            pause();
        }
        ck_assert_int_eq(read(ready[0], &byte, 1), 1);
        close(ready[0]);
        close(ready[1]);
        kill(owner, SIGKILL);
        ck_assert_int_eq(waitpid(owner, NULL, 0), owner);
    }
    cluster.embedded = embedded_open(cluster.directory, EMBEDDED_OWN, &why);
    ck_assert_msg(cluster.embedded != NULL, "%s", why.detail);
    ck_assert(answers());
}
END_TEST

START_TEST(a_broken_off_initdb_is_made_again)
{
    struct problem why = {0};
    char path[128], draft[128];
    embedded_close(cluster.embedded);
    snprintf(path, sizeof path, "%s/cluster", cluster.directory);
    snprintf(draft, sizeof draft, "%s/cluster.new", cluster.directory);
    ck_assert_int_eq(rename(path, draft), 0);
    cluster.embedded = embedded_open(cluster.directory, EMBEDDED_OWN, &why);
    ck_assert_msg(cluster.embedded != NULL, "%s", why.detail);
    ck_assert(answers());
    ck_assert_int_eq(access(draft, F_OK), -1);
}
END_TEST

START_TEST(it_ends_with_its_owner)
{
    pid_t postmaster = test_cluster_postmaster(&cluster);
    embedded_close(cluster.embedded);
    cluster.embedded = NULL;
    ck_assert_int_eq(kill(postmaster, 0), -1);
    ck_assert_int_eq(errno, ESRCH);
}
END_TEST

START_TEST(what_cannot_be_is_told_in_a_sentence)
{
    char path[256];
    int length = snprintf(path, sizeof path, "%s/", cluster.directory);
    memset(path + length, 'a', 90);
    path[length + 90] = '\0';
    ck_refused(path, "longer than");
    ck_refused("/dev/null/x", "cannot be made");
    ck_refused("/proc", "somebody else");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("embedded");
    TCase *tests = tcase_create("embedded");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, it_answers_on_its_socket_and_is_not_roots);
    tcase_add_test(tests, a_second_owner_is_refused_and_a_guest_is_not);
    tcase_add_test(tests, a_killed_postmaster_is_started_again);
    tcase_add_test(tests, what_a_killed_owner_left_is_taken_over);
    tcase_add_test(tests, a_broken_off_initdb_is_made_again);
    tcase_add_test(tests, it_ends_with_its_owner);
    tcase_add_test(tests, what_cannot_be_is_told_in_a_sentence);
    suite_add_tcase(suite, tests);
    return tap_run(suite);
}
