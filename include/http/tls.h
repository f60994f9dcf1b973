/* TLS in the process: a certificate and its key, from two files that may be read again while
 * the service runs. A connection keeps the certificate that was current when it began; those
 * that begin later take the new one. The protocol itself is GnuTLS's, within libmicrohttpd. */
#ifndef CLMD_HTTP_TLS_H
#define CLMD_HTTP_TLS_H

#include "base/problem.h"

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

/* 1.2 and 1.3, with forward secrecy and authenticated encryption, in our order. */
extern const char TLS_PRIORITIES[];

struct tls;
struct certificate; /* as it was read, with its key */

/* Both files are PEM: the certificate with the chain behind it, and its key, without a
 * passphrase. The fault names the file and what is wrong with it. The paths are not copied. */
struct tls *tls_create(const char *certificate, const char *key, struct problem *why);

/* The same by two settings, which are both empty where there is to be no TLS: then NULL. */
bool tls_start(struct tls **tls, const char *certificate, const char *key,
               struct problem *why) MUST_CHECK;

void tls_destroy(struct tls *tls);

/* Reads the files again. False, and nothing has changed, where they are not good. */
bool tls_renew(struct tls *tls, struct problem *why) MUST_CHECK;

/* When the current certificate ends to be valid. */
time_t tls_expires(struct tls *tls);

/* The current certificate, for a session that begins and that will ask for it
 * (tls_certificate). It stays until it is given back. */
struct certificate *certificate_take(struct tls *tls, gnutls_session_t session);
void certificate_give(struct certificate *certificate);

/* MHD_OPTION_HTTPS_CERT_CALLBACK2, a gnutls_certificate_retrieve_function3. */
int tls_certificate(gnutls_session_t session, const struct gnutls_cert_retr_st *asked,
                    gnutls_pcert_st **chain, unsigned *length, gnutls_ocsp_data_st **staples,
                    unsigned *staple_count, gnutls_privkey_t *key, unsigned *flags);

/* Sends what fits into an empty socket, and the end of what we send. */
void tls_send_last(gnutls_session_t session, const char *data, size_t length);

#endif
