#include "http/exchange.h"

#include <stdio.h>
#include <strings.h>

/* For answers that somebody opens in a browser: they are no pages, and no parts of any; and
 * what they say is nobody else's to keep. */
static const struct header_field ALWAYS[] = {
    {"X-Content-Type-Options", "nosniff"},
    {"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"},
    {"Referrer-Policy", "no-referrer"},
};

static const struct header_field SECURE = {"Strict-Transport-Security", "max-age=31536000"};

/* What a page of another origin may send and read, beside what every page may. */
static const struct header_field FOR_PAGES = {
    "Access-Control-Expose-Headers",
    "Allow, ETag, Idempotent-Replayed, Link, Location, RateLimit, RateLimit-Policy, "
    "Retry-After, WWW-Authenticate, X-Clmd-Position, X-Request-Id"};
static const struct header_field FOR_PREFLIGHTS[] = {
    {"Access-Control-Allow-Headers",
     "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, traceparent, "
     "X-Clmd-Position, X-Request-Id"},
    {"Access-Control-Max-Age", "7200"},
};

static bool has_field(const struct answer *answer, const char *name)
{
    for (size_t i = 0; i < answer->field_count; i++)
        if (strcasecmp(answer->fields[i].name, name) == 0)
            return true;
    return false;
}

/* What carries a tag may be kept, if it is asked about each time. */
static const char *caching(const struct request *request)
{
    const struct route *route = request->route;
    return route && route->is_tagged && request->answer.status < 400 ? "private, no-cache"
                                                                     : "no-store";
}

/* Whatever it says to a page, it says to one origin: no cache may give it to another one. */
static size_t add_cors(const struct exchange *exchange, struct header_field *fields)
{
    size_t count = 0;
    if (exchange->io->service->cors)
        fields[count++] = (struct header_field){"Vary", "Origin"};
    if (!exchange->origin)
        return count;
    fields[count++] = (struct header_field){"Access-Control-Allow-Origin", exchange->origin};
    if (!exchange->is_preflight || !exchange->allow) {
        fields[count++] = FOR_PAGES;
        return count;
    }
    fields[count++] = (struct header_field){"Access-Control-Allow-Methods", exchange->allow};
    for (size_t i = 0; i < COUNT_OF(FOR_PREFLIGHTS); i++)
        fields[count++] = FOR_PREFLIGHTS[i];
    return count;
}

/* The two fields of draft-ietf-httpapi-ratelimit-headers, and when to come again. */
static size_t add_standing(struct exchange *exchange, struct header_field *fields)
{
    const struct guard_standing *standing = &exchange->standing;
    size_t count = 0;
    if (standing->rate) {
        snprintf(exchange->policy_text, sizeof exchange->policy_text, "\"%s\";q=%u;w=%u",
                 standing->policy, standing->rate->requests, standing->rate->seconds);
        snprintf(exchange->standing_text, sizeof exchange->standing_text, "\"%s\";r=%u;t=%u",
                 standing->policy, standing->now.remaining, standing->now.seconds);
        fields[count++] = (struct header_field){"RateLimit-Policy", exchange->policy_text};
        fields[count++] = (struct header_field){"RateLimit", exchange->standing_text};
    }
    if (exchange->request.answer.status != 429)
        return count;
    snprintf(exchange->retry_text, sizeof exchange->retry_text, "%u",
             standing->now.is_over ? standing->now.seconds : 1);
    fields[count++] = (struct header_field){"Retry-After", exchange->retry_text};
    return count;
}

size_t exchange_fields(struct exchange *exchange, struct header_field fields[ANSWER_FIELDS])
{
    const struct request *request = &exchange->request;
    const struct answer *answer = &request->answer;
    size_t count = 0;
    fields[count++] = (struct header_field){"X-Request-Id", request->id};
    if (answer->content_type)
        fields[count++] = (struct header_field){"Content-Type", answer->content_type};
    for (size_t i = 0; i < answer->field_count; i++)
        fields[count++] = answer->fields[i];
    for (size_t i = 0; i < COUNT_OF(ALWAYS); i++)
        fields[count++] = ALWAYS[i];
    if (exchange->io->service->tls)
        fields[count++] = SECURE;
    if (!has_field(answer, "Cache-Control"))
        fields[count++] = (struct header_field){"Cache-Control", caching(request)};
    count += add_cors(exchange, fields + count);
    return count + add_standing(exchange, fields + count);
}
