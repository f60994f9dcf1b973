#include "http/tls.h"

#include <errno.h>
#include <gnutls/x509.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char TLS_PRIORITIES[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-KX-ALL:+ECDHE-ECDSA:"
                              "+ECDHE-RSA:-CIPHER-ALL:+AES-128-GCM:+AES-256-GCM:"
                              "+CHACHA20-POLY1305:%SERVER_PRECEDENCE";

enum { CHAIN_LIMIT = 16, FILE_LIMIT = 1 << 20, DIGEST_SIZE = 32 };

struct certificate {
    struct tls *tls;
    unsigned users; /* connections, and the tls whose current one it is; under its lock */
    gnutls_pcert_st chain[CHAIN_LIMIT];
    unsigned length;
    gnutls_privkey_t key;
    time_t expires;
};

struct tls {
    pthread_mutex_t lock;
    const char *certificate_path, *key_path;
    struct certificate *current;
};

/* Reading ---------------------------------------------------------------------------------- */

/* A whole file, terminated; NULL and the fault. */
static char *read_whole(const char *path, gnutls_datum_t *text, struct problem *why)
{
    FILE *file = fopen(path, "re");
    char *data = file ? calloc(1, FILE_LIMIT) : NULL;
    size_t length = data ? fread(data, 1, FILE_LIMIT - 1, file) : 0;
    int error = errno;
    bool is_whole = data && feof(file) && !ferror(file);
    if (file)
        fclose(file);
    *text = (gnutls_datum_t){(unsigned char *)data, (unsigned)length};
    if (is_whole)
        return data;
    free(data);
    (void)fail(why, PROBLEM_UNPROCESSABLE, "%s: cannot read the file: %s", path,
               file ? "it is too large" : strerror(error));
    return NULL;
}

static bool tell(const char *path, int error, struct problem *why)
{
    return fail(why, PROBLEM_UNPROCESSABLE, "%s: %s", path, gnutls_strerror(error));
}

/* The key's public half must be the certificate's. */
static bool is_pair(gnutls_x509_crt_t first, gnutls_privkey_t key)
{
    unsigned char one[DIGEST_SIZE], other[DIGEST_SIZE];
    size_t one_size = sizeof one, other_size = sizeof other;
    gnutls_pubkey_t public;
    if (gnutls_pubkey_init(&public) != 0)
        return false;
    bool is_known =
        gnutls_pubkey_import_privkey(public, key, 0, 0) == 0 &&
        gnutls_pubkey_get_key_id(public, GNUTLS_KEYID_USE_SHA256, one, &one_size) == 0 &&
        gnutls_x509_crt_get_key_id(first, GNUTLS_KEYID_USE_SHA256, other, &other_size) == 0;
    gnutls_pubkey_deinit(public);
    return is_known && one_size == other_size && memcmp(one, other, one_size) == 0;
}

/* Sorted: the certificate first, then who vouches for whom. */
static bool take_chain(struct certificate *certificate, gnutls_x509_crt_t *all, unsigned count)
{
    certificate->length = CHAIN_LIMIT < count ? CHAIN_LIMIT : count;
    certificate->expires = gnutls_x509_crt_get_expiration_time(all[0]);
    int error = gnutls_pcert_import_x509_list(certificate->chain, all, &certificate->length, 0);
    if (error != 0)
        certificate->length = 0;
    return error == 0;
}

static bool read_chain(struct certificate *certificate, const gnutls_datum_t *text,
                       const struct tls *tls, struct problem *why)
{
    gnutls_x509_crt_t *all = NULL;
    unsigned count = 0;
    int error = gnutls_x509_crt_list_import2(&all, &count, text, GNUTLS_X509_FMT_PEM,
                                             GNUTLS_X509_CRT_LIST_SORT |
                                                 GNUTLS_X509_CRT_LIST_FAIL_IF_UNSORTED);
    if (error < 0 || count == 0)
        return tell(tls->certificate_path, error, why);
    bool is_good = is_pair(all[0], certificate->key);
    if (!is_good)
        (void)fail(why, PROBLEM_UNPROCESSABLE, "%s is not the key of %s", tls->key_path,
                   tls->certificate_path);
    else if (!take_chain(certificate, all, count))
        is_good = fail(why, PROBLEM_INTERNAL, "out of memory");
    for (unsigned i = 0; i < count; i++)
        gnutls_x509_crt_deinit(all[i]);
    gnutls_free(all);
    return is_good;
}

