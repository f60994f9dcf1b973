#include "command/certificate.h"

#include "base/clock.h"
#include "base/log.h"
#include "http/tls.h"

/* Seconds from the epoch of time_t to that of clock_utc. */
static const int64_t EPOCHS = 946684800;

void certificate_report(struct tls *tls)
{
    char expires[CLOCK_TEXT_SIZE];
    int64_t at = ((int64_t)tls_expires(tls) - EPOCHS) * 1000000;
    clock_print(at, expires);
    log_line(at > clock_utc() ? LOG_LEVEL_INFO : LOG_LEVEL_WARN, "certificate read", "expires",
             expires, NULL);
}

void certificate_renew(struct tls *tls)
{
    struct problem why = {0};
    if (tls_renew(tls, &why))
        certificate_report(tls);
    else
        log_line(LOG_LEVEL_ERROR, "the certificate stays what it was", "detail", why.detail,
                 NULL);
}
