#include "db/wire.h"

#include "base/clock.h"

#include <errno.h>
#include <poll.h>

enum { SECOND = 1000000 /* in microseconds */ };

/* False when the deadline has passed. */
static bool wait_for(const PGconn *connection, short events, int64_t deadline)
{
    for (;;) {
        struct pollfd ready = {.fd = PQsocket(connection), .events = events};
        int64_t left = deadline - clock_monotonic();
        if (left <= 0)
            return false;
        int count = poll(&ready, 1, left > 60 * SECOND ? 60 * 1000 : (int)(left / 1000) + 1);
        if (count > 0 || (count < 0 && errno != EINTR))
            return true; /* an error shows itself in libpq's next call */
    }
}

/* A server that went away has closed its end meanwhile, and that can be seen without
 * sending. */
bool wire_is_alive(PGconn *connection)
{
    struct pollfd ready = {.fd = PQsocket(connection), .events = POLLIN | POLLRDHUP};
    if (PQstatus(connection) != CONNECTION_OK)
        return false;
    if (poll(&ready, 1, 0) <= 0)
        return true;
    if (ready.revents & (POLLRDHUP | POLLHUP | POLLERR | POLLNVAL))
        return false;
    return PQconsumeInput(connection) == 1;
}

/* Everything that was sent leaves, while what the server says meanwhile is taken in: otherwise
 * both could wait for the other to read. */
static bool flush(PGconn *connection, int64_t deadline)
{
    int state;
    while ((state = PQflush(connection)) == 1) {
        if (!wait_for(connection, POLLIN | POLLOUT, deadline))
            return false;
        if (!PQconsumeInput(connection))
            return false;
    }
    return state == 0;
}

/* No statement of ours copies; such a result would come again and again. */
static bool is_copy(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    return status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH;
}

bool wire_is_success(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK ||
           status == PGRES_EMPTY_QUERY || status == PGRES_SINGLE_TUPLE;
}

static bool await_result(PGconn *connection, int64_t deadline)
{
    while (PQisBusy(connection)) {
        if (!wait_for(connection, POLLIN, deadline) || !PQconsumeInput(connection))
            return false;
    }
    return true;
}

/* Keeps the last result, or the first that failed. False when the end of the results did not
 * come; what was kept then says at most why. */
static bool collect(PGconn *connection, int64_t deadline, PGresult **kept)
{
    while (await_result(connection, deadline)) {
        PGresult *result = PQgetResult(connection);
        if (!result)
            return true;
        if (*kept && !wire_is_success(*kept)) {
            PQclear(result);
            continue;
        }
        PQclear(*kept);
        *kept = result;
        if (is_copy(result))
            return false;
    }
    return false;
}

bool wire_next(PGconn *connection, int64_t deadline, PGresult **result)
{
    *result = NULL;
    if (!flush(connection, deadline) || !await_result(connection, deadline))
        return false;
    *result = PQgetResult(connection);
    return true;
}

bool wire_exchange(PGconn *connection, int64_t deadline, PGresult **result)
{
    *result = NULL;
    return flush(connection, deadline) && collect(connection, deadline, result);
}

/* As collect(), until the end of the pipeline. What follows on a failure was not done. After a
 * statement's last result comes NULL, once. */
static bool collect_pipeline(PGconn *connection, int64_t deadline, PGresult **kept)
{
    bool was_end = false;
    while (await_result(connection, deadline)) {
        PGresult *result = PQgetResult(connection);
        if (!result && was_end)
            return false;
        was_end = !result;
        if (PQresultStatus(result) == PGRES_PIPELINE_SYNC) {
            PQclear(result);
            return PQexitPipelineMode(connection) == 1;
        }
        if (!result || (*kept && !wire_is_success(*kept))) {
            PQclear(result);
            continue;
        }
        PQclear(*kept);
        *kept = result;
    }
    return false;
}

bool wire_exchange_pipeline(PGconn *connection, int64_t deadline, PGresult **result)
{
    *result = NULL;
    return flush(connection, deadline) && collect_pipeline(connection, deadline, result);
}
