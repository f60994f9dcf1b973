#include "command/certificate.h"

#include "base/clock.h"
#include "base/config.h"
#include "base/log.h"
#include "http/listen.h"
#include "http/server.h"
#include "http/tls.h"

/* Seconds from the epoch of time_t to that of clock_utc. */
static const int64_t EPOCHS = 946684800;

static void report_end(struct tls *tls)
{
    char expires[CLOCK_TEXT_SIZE];
    int64_t at = ((int64_t)tls_expires(tls) - EPOCHS) * 1000000;
    clock_print(at, expires);
    log_line(at > clock_utc() ? LOG_LEVEL_INFO : LOG_LEVEL_WARN, "certificate read", "expires",
             expires, NULL);
}

void certificate_report(const struct config *config, const struct server *server)
{
    if (server_tls(server))
        report_end(server_tls(server));
    else if (!place_is_local(server_address(server)) && config->trusted_proxies[0] == '\0')
        log_line(LOG_LEVEL_WARN,
                 "keys can be overheard: others reach this address, without TLS; set "
                 "CLMD_TLS_CERTIFICATE, or CLMD_TRUSTED_PROXIES if a proxy speaks it",
                 "address", server_address(server), NULL);
}

void certificate_renew(struct tls *tls)
{
    struct problem why = {0};
    if (tls_renew(tls, &why))
        report_end(tls);
    else
        log_line(LOG_LEVEL_ERROR, "the certificate stays what it was", "detail", why.detail,
                 NULL);
}
