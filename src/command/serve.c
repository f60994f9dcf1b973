/* serve: the database, the schema, the first key, the service, and then waiting for signals.
 *
 * Signals are blocked only once there is something to end in order. Until then the default
 * applies: the process is gone at once, and the kernel tells the embedded cluster. */
#include "api/routes.h"
#include "api/service.h"
#include "api/vitals.h"
#include "base/clock.h"
#include "base/log.h"
#include "command/admin_key.h"
#include "command/certificate.h"
#include "command/command.h"
#include "command/database.h"
#include "db/db_counts.h"
#include "http/data_edition.h"
#include "http/server.h"
#include "ingest/deriver.h"
#include "ingest/ingest_counts.h"
#include "ingest/refusals.h"
#include "ingest/registry.h"
#include "ingest/sweeper.h"

#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    PAUSE_MILLISECONDS = 500 /* before a database is tried again that took us and failed */
};

/* Told and not refused: a trial on one's own database needs no roles. */
static void look_at_rights(const struct database *database)
{
    struct problem unused = {.code = PROBLEM_NONE};
    PGresult *rows;
    if (!db_execute(database->db, "select has_table_privilege('lifecycle.event', 'update')",
                    &rows, &unused))
        return;
    if (PQgetvalue(rows, 0, 0)[0] == 't')
        log_line(LOG_LEVEL_WARN,
                 "the role of DATABASE_URL could change the ledger; clmd roles makes one that "
                 "cannot",
                 NULL);
    PQclear(rows);
}

/* A database that goes away once more is waited for once more. */
static bool prepare_outside(const struct database *database, const struct config *config,
                            struct problem *why)
{
    while (database_await(database, why)) {
        if (database_prepare(database, config, why)) {
            look_at_rights(database);
            return true;
        }
        if (db_last_fault(database->db) != DB_FAULT_CONNECTION)
            return false;
        clock_pause(PAUSE_MILLISECONDS);
    }
    return false;
}

static bool start_database(struct database *database, const struct config *config,
                           struct problem *why)
{
    if (!database_open(database, config, EMBEDDED_OWN, why))
        return false;
    if (!database->embedded)
        return prepare_outside(database, config, why);
    return embedded_drop_root(database->embedded, why) &&
           database_prepare(database, config, why) && admin_key_make(config, database->db, why);
}

/* Greeting --------------------------------------------------------------------------------- */

/* Empty where there is none to be had: the key of another database is its owner's affair. */
static void read_admin_key(const struct config *config, const struct database *database,
                           char path[ADMIN_KEY_PATH_SIZE], char key[KEY_TEXT_SIZE])
{
    key[0] = '\0';
    admin_key_path(config, path);
    FILE *file = database->embedded ? fopen(path, "re") : NULL;
    if (!file)
        return;
    if (fgets(key, KEY_TEXT_SIZE, file))
        key[strcspn(key, "\n")] = '\0';
    fclose(file);
}

static void greet(const struct config *config, const struct database *database,
                  const char *address)
{
    char path[ADMIN_KEY_PATH_SIZE], key[KEY_TEXT_SIZE];
    read_admin_key(config, database, path, key);
    const char *scheme = config->tls_certificate[0] ? "https" : "http";
    printf("\nclmd answers on %s://%s\n\n", scheme, address);
    if (*key)
        printf("The admin key, kept in %s:\n\n    %s\n\n", path, key);
    printf("Post an event, and see what became of it:\n\n"
           "    curl -sS %s://%s/v1/events \\\n"
           "      -H 'Authorization: Bearer %s' \\\n"
           "      -H 'Content-Type: application/json' \\\n"
           "      -d '{\"id\": \"1\", \"source\": \"trial\", \"type\": \"find.lead.created\",\n"
           "           \"subject\": \"acme-42\", \"time\": \"2026-03-01T09:30:00Z\",\n"
           "           \"data\": {\"channel\": \"web_form\"}}'\n\n"
           "    curl -sS %s://%s/v1/customers/acme-42/visits \\\n"
           "      -H 'Authorization: Bearer %s'\n\n"
           "Ctrl-C stops everything.\n\n",
           scheme, address, *key ? key : "KEY", scheme, address, *key ? key : "KEY");
    fflush(stdout);
}

