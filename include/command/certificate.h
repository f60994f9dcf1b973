/* The certificate of a service that speaks TLS, as its log tells of it. */
#ifndef CLMD_COMMAND_CERTIFICATE_H
#define CLMD_COMMAND_CERTIFICATE_H

struct config;
struct server;
struct tls;

/* Tells when it ends; a warning if it has. Without TLS, a warning where keys may be overheard:
 * at an address that others reach, if no proxy is trusted, which would speak TLS for it. */
void certificate_report(const struct config *config, const struct server *server);

/* Reads it again, and tells what came of that. */
void certificate_renew(struct tls *tls);

#endif
