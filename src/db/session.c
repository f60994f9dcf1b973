#include "db/session.h"

#include "base/compiler.h"
#include "db/fault.h"

#include <stdio.h>
#include <string.h>

enum { LOCK_SECONDS = 10 /* the longest wait for a lock, where statements have a limit */ };

static void drop_notice(void *unused, const char *message)
{
    (void)unused;
    (void)message;
}

/* What libpq says about a string that it cannot read quotes it, with the password in it; and
 * what does not look like a URL at all is to libpq the name of a database, quoted as well. */
static bool is_readable(const char *url)
{
    char *complaint = NULL; /* none: out of memory */
    PQconninfoOption *options = PQconninfoParse(url, &complaint);
    bool is_readable = options || !complaint;
    PQconninfoFree(options);
    PQfreemem(complaint);
    return is_readable;
}

/* libpq keeps a limit for each host only while it waits by itself. What stands before the URL
 * is what it may say otherwise. */
static PGconn *start(const char *url, enum session_host host)
{
    const char *target = host == SESSION_HOST_ANY ? "target_session_attrs" : NULL;
    const char *const names[] = {"connect_timeout", "dbname", "fallback_application_name",
                                 "client_encoding", target,   NULL};
    const char *const values[] = {"3", url, "clmd", "UTF8", "any", NULL};
    return PQconnectdbParams(names, values, 1);
}

PGconn *session_open(const char *url, enum session_host host, struct problem *why)
{
    if (!is_readable(url)) {
        (void)fault_lost("the database's URL is not one that libpq can read", why);
        return NULL;
    }
    PGconn *connection = start(url, host);
    if (!connection) {
        (void)fault_lost("out of memory", why);
        return NULL;
    }
    if (PQstatus(connection) == CONNECTION_OK && PQsetnonblocking(connection, 1) == 0) {
        PQsetNoticeProcessor(connection, drop_notice, NULL);
        return connection;
    }
    (void)fault_lost(PQerrorMessage(connection), why);
    PQfinish(connection);
    return NULL;
}

bool session_is_choosy(const char *url)
{
    bool is_choosy = false;
    PQconninfoOption *options = PQconninfoParse(url, NULL);
    for (const PQconninfoOption *option = options; option && option->keyword; option++)
        if (strcmp(option->keyword, "target_session_attrs") == 0)
            is_choosy = option->val && strcmp(option->val, "any") != 0;
    PQconninfoFree(options);
    return is_choosy;
}

enum session_outlook session_look(const char *url)
{
    static const char *const NAMES[] = {"connect_timeout", "dbname", NULL};
    const char *const values[] = {"3", url, NULL};
    if (!is_readable(url))
        return SESSION_HOPELESS;
    return PQpingParams(NAMES, values, 1) == PQPING_OK ? SESSION_REFUSED : SESSION_ABSENT;
}

/* By a statement and not by the start-up packet, which poolers refuse to take settings from. */
void session_write(const struct session_terms *terms, char sql[SESSION_SQL_SIZE])
{
    unsigned seconds = terms->seconds;
    const char *local = terms->is_local ? "true" : "false";
    snprintf(sql, SESSION_SQL_SIZE,
             "select set_config('statement_timeout', '%us', %s), "
             "set_config('lock_timeout', '%us', %s), set_config('timezone', 'UTC', %s), "
             "set_config('datestyle', 'ISO', %s), "
             "set_config('client_min_messages', 'warning', %s), "
             "set_config('search_path', 'pg_catalog, pg_temp', %s)",
             seconds, local, seconds < LOCK_SECONDS ? seconds : LOCK_SECONDS, local, local,
             local, local, local);
    size_t length = strlen(sql);
    if (terms->application)
        snprintf(sql + length, SESSION_SQL_SIZE - length,
                 ", set_config('application_name', '%s', true)", terms->application);
}
