#include "db/fault.h"

#include <stdio.h>
#include <string.h>

/* The first row whose prefix fits decides. */
static const struct {
    const char *prefix;
    enum db_fault fault;
    const char *detail; /* what a client is told; NULL: what it is told of this kind */
} FAULTS[] = {
    {"CL4", DB_FAULT_TOLD, NULL},         /* a function of ours refused */
    {"08", DB_FAULT_CONNECTION, NULL},    /* connection exception */
    {"57P", DB_FAULT_CONNECTION, NULL},   /* it shuts down, crashed, or does not answer yet */
    {"40003", DB_FAULT_CONNECTION, NULL}, /* nobody knows whether the statement completed */
    {"25006", DB_FAULT_CONNECTION, "the database is read-only just now"},
    {"40", DB_FAULT_TRANSIENT, NULL}, /* deadlock, serialisation failure */
    {"53100", DB_FAULT_TRANSIENT, "the database's disk is full"},
    {"53200", DB_FAULT_TRANSIENT, "the database is out of memory"},
    {"53300", DB_FAULT_TRANSIENT, "the database takes no further connection just now"},
    {"53", DB_FAULT_TRANSIENT, NULL},
    {"55P03", DB_FAULT_TRANSIENT, "what the request needs was locked for too long"},
    {"57014", DB_FAULT_TRANSIENT, "the database took longer than this request may take"},
    {"58", DB_FAULT_TRANSIENT, NULL}, /* errors of the system under the server */
    /* "cache lookup failed": an upgrade has made a function or a type anew in mid-statement */
    {"XX000", DB_FAULT_TRANSIENT, "the database has met an error of its own"},
    {"22", DB_FAULT_DATA, NULL}, /* data exception */
    {"23", DB_FAULT_DATA, NULL}, /* integrity constraint */
};

static const struct {
    const char *words; /* of libpq, or of the server, when there is no connection to be had */
    const char *detail;
} CONNECT_FAULTS[] = {
    {"too many clients", "the database takes no further connection just now"},
    {"too many connections", "the database takes no further connection just now"},
    {"no more connections", "the database takes no further connection just now"},
    {"remaining connection slots", "the database takes no further connection just now"},
    {"session is read-only", "the database is read-only just now"},
    {"in hot standby mode", "the database is read-only just now"},
    {"no complete answer", "the database took longer than this request may take"},
};

/* What a client sees of each kind. */
static const struct {
    enum problem_code code;
    const char *detail;
} ANSWERS[] = {
    [DB_FAULT_CONNECTION] = {PROBLEM_UNAVAILABLE, "the database cannot be reached just now"},
    [DB_FAULT_TRANSIENT] = {PROBLEM_UNAVAILABLE, "the database is too busy just now"},
    [DB_FAULT_DATA] = {PROBLEM_UNPROCESSABLE, "the database does not accept a value"},
    [DB_FAULT_BUG] = {PROBLEM_INTERNAL, "the service has met an error of its own"},
};

static const struct {
    const char *sqlstate;
    enum problem_code code;
} REFUSALS[] = {
    {"CL400", PROBLEM_MALFORMED},
    {"CL403", PROBLEM_FORBIDDEN},
    {"CL404", PROBLEM_NOT_FOUND},
    {"CL409", PROBLEM_CONFLICT},
    {"CL410", PROBLEM_ERASED},
    {"CL412", PROBLEM_PRECONDITION_FAILED},
    {"CL413", PROBLEM_TOO_LARGE},
    {"CL422", PROBLEM_UNPROCESSABLE},
    {"CL428", PROBLEM_PRECONDITION_REQUIRED},
};

static enum db_fault fault_of(const char *sqlstate, const char **detail)
{
    for (size_t i = 0; i < COUNT_OF(FAULTS); i++)
        if (strncmp(sqlstate, FAULTS[i].prefix, strlen(FAULTS[i].prefix)) == 0) {
            *detail = FAULTS[i].detail;
            return FAULTS[i].fault;
        }
    return DB_FAULT_BUG;
}

/* What an upgrade makes anew in mid-statement shows in many ways: "cache lookup failed", a
 * function, a type or a column that is no more, a plan with other columns. Where it is a bug of
 * ours instead, it shows again. */
