/* GET /metrics: what the service tells of itself, for Prometheus. Each metric is a row of one
 * of these tables; a test holds the README's table, the alert rules and the dashboard against
 * them. All of it is read from memory, so it is told while the database is away, too. */
#ifndef CLMD_API_SCRAPE_H
#define CLMD_API_SCRAPE_H

#include "base/exposition.h"

#include <stddef.h>

struct server;
struct service;

struct scrape {
    struct exposition exposition;
    const struct service *service;
    struct server *server;
};

struct scraped {
    struct family family;
    void (*write)(struct scrape *scrape); /* its samples; there may be none */
};

struct scraped_table {
    const struct scraped *rows;
    size_t count;
};

extern const struct scraped_table SCRAPED_HTTP, SCRAPED_LANES, SCRAPED_DATA, SCRAPED_DATABASE,
    SCRAPED_PROCESS;

enum { SCRAPED_TABLES = 5 };
extern const struct scraped_table *const SCRAPED[SCRAPED_TABLES];

#endif
