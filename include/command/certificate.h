/* The certificate of a service that speaks TLS, as its log tells of it. */
#ifndef CLMD_COMMAND_CERTIFICATE_H
#define CLMD_COMMAND_CERTIFICATE_H

struct tls;

/* Tells when it ends; a warning if it has. */
void certificate_report(struct tls *tls);

/* Reads it again, and tells what came of that. */
void certificate_renew(struct tls *tls);

#endif
