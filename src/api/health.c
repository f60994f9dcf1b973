/* Whether the process lives, and whether it can serve. Both are answered at once and without
 * the database, from what is known of it: the follower looks every second. */
#include "api/handlers.h"
#include "api/service.h"
#include "api/vitals.h"
#include "base/clock.h"
#include "http/request.h"
#include "http/server.h"

#include <string.h>

enum {
    SECOND = 1000000,
    SILENCE = 5 * SECOND, /* without a word from the database, it counts as away */
    HINDRANCES = 8,
    PAGE_SIZE = 8192
};

/* Why requests would not be served. */
struct hindrance {
    const char *code, *detail;
    int64_t since; /* clock_monotonic; 0: not known */
};

/* How something followed stands; all zeros if it is not. */
static struct followed_state find_followed(const struct server *server, const char *what)
{
    const struct follower *follower = server_follower(server);
    for (size_t i = 0; i < follower_count(follower); i++) {
        struct followed_state state = follower_state(follower, i);
        if (strcmp(state.what, what) == 0)
            return state;
    }
    return (struct followed_state){.what = what};
}

static bool is_full(struct server *server, enum lane_name lane)
{
    struct lane_standing standing = server_lane_standing(server, lane);
    return standing.queued >= standing.room;
}

static void add(struct hindrance *all, size_t *count, bool is_so, struct hindrance hindrance)
{
    if (is_so)
        all[(*count)++] = hindrance;
}

static size_t find_hindrances(const struct service *service, struct server *server,
                              struct hindrance all[HINDRANCES])
{
    struct followed_state keys = find_followed(server, "the keys");
    struct followed_state base = find_followed(server, VITALS_NAME);
    const struct gauge *signs = service->vitals->signs;
    int64_t now = clock_monotonic();
    bool is_silent = base.read_at == 0 || now - base.read_at > SILENCE;
    int64_t leaving = server_leaving_since(server);
    size_t count = 0;
    add(all, &count, leaving != 0,
        (struct hindrance){"stopping", "the service is about to stop", leaving});
    add(all, &count, base.away_since != 0 || is_silent,
        (struct hindrance){"database-away", "the database does not answer",
                           base.away_since != 0 ? base.away_since : base.read_at});
    add(all, &count, keys.read_at == 0,
        (struct hindrance){"keys-unknown", "the keys could not be read yet", keys.away_since});
    add(all, &count, gauge_read(&signs[VITAL_CAN_WRITE]) == 0,
        (struct hindrance){"database-read-only", "the database is read-only", 0});
    add(all, &count, gauge_read(&signs[VITAL_IS_MIGRATED]) == 0,
        (struct hindrance){"schema-behind", "the database's schema is behind this program", 0});
    add(all, &count, is_full(server, LANE_WRITE),
        (struct hindrance){"writer-full", "the queue of the writer is full", 0});
    add(all, &count, is_full(server, LANE_READ),
        (struct hindrance){"readers-full", "the queue of the readers is full", 0});
    return count;
}

static void write_hindrance(struct buffer *out, const struct hindrance *hindrance, int64_t now)
{
    buffer_print(out, "{\"code\":\"%s\",\"detail\":\"%s\"", hindrance->code, hindrance->detail);
    if (hindrance->since != 0) {
        char text[CLOCK_TEXT_SIZE];
        clock_print(clock_utc() - (now - hindrance->since), text);
        buffer_print(out, ",\"since\":\"%s\"", text);
    }
    buffer_text(out, "}");
}

/* A problem with a member of our own, as RFC 9457 allows. */
static bool refuse(struct request *request, const struct hindrance *all, size_t count,
                   struct problem *why)
{
    struct buffer page = buffer_create(request->arena, PAGE_SIZE);
    struct problem problem = {0};
    (void)fail(&problem, PROBLEM_UNAVAILABLE, "%s", all[0].detail);
    request_refuse(request, &problem);
    buffer_append(&page, request->answer.body, request->answer.length - 1);
    for (size_t i = 0; i < count; i++) {
        buffer_text(&page, i > 0 ? "," : ",\"reasons\":[");
        write_hindrance(&page, &all[i], clock_monotonic());
    }
    buffer_text(&page, "]}");
    request->answer.body = page.data;
    request->answer.length = page.length;
    return !page.failed || fail(why, PROBLEM_INTERNAL, "out of memory");
}

bool service_is_ready(const struct service *service, struct server *server)
{
    struct hindrance all[HINDRANCES];
    return find_hindrances(service, server, all) == 0;
}

bool show_readiness(struct request *request, struct problem *why)
{
    static const char BODY[] = "{\"status\":\"ready\"}";
    const struct service *service = request->service;
    struct server *server = service ? atomic_load(&service->server) : NULL;
    struct hindrance all[HINDRANCES] = {{"starting", "the service is starting", 0}};
    size_t count = server ? find_hindrances(service, server, all) : 1;
    return count == 0 ? respond_json(request, 200, BODY, sizeof BODY - 1)
                      : refuse(request, all, count, why);
}

/* Every thing that a worker does has its end, by the limits of statements and of attempts. One
 * that is at it for far longer will not come back. Imports and exports may take hours. */
static int64_t stuck_since(const struct service *service, struct server *server, int64_t now)
{
    int64_t first = 0;
    for (enum lane_name lane = LANE_READ; lane < LANE_BULK; lane++) {
        int64_t since = server_lane_standing(server, lane).busy_since;
        if (since != 0 && now - since > service->stuck_after && (first == 0 || since < first))
            first = since;
    }
    return first;
}

bool show_health(struct request *request, struct problem *why)
{
    static const char BODY[] = "{\"status\":\"ok\"}";
    struct service *service = request->service;
    struct server *server = service ? atomic_load(&service->server) : NULL;
    int64_t now = request->began_at;
    if (server && now - atomic_load(&service->looked_at) > SECOND) {
        atomic_store(&service->looked_at, now);
        atomic_store(&service->stuck_since, stuck_since(service, server, now));
    }
    int64_t since = service ? atomic_load(&service->stuck_since) : 0;
    const struct hindrance stuck = {"worker-stuck", "a worker does not come back", since};
    return since == 0 ? respond_json(request, 200, BODY, sizeof BODY - 1)
                      : refuse(request, &stuck, 1, why);
}
