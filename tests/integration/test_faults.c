/* Claim: whatever happens to the service or to the database, at whatever moment, nothing that
 * was acknowledged is lost and nothing is stored twice, as long as senders repeat what was not
 * acknowledged. Each party is killed in turn under load; CLMD_FAULTS says how often (12). */
#include "base/clock.h"
#include "base/compiler.h"
#include "integration/answers.h"
#include "integration/cluster.h"
#include "integration/senders.h"
#include "tap.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
    ROUNDS = 12,
    BACKENDS = 64,
    SOON = 200,         /* events acknowledged between two blows, at most */
    MOMENT = 15,        /* milliseconds by which a blow is put off, at most */
    PATIENCE = 60,      /* seconds */
    SLOWEST_MS = 25000, /* three attempts of the service, and a start of PostgreSQL */
};

struct scene {
    struct test_cluster cluster;
    struct service service;
    struct crowd crowd;
    unsigned seed;
};

static int draw(struct scene *scene, int below)
{
    return rand_r(&scene->seed) % below;
}

/* A blow that the service deals itself by a fault would look like one of ours. */
static void kill_service(struct scene *scene)
{
    ck_assert_msg(service_is_alive(&scene->service), "the service has ended by itself");
    service_kill(&scene->service);
}

/* As a supervisor does: it does not come up while the database recovers. */
static void start_service(struct scene *scene)
{
    time_t deadline = time(NULL) + PATIENCE;
    while (!service_try_again(&scene->service))
        ck_assert_msg(time(NULL) < deadline, "the service does not come up");
    atomic_store(&scene->crowd.port, scene->service.port);
}

static void kill_and_start_service(struct scene *scene)
{
    kill_service(scene);
    start_service(scene);
}

static void signal_postmaster(struct scene *scene, int number)
{
    ck_assert_int_eq(kill(test_cluster_postmaster(&scene->cluster), number), 0);
}

static void kill_postmaster(struct scene *scene)
{
    signal_postmaster(scene, SIGKILL);
    test_cluster_again(&scene->cluster);
}

/* As pg_ctl stop -m immediate. */
static void stop_at_once(struct scene *scene)
{
    signal_postmaster(scene, SIGQUIT);
    test_cluster_again(&scene->cluster);
}

/* As pg_ctl stop -m fast. */
static void stop_fast(struct scene *scene)
{
    signal_postmaster(scene, SIGINT);
    test_cluster_again(&scene->cluster);
}

/* The postmaster then ends all the others, recovers, and goes on. */
static void kill_backend(struct scene *scene)
{
    pid_t backends[BACKENDS];
    size_t count;
    time_t deadline = time(NULL) + PATIENCE;
    while ((count = test_cluster_backends(&scene->cluster, backends, BACKENDS)) == 0) {
        ck_assert_msg(time(NULL) < deadline, "the service does not connect again");
        clock_pause(1);
    }
    (void)kill(backends[draw(scene, (int)count)], SIGKILL);
}

static void kill_both(struct scene *scene)
{
    signal_postmaster(scene, SIGKILL);
    kill_service(scene);
    test_cluster_again(&scene->cluster);
    start_service(scene);
}

static void freeze_database(struct scene *scene)
{
    test_cluster_signal(&scene->cluster, SIGSTOP);
    clock_pause(200 + draw(scene, 300));
    test_cluster_signal(&scene->cluster, SIGCONT);
}

static void freeze_service(struct scene *scene)
{
    ck_assert_int_eq(kill(scene->service.pid, SIGSTOP), 0);
    clock_pause(200 + draw(scene, 300));
    ck_assert_int_eq(kill(scene->service.pid, SIGCONT), 0);
}

static void (*const DATABASE_BLOWS[])(struct scene *) = {
    kill_postmaster, kill_backend, stop_at_once, stop_fast, kill_both,
};
static void (*const FREEZES[])(struct scene *) = {freeze_database, freeze_service};

/* Under load, at a moment that nobody chose; sometimes at once, while the last blow is still
 * being recovered from. */
static void await_moment(struct scene *scene)
{
    if (draw(scene, 4) > 0)
        crowd_await(&scene->crowd, 1 + draw(scene, SOON));
    nanosleep(&(struct timespec){.tv_nsec = draw(scene, MOMENT * 1000) * 1000L}, NULL);
}

static int rounds(void)
{
    const char *wanted = getenv("CLMD_FAULTS");
    return wanted != NULL ? (int)strtol(wanted, NULL, 10) : ROUNDS;
}

static void strike(struct scene *scene, int count)
{
    for (int i = 0; i < count; i++) {
        await_moment(scene);
        kill_and_start_service(scene);
        await_moment(scene);
        DATABASE_BLOWS[(size_t)i % COUNT_OF(DATABASE_BLOWS)](scene);
        if (i % 3 > 0)
            continue;
        await_moment(scene);
        FREEZES[draw(scene, COUNT_OF(FREEZES))](scene);
    }
    crowd_await(&scene->crowd, SOON);
}

START_TEST(nothing_is_lost_and_nothing_stored_twice)
{
    struct scene scene = {.seed = (unsigned)time(NULL)};
    int count = rounds();
    fprintf(stderr, "# seed %u, %d kills of each party\n", scene.seed, count);
    test_cluster_start(&scene.cluster);
    service_outside(&scene.service, embedded_url(scene.cluster.embedded));
    crowd_start(&scene.crowd, &scene.service, scene.seed);
    strike(&scene, count);
    crowd_stop(&scene.crowd);
    crowd_print(&scene.crowd);
    struct db *db = db_create(embedded_url(scene.cluster.embedded), 0);
    crowd_check(&scene.crowd, db);
    answer_verified(&scene.service);
    ck_assert_int_lt(scene.crowd.slowest, SLOWEST_MS);
    db_destroy(db);
    service_remove(&scene.service);
    test_cluster_remove(&scene.cluster);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("faults");
    TCase *faults = tcase_create("faults");
    tcase_set_timeout(faults, 60 + 10 * rounds());
    tcase_add_test(faults, nothing_is_lost_and_nothing_stored_twice);
    suite_add_tcase(suite, faults);
    return tap_run(suite);
}
