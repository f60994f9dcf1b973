/* A service over TLS inside of a test's process, with a certificate of its own, and a client of
 * it. */
#ifndef CLMD_TESTS_TLS_SERVICE_H
#define CLMD_TESTS_TLS_SERVICE_H

#include "http_service.h"
#include "tls_client.h"

#include <stdio.h>
#include <unistd.h>

static struct service service;
static struct config config;
static struct client client;
static struct reply reply;
static gnutls_certificate_credentials_t nobody;
static char directory[32];

static inline void set_up(void)
{
    signal(SIGPIPE, SIG_IGN);
    snprintf(directory, sizeof directory, "/tmp/clmd-tls-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(directory));
    config = SERVICE_CONFIG;
    snprintf(config.tls_certificate, sizeof config.tls_certificate, "%s/cert.pem", directory);
    snprintf(config.tls_key, sizeof config.tls_key, "%s/key.pem", directory);
    make_certificate("first", config.tls_certificate, config.tls_key);
    ck_assert_int_eq(gnutls_certificate_allocate_credentials(&nobody), 0);
}

static inline void tear_down(void)
{
    gnutls_certificate_free_credentials(nobody);
    unlink(config.tls_certificate);
    unlink(config.tls_key);
    rmdir(directory);
}

static inline void dial(struct client *to)
{
    client_dial(to, service.port);
    ck_assert(client_secure(to, "NORMAL", nobody));
}

static inline void start(void)
{
    service_start(&service, &config);
    dial(&client);
}

static inline void stop(void)
{
    client_hang_up(&client);
    service_open_gate(&service);
    service_stop(&service);
}

static inline int ask(struct client *of, const char *request)
{
    ck_assert(client_say(of, request));
    client_receive(of, &reply);
    return reply.status;
}

#define PING "GET /ping HTTP/1.1\r\n" HOST "\r\n"
#define READ "GET /read HTTP/1.1\r\n" HOST "\r\n"

#endif
