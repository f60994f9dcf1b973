#include "api/scrape.h"

#include "api/handlers.h"
#include "api/service.h"
#include "http/request.h"

#include <string.h>

enum { PAGE_LIMIT = 8 * 1024 * 1024 };

const struct scraped_table *const SCRAPED[SCRAPED_TABLES] = {
    &SCRAPED_HTTP, &SCRAPED_LANES, &SCRAPED_DATA, &SCRAPED_DATABASE, &SCRAPED_PROCESS,
};

static void write_table(struct scrape *scrape, const struct scraped_table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        exposition_family(&scrape->exposition, &table->rows[i].family);
        table->rows[i].write(scrape);
    }
}

bool show_service_metrics(struct request *request, struct problem *why)
{
    const struct service *service = request->service;
    struct buffer page = buffer_create(request->arena, PAGE_LIMIT);
    bool is_openmetrics = strcmp(request->answer_type, "application/openmetrics-text") == 0;
    struct scrape scrape = {.exposition = {.out = &page, .is_openmetrics = is_openmetrics},
                            .service = service,
                            .server = service ? atomic_load(&service->server) : NULL};
    if (!scrape.server)
        return fail(why, PROBLEM_UNAVAILABLE, "the service is starting");
    for (size_t i = 0; i < SCRAPED_TABLES; i++)
        write_table(&scrape, SCRAPED[i]);
    exposition_end(&scrape.exposition);
    return (!page.failed && respond_field(request, "Cache-Control", "no-store") &&
            respond_text(request, 200,
                         is_openmetrics
                             ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                             : "text/plain; version=0.0.4; charset=utf-8",
                         page.data, page.length)) ||
           fail(why, PROBLEM_INTERNAL, "out of memory");
}
