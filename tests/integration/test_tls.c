/* clmd over TLS, with certificates as openssl makes them: the health check, and renewals at
 * SIGHUP while clients come and stay, none of which may notice. */
#include "integration/service.h"
#include "tls_client.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { CLIENTS = 4, REQUESTS_OF_CONNECTION = 5, RENEWALS = 10 };

static struct service service;
static char certificate_path[64], key_path[64];
static gnutls_certificate_credentials_t nobody;

/* A certificate with a key of the algorithm, by the command that people use. */
static void run_openssl(const char *name, const char *algorithm)
{
    char subject[64];
    snprintf(subject, sizeof subject, "/CN=%s", name);
    pid_t pid = fork();
    if (pid == 0) {
        int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
        dup2(nowhere, STDERR_FILENO);
        execlp("openssl", "openssl", "req", "-x509", "-newkey", algorithm, "-nodes", "-days",
               "2", "-subj", subject, "-keyout", key_path, "-out", certificate_path,
               algorithm[0] == 'e' ? "-pkeyopt" : (char *)NULL, "ec_paramgen_curve:P-256",
               (char *)NULL);
        _exit(127);
    }
    int status;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    ck_assert_int_eq(chmod(key_path, 0644), 0); /* of whoever the service becomes */
}

static void set_up(void)
{
    static char directory[] = "/tmp/clmd-tls-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(directory));
    ck_assert_int_eq(chmod(directory, 0755), 0);
    signal(SIGPIPE, SIG_IGN);
    snprintf(certificate_path, sizeof certificate_path, "%s/cert.pem", directory);
    snprintf(key_path, sizeof key_path, "%s/key.pem", directory);
    ck_assert_int_eq(gnutls_certificate_allocate_credentials(&nobody), 0);
    run_openssl("first", "rsa:2048");
    setenv("CLMD_TLS_CERTIFICATE", certificate_path, 1);
    setenv("CLMD_TLS_KEY", key_path, 1);
    service_start(&service);
}

static void tear_down(void)
{
    service_remove(&service);
    gnutls_certificate_free_credentials(nobody);
    unlink(certificate_path);
    unlink(key_path);
    *strrchr(key_path, '/') = '\0';
    rmdir(key_path);
}

static void dial(struct client *client)
{
    client_dial(client, (unsigned)service.port);
    ck_assert(client_secure(client, "NORMAL", nobody));
}

START_TEST(the_health_check_knows_of_it)
{
    char listen[64], output[256];
    snprintf(listen, sizeof listen, "--listen=127.0.0.1:%d", service.port);
    const char *const arguments[] = {"health", listen, NULL};
    ck_assert_int_eq(service_command(&service, arguments, output, sizeof output), 0);
    ck_assert_str_eq(output, "ready\n");
}
END_TEST

/* Clients who come, ask a few times and go, until it is over. */
struct crowd {
    atomic_bool is_over;
    atomic_uint answered;
};

static void *come_and_ask(void *argument)
{
    struct crowd *crowd = argument;
    struct client *client = calloc(1, sizeof *client);
    struct reply *reply = calloc(1, sizeof *reply);
    while (!atomic_load(&crowd->is_over)) {
        dial(client);
        for (int i = 0; i < REQUESTS_OF_CONNECTION; i++) {
            ck_assert(client_say(client, i % 2 == 0 ? "GET /readyz HTTP/1.1\r\n" HOST "\r\n"
                                                    : "GET /problems/conflict HTTP/1.1\r\n" HOST
                                                      "Connection: keep-alive\r\n\r\n"));
            client_receive(client, reply);
            ck_assert_int_eq(reply->status, 200);
            atomic_fetch_add(&crowd->answered, 1);
        }
        client_hang_up(client);
    }
    free(client);
    free(reply);
    return NULL;
}

/* Whether who comes now is shown this name. */
static bool is_shown(const char *name)
{
    struct client client;
    char shown[64];
    dial(&client);
    client_peer_name(&client, shown, sizeof shown);
    client_hang_up(&client);
    return strcmp(shown, name) == 0;
}

/* Asks for a renewal; in between, the files are not good. */
static void renew(int number, char name[32])
{
    snprintf(name, 32, "renewed %d", number);
    if (number % 2 == 1)
        ck_assert_int_eq(truncate(certificate_path, 100), 0);
    else
        run_openssl(name, number % 4 == 0 ? "rsa:2048" : "ec");
    kill(service.pid, SIGHUP);
}

START_TEST(renewals_are_not_noticed)
{
    static struct crowd crowd;
    pthread_t threads[CLIENTS];
    char name[32] = "first", wanted[32];
    for (size_t i = 0; i < CLIENTS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, come_and_ask, &crowd), 0);
    for (int i = 0; i < RENEWALS; i++) {
        int64_t deadline = client_deadline();
        unsigned before = atomic_load(&crowd.answered);
        renew(i, wanted);
        if (i % 2 == 0)
            memcpy(name, wanted, sizeof name);
        while (!is_shown(name) || atomic_load(&crowd.answered) < before + CLIENTS)
            ck_assert_int_lt(clock_monotonic(), deadline);
    }
    atomic_store(&crowd.is_over, true);
    for (size_t i = 0; i < CLIENTS; i++)
        pthread_join(threads[i], NULL);
    ck_assert_int_eq(kill(service.pid, 0), 0);
    fprintf(stderr, "# %u requests during %d renewals\n", atomic_load(&crowd.answered),
            RENEWALS);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tls");
    TCase *tests = tcase_create("tls");
    tcase_set_timeout(tests, 300);
    tcase_add_unchecked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, the_health_check_knows_of_it);
    tcase_add_test(tests, renewals_are_not_noticed);
    suite_add_tcase(suite, tests);
    return tap_run(suite);
}
