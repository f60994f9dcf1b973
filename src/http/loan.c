/* What an exchange has to do with lanes: its request is lent, the connection is suspended, the
 * request comes back, the connection is resumed. All of it but io_return is on the I/O thread.
 */
#include "http/exchange.h"
#include "http/lane.h"

#include <assert.h>

/* A connection with a time-out of its own is looked at before libmicrohttpd reads from those
 * that were resumed. The order matters: reading the end of what a client sends that has shut
 * its sending side down would be taken for the end of the connection, and the answer lost. */
static void look_at_first(const struct exchange *exchange, bool is_first)
{
    unsigned seconds = exchange->io->service->idle_seconds;
    (void)MHD_set_connection_option(exchange->wire, MHD_CONNECTION_OPTION_TIMEOUT,
                                    is_first ? seconds + 1 : seconds);
}

bool exchange_lend(struct exchange *exchange, struct problem *why)
{
    struct request *request = &exchange->request;
    struct io *io = exchange->io;
    exchange->is_lent = true;
    io->lent++;
    if (io->phase < IO_CLOSED && lane_submit(io->service->lanes[request->route->lane], request))
        return true;
    exchange->is_lent = false;
    io->lent--;
    return fail(why, PROBLEM_UNAVAILABLE, "too many requests are waiting; try again");
}

void exchange_suspend(struct exchange *exchange)
{
    exchange->is_suspended = true;
    MHD_suspend_connection(exchange->wire);
}

void exchange_resume(struct exchange *exchange)
{
    if (exchange->is_suspended)
        MHD_resume_connection(exchange->wire);
    exchange->is_suspended = false;
}

void exchange_park(struct exchange *exchange)
{
    exchange->state = EXCHANGE_PARKED;
    look_at_first(exchange, true);
    exchange_suspend(exchange);
}

void exchange_unpark(struct exchange *exchange)
{
    look_at_first(exchange, false);
}

static_assert(offsetof(struct exchange, request) == 0, "a request leads to its exchange");

static struct exchange *exchange_of(struct request *request)
{
    return (struct exchange *)request;
}

void io_return(struct request *request)
{
    struct io *io = exchange_of(request)->io;
    monitor_lock(&io->monitor);
    bool was_empty = !io->returned;
    request->next = io->returned;
    io->returned = request;
    monitor_unlock(&io->monitor);
    if (was_empty)
        wake_send(io->wake);
}

static void take_back(struct exchange *exchange)
{
    exchange->io->lent--;
    exchange->is_lent = false;
    if (exchange->is_gone)
        exchange_destroy(exchange);
    else if (exchange->state == EXCHANGE_UPLOADING)
        streaming_answer_early(exchange);
    else if (exchange->state == EXCHANGE_PARKED)
        exchange_resume(exchange);
}

/* Stirs come before the return of their exchange, and are attended to before it. */
void exchanges_resume(struct io *io)
{
    monitor_lock(&io->monitor);
    struct request *request = io->returned;
    io->returned = NULL;
    while (io->stirred) {
        struct exchange *exchange = io->stirred;
        io->stirred = exchange->next_stirred;
        exchange->is_stirred = false;
        monitor_unlock(&io->monitor);
        streaming_attend(exchange);
        monitor_lock(&io->monitor);
    }
    monitor_unlock(&io->monitor);
    while (request) {
        struct exchange *exchange = exchange_of(request);
        request = request->next;
        take_back(exchange);
    }
}