/* Waiting ---------------------------------------------------------------------------------- */

/* What was started to live on without its terminal (nohup) does. With TLS, SIGHUP is no end but
 * asks for the certificate to be read again, and is heard even so. */
static void block_signals(sigset_t *signals, bool has_tls)
{
    struct sigaction hang_up;
    if (has_tls)
        (void)signal(SIGHUP, SIG_DFL);
    sigemptyset(signals);
    sigaddset(signals, SIGINT);
    sigaddset(signals, SIGTERM);
    sigaddset(signals, SIGCHLD);
    if (sigaction(SIGHUP, NULL, &hang_up) == 0 && hang_up.sa_handler != SIG_IGN)
        sigaddset(signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, signals, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
}

/* The number of a signal, or −1 after `milliseconds`, unless that is −1. */
static int wait_for_signal(const sigset_t *signals, int milliseconds)
{
    struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
    if (milliseconds < 0)
        return sigwaitinfo(signals, NULL);
    return sigtimedwait(signals, NULL, &time);
}

static bool is_end(int number, struct tls *tls)
{
    if (number == SIGHUP && tls)
        certificate_renew(tls);
    return number == SIGINT || number == SIGTERM || (number == SIGHUP && !tls);
}

static void await_end(const sigset_t *signals, struct embedded *embedded, struct tls *tls)
{
    int number = -1;
    while (!is_end(number, tls))
        number = wait_for_signal(signals, embedded ? embedded_supervise(embedded) : -1);
    log_line(LOG_LEVEL_INFO, "stopping", "signal", sigabbrev_np(number), NULL);
}

/* Everything goes on meanwhile, and whoever spreads requests over servers takes note. A second
 * signal means that nobody is to be waited for. */
static void give_notice(const sigset_t *signals, struct embedded *embedded,
                        struct server *server, unsigned seconds)
{
    int64_t left, end = clock_monotonic() + (int64_t)seconds * 1000000;
    int number = -1;
    server_announce_stop(server);
    while (!is_end(number, server_tls(server)) &&
           (left = (end - clock_monotonic() + 999) / 1000) > 0) {
        int patience = embedded ? embedded_supervise(embedded) : -1;
        number =
            wait_for_signal(signals, patience < 0 || patience > left ? (int)left : patience);
    }
}

/* From here on, a second Ctrl-C is meant. */
static void allow_interrupt(void)
{
    sigset_t interrupt;
    sigemptyset(&interrupt);
    sigaddset(&interrupt, SIGINT);
    pthread_sigmask(SIG_UNBLOCK, &interrupt, NULL);
}

static struct server *start_server(const struct config *config, const struct database *database,
                                   struct service *service, struct problem *why)
{
    const struct followed followed[] = {
        {.channel = "clmd_event_types",
         .what = "the custom types",
         .load = registry_load,
         .context = service->registry},
        {.what = VITALS_NAME,
         .load = vitals_load,
         .context = service->vitals,
         .every = 1000000},
        {.what = "the size of the database",
         .load = vitals_weigh,
         .context = service->vitals,
         .every = 60 * 1000000},
    };
    const struct application application = {
        .routes = ROUTES,
        .route_count = ROUTE_COUNT,
        .watch_routes = WATCH_ROUTES,
        .watch_route_count = WATCH_ROUTE_COUNT,
        .followed = followed,
        .followed_count = COUNT_OF(followed),
        .db_counts = service->db_counts,
        .edition = service->edition,
        .service = service,
    };
    return server_start(config, database->url, &application, why);
}

enum { REFUSALS, DERIVER, SWEEPER, CHORES };

static bool start_chores(const struct config *config, const struct database *database,
                         struct db_counts *counts, const struct chore_plan plans[CHORES],
                         struct chore *chores[CHORES], struct problem *why)
{
    for (size_t i = 0; i < CHORES; i++) {
        struct db *db = db_create(database->url, config->statement_seconds);
        if (db)
            db_count(db, counts);
        if (db && config->pooler)
            db_behind_pooler(db);
        chores[i] = chore_start(db, &plans[i], why);
        if (!chores[i])
            return false;
    }
    return true;
}

static bool serve(const struct config *config, const struct database *database,
                  struct service *service, struct problem *why)
{
    sigset_t signals;
    block_signals(&signals, config->tls_certificate[0] != '\0');
    struct server *server = start_server(config, database, service, why);
    struct deriver deriver = deriver_create();
    struct sweeper sweeper = sweeper_create(config->sweep_seconds);
    const struct chore_plan plans[CHORES] = {
        [REFUSALS] = {"refusals", refusals_work, service->refusals, .works_last = true},
        [DERIVER] = {"deriver", deriver_work, &deriver},
        [SWEEPER] = {"sweeper", sweeper_work, &sweeper}};
    struct chore *chores[CHORES] = {NULL};
    bool is_started = server != NULL &&
                      start_chores(config, database, service->db_counts, plans, chores, why);
    if (is_started) {
        atomic_store(&service->server, server);
        log_line(LOG_LEVEL_INFO, "listening", "address", server_address(server), "metrics",
                 server_watch_address(server), NULL);
        if (config->greeting || isatty(STDOUT_FILENO))
            greet(config, database, server_address(server));
        certificate_report(config, server);
        await_end(&signals, database->embedded, server_tls(server));
        give_notice(&signals, database->embedded, server, config->notice_seconds);
        allow_interrupt();
    }
    chore_stop(chores[SWEEPER]);
    chore_stop(chores[DERIVER]);
    server_stop(server);
    chore_stop(chores[REFUSALS]); /* with what was refused until now */
    if (is_started)
        log_line(LOG_LEVEL_INFO, "stopped", NULL);
    return is_started;
}

/* Far more than what any worker does can take: a few statements, each tried a few times. */
static int64_t stuck_after(const struct config *config)
{
    return (10 * (int64_t)config_longest_statement(config) + 60) * 1000000;
}

static bool serve_from_memory(const struct config *config, const struct database *database,
                              struct problem *why)
{
    struct vitals vitals;
    struct ingest_counts ingested = {0};
    struct db_counts db_counts = {0};
    struct service service = {.batch_events = config->batch_events,
                              .type_prefix = config->type_prefix,
                              .started_at = time(NULL),
                              .data_directory = database->embedded ? config->data_dir : NULL,
                              .vitals = &vitals,
                              .ingested = &ingested,
                              .db_counts = &db_counts,
                              .stuck_after = stuck_after(config),
                              .registry = registry_create(),
                              .edition = data_edition_create(),
                              .refusals = refusals_create()};
    vitals_reset(&vitals);
    bool done = service.registry && service.edition && service.refusals
                    ? serve(config, database, &service, why)
                    : fail(why, PROBLEM_INTERNAL, "out of memory");
    registry_destroy(service.registry);
    data_edition_destroy(service.edition);
    refusals_destroy(service.refusals);
    return done;
}

int command_serve(const struct config *config, int count, char **arguments)
{
    struct problem why = {0};
    struct database database;
    if (count > 1)
        return command_misused("serve", "it takes no argument %s", arguments[1]);
    json_object_seed(0);
    bool done = start_database(&database, config, &why);
    if (done) {
        db_destroy(database.db);
        database.db = NULL;
        done = serve_from_memory(config, &database, &why);
    }
    database_close(&database);
    return done ? STATUS_DONE : command_failed(&why);
}