static bool read_key(struct certificate *certificate, const struct tls *tls,
                     struct problem *why)
{
    gnutls_datum_t text;
    char *data = read_whole(tls->key_path, &text, why);
    if (!data)
        return false;
    int error = gnutls_privkey_init(&certificate->key);
    if (error == 0)
        error = gnutls_privkey_import_x509_raw(certificate->key, &text, GNUTLS_X509_FMT_PEM,
                                               NULL, 0);
    explicit_bzero(data, text.size);
    free(data);
    return error == 0 || tell(tls->key_path, error, why);
}

static void destroy(struct certificate *certificate)
{
    for (unsigned i = 0; i < certificate->length; i++)
        gnutls_pcert_deinit(&certificate->chain[i]);
    gnutls_privkey_deinit(certificate->key);
    free(certificate);
}

static struct certificate *read_certificate(struct tls *tls, struct problem *why)
{
    struct certificate *certificate = calloc(1, sizeof *certificate);
    gnutls_datum_t text;
    if (!certificate) {
        (void)fail(why, PROBLEM_INTERNAL, "out of memory");
        return NULL;
    }
    certificate->tls = tls;
    certificate->users = 1;
    char *data = read_whole(tls->certificate_path, &text, why);
    bool is_good =
        data && read_key(certificate, tls, why) && read_chain(certificate, &text, tls, why);
    free(data);
    if (is_good)
        return certificate;
    destroy(certificate);
    return NULL;
}

/* Holding ---------------------------------------------------------------------------------- */

struct tls *tls_create(const char *certificate, const char *key, struct problem *why)
{
    struct tls *tls = calloc(1, sizeof *tls);
    if (!tls) {
        (void)fail(why, PROBLEM_INTERNAL, "out of memory");
        return NULL;
    }
    pthread_mutex_init(&tls->lock, NULL);
    tls->certificate_path = certificate;
    tls->key_path = key;
    tls->current = read_certificate(tls, why);
    if (tls->current)
        return tls;
    tls_destroy(tls);
    return NULL;
}

bool tls_start(struct tls **tls, const char *certificate, const char *key, struct problem *why)
{
    *tls = NULL;
    if (!*certificate && !*key)
        return true;
    if (!*certificate || !*key)
        return fail(why, PROBLEM_UNPROCESSABLE,
                    "CLMD_TLS_CERTIFICATE and CLMD_TLS_KEY belong together: %s is missing",
                    *key ? "the first" : "the second");
    *tls = tls_create(certificate, key, why);
    return *tls != NULL;
}

void tls_destroy(struct tls *tls)
{
    if (!tls)
        return;
    certificate_give(tls->current);
    pthread_mutex_destroy(&tls->lock);
    free(tls);
}

bool tls_renew(struct tls *tls, struct problem *why)
{
    struct certificate *fresh = read_certificate(tls, why), *old;
    if (!fresh)
        return false;
    pthread_mutex_lock(&tls->lock);
    old = tls->current;
    tls->current = fresh;
    pthread_mutex_unlock(&tls->lock);
    certificate_give(old);
    return true;
}

time_t tls_expires(struct tls *tls)
{
    pthread_mutex_lock(&tls->lock);
    time_t expires = tls->current->expires;
    pthread_mutex_unlock(&tls->lock);
    return expires;
}

struct certificate *certificate_take(struct tls *tls, gnutls_session_t session)
{
    pthread_mutex_lock(&tls->lock);
    struct certificate *certificate = tls->current;
    certificate->users++;
    pthread_mutex_unlock(&tls->lock);
    gnutls_session_set_ptr(session, certificate);
    return certificate;
}

void certificate_give(struct certificate *certificate)
{
    if (!certificate)
        return;
    pthread_mutex_lock(&certificate->tls->lock);
    bool is_last = --certificate->users == 0;
    pthread_mutex_unlock(&certificate->tls->lock);
    if (is_last)
        destroy(certificate);
}

int tls_certificate(gnutls_session_t session, const struct gnutls_cert_retr_st *asked,
                    gnutls_pcert_st **chain, unsigned *length, gnutls_ocsp_data_st **staples,
                    unsigned *staple_count, gnutls_privkey_t *key, unsigned *flags)
{
    struct certificate *certificate = gnutls_session_get_ptr(session);
    (void)asked;
    if (!certificate)
        return -1;
    *chain = certificate->chain;
    *length = certificate->length;
    *staples = NULL;
    *staple_count = 0;
    *key = certificate->key;
    *flags = 0;
    return 0;
}

void tls_send_last(gnutls_session_t session, const char *data, size_t length)
{
    while (length > 0) {
        ssize_t sent = gnutls_record_send(session, data, length);
        if (sent <= 0)
            return;
        data += sent;
        length -= (size_t)sent;
    }
    (void)gnutls_bye(session, GNUTLS_SHUT_WR);
}