bool fault_is_collision(const PGresult *failed)
{
    static const char *const COLLISIONS[] = {"40P01" /* deadlock */, "55P03" /* lock_timeout */,
                                             "XX000", "42", "0A000"};
    const char *sqlstate = failed ? PQresultErrorField(failed, PG_DIAG_SQLSTATE) : NULL;
    for (size_t i = 0; i < COUNT_OF(COLLISIONS) && sqlstate; i++)
        if (strncmp(sqlstate, COLLISIONS[i], strlen(COLLISIONS[i])) == 0)
            return true;
    return false;
}

static void answer(enum db_fault fault, const char *detail, struct problem *why)
{
    (void)fail(why, ANSWERS[fault].code, "%s", detail ? detail : ANSWERS[fault].detail);
}

static const char *field_of(const PGresult *failed, int field)
{
    const char *text = PQresultErrorField(failed, field);
    return text ? text : "";
}

static void note_for_log(struct problem *why, const char *message, const char *sqlstate)
{
    snprintf(why->log_detail, sizeof why->log_detail, "%.*s%s%s%s",
             (int)(sizeof why->log_detail - 16), message, *sqlstate ? " (" : "", sqlstate,
             *sqlstate ? ")" : "");
    why->log_detail[strcspn(why->log_detail, "\n")] = '\0';
}

/* A line for each fault: a pointer, and behind a tab its own words, where it has some. */
static void tell_faults(const char *lines, const char *message, struct problem *why)
{
    char line[sizeof why->faults->pointer + sizeof why->faults->detail];
    while (*lines) {
        size_t length = strcspn(lines, "\n");
        snprintf(line, sizeof line, "%.*s", (int)length, lines);
        char *words = strchr(line, '\t');
        if (words)
            *words++ = '\0';
        fault_add(why, line, "%s", words ? words : message);
        lines += length + (lines[length] == '\n');
    }
}

/* Our own SQL has spoken: its words are the answer. */
static void tell_refusal(const PGresult *failed, const char *sqlstate, struct problem *why)
{
    const char *message = field_of(failed, PG_DIAG_MESSAGE_PRIMARY);
    const char *pointers = field_of(failed, PG_DIAG_MESSAGE_DETAIL);
    enum problem_code code = PROBLEM_UNPROCESSABLE;
    for (size_t i = 0; i < COUNT_OF(REFUSALS); i++)
        if (strcmp(sqlstate, REFUSALS[i].sqlstate) == 0)
            code = REFUSALS[i].code;
    if (!*pointers || code != PROBLEM_UNPROCESSABLE)
        fail(why, code, "%s", message);
    tell_faults(pointers, message, why);
}

/* Without a SQLSTATE it was not the server that spoke: the connection died, or libpq has no
 * memory for the answer. Either way nobody knows what the server has done, nor what it holds
 * prepared. */
enum db_fault fault_tell(const PGconn *connection, const PGresult *failed, struct problem *why)
{
    const char *sqlstate = field_of(failed, PG_DIAG_SQLSTATE);
    const char *message =
        *sqlstate ? field_of(failed, PG_DIAG_MESSAGE_PRIMARY) : PQerrorMessage(connection);
    bool is_lost = PQstatus(connection) != CONNECTION_OK || !*sqlstate;
    const char *detail = NULL;
    enum db_fault fault = is_lost ? DB_FAULT_CONNECTION : fault_of(sqlstate, &detail);
    if (fault == DB_FAULT_TOLD) {
        tell_refusal(failed, sqlstate, why);
        return fault;
    }
    answer(fault, detail, why);
    note_for_log(why, message, sqlstate);
    return fault;
}

enum db_fault fault_lost(const char *log_detail, struct problem *why)
{
    const char *detail = NULL;
    for (size_t i = 0; i < COUNT_OF(CONNECT_FAULTS) && !detail; i++)
        if (strstr(log_detail, CONNECT_FAULTS[i].words))
            detail = CONNECT_FAULTS[i].detail;
    answer(DB_FAULT_CONNECTION, detail, why);
    note_for_log(why, log_detail, "");
    return DB_FAULT_CONNECTION;
}
