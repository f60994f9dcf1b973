#include "integration/service.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { START_SECONDS = 60, STOP_SECONDS = 60 };

static void set_environment(const struct service *service)
{
    setenv("CLMD_DATA_DIR", service->directory, 1);
    setenv("CLMD_LISTEN", "127.0.0.1:0", 1);
    setenv("CLMD_LOG_FORMAT", "logfmt", 1);
    if (service->database_url[0] != '\0')
        setenv("DATABASE_URL", service->database_url, 1);
    else
        unsetenv("DATABASE_URL");
    unsetenv("CLMD_GREETING");
}

static void run_child(const struct service *service, const char *const *arguments, int output,
                      int errors)
{
    const char *command[16] = {CLMD_BINARY};
    for (size_t i = 0; arguments[i] != NULL && i < 14; i++)
        command[i + 1] = arguments[i];
    set_environment(service);
    dup2(output, STDOUT_FILENO);
    dup2(errors, STDERR_FILENO);
    execv(CLMD_BINARY, (char *const *)(uintptr_t)command);
    _exit(127);
}

/* Reads the log from `at` on for the line that tells the address. */
static bool find_port(struct service *service)
{
    char text[16384];
    int log = open(service->log_path, O_RDONLY | O_CLOEXEC);
    if (log < 0)
        return false;
    off_t size = lseek(log, 0, SEEK_END);
    off_t from = size > (off_t)sizeof text - 1 ? size - (off_t)sizeof text + 1 : 0;
    ssize_t length = pread(log, text, sizeof text - 1, from);
    close(log);
    if (length <= 0)
        return false;
    text[length] = '\0';
    const char *line = strstr(text, "listening");
    const char *address = line != NULL ? strstr(line, "127.0.0.1:") : NULL;
    if (address == NULL || strchr(address, '\n') == NULL)
        return false;
    service->port = (int)strtol(address + strlen("127.0.0.1:"), NULL, 10);
    return service->port > 0;
}

static void print_log(const struct service *service)
{
    char text[8192];
    FILE *log = fopen(service->log_path, "r");
    if (log == NULL)
        return;
    size_t length;
    while ((length = fread(text, 1, sizeof text, log)) > 0)
        fwrite(text, 1, length, stderr);
    fclose(log);
}

static void pause_briefly(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 10 * 1000 * 1000}, NULL);
}

static void read_key(struct service *service)
{
    char path[96];
    snprintf(path, sizeof path, "%s/admin.key", service->directory);
    FILE *file = fopen(path, "r");
    ck_assert_msg(file != NULL, "no admin.key in the data directory");
    ck_assert_ptr_nonnull(fgets(service->key, sizeof service->key, file));
    service->key[strcspn(service->key, "\n")] = '\0';
    fclose(file);
}

/* Waits until it listens; false if it ends before. */
static bool await_listening(struct service *service)
{
    time_t deadline = time(NULL) + START_SECONDS;
    while (!find_port(service)) {
        int status;
        if (waitpid(service->pid, &status, WNOHANG) == service->pid)
            return false;
        ck_assert_msg(time(NULL) <= deadline, "clmd serve does not come up");
        pause_briefly();
    }
    return true;
}

bool service_try_again(struct service *service)
{
    static const char *const SERVE[] = {"serve", NULL};
    int log = open(service->log_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ck_assert_int_ge(log, 0);
    service->pid = fork();
    if (service->pid == 0)
        run_child(service, SERVE, log, log);
    close(log);
    ck_assert_int_gt(service->pid, 0);
    bool is_up = await_listening(service);
    if (is_up && service->database_url[0] == '\0')
        read_key(service);
    return is_up;
}

void service_again(struct service *service)
{
    if (service_try_again(service))
        return;
    print_log(service);
    ck_abort_msg("clmd serve did not come up");
}

static void make_directory(struct service *service)
{
    snprintf(service->directory, sizeof service->directory, "/tmp/clmd-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(service->directory));
    snprintf(service->log_path, sizeof service->log_path, "%s.log", service->directory);
}

void service_start(struct service *service)
{
    *service = (struct service){0};
    make_directory(service);
    service_again(service);
}

void service_outside(struct service *service, const char *database_url)
{
    static const char *const MIGRATE[] = {"migrate", NULL};
    static const char *const KEY[] = {"key",     "create", "--name", "test",
                                      "--scope", "admin",  NULL};
    char output[4096];
    *service = (struct service){0};
    make_directory(service);
    snprintf(service->database_url, sizeof service->database_url, "%s", database_url);
    ck_assert_msg(service_command(service, MIGRATE, output, sizeof output) == 0, "%s", output);
    ck_assert_msg(service_command(service, KEY, output, sizeof output) == 0, "%s", output);
    const char *key = strstr(output, "clm_");
    ck_assert_msg(key != NULL, "%s", output);
    snprintf(service->key, sizeof service->key, "%.*s", (int)strcspn(key, "\n"), key);
    service_again(service);
}

bool service_is_alive(const struct service *service)
{
    return waitpid(service->pid, NULL, WNOHANG) == 0;
}

void service_beside(struct service *service, const struct service *first)
{
    *service = (struct service){0};
    make_directory(service);
    if (first->database_url[0] != '\0')
        memcpy(service->database_url, first->database_url, sizeof service->database_url);
    else
        snprintf(service->database_url, sizeof service->database_url,
                 "host=%s/socket port=5432 user=clmd dbname=postgres", first->directory);
    memcpy(service->key, first->key, sizeof service->key);
    service_again(service);
}

static int wait_for(pid_t pid, int seconds)
{
    time_t deadline = time(NULL) + seconds;
    int status;
    while (waitpid(pid, &status, WNOHANG) != pid) {
        if (time(NULL) > deadline) {
            kill(pid, SIGKILL);
            waitpid(pid, &status, 0);
            return -1;
        }
        pause_briefly();
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int service_stop(struct service *service)
{
    kill(service->pid, SIGTERM);
    int status = wait_for(service->pid, STOP_SECONDS);
    if (status != 0)
        print_log(service);
    service->pid = 0;
    return status;
}

void service_kill(struct service *service)
{
    kill(service->pid, SIGKILL);
    wait_for(service->pid, STOP_SECONDS);
    service->pid = 0;
}

static void remove_tree(const char *path)
{
    pid_t pid = fork();
    if (pid == 0) {
        execlp("rm", "rm", "-rf", "--", path, (char *)NULL);
        _exit(127);
    }
    waitpid(pid, NULL, 0);
}

/* Whatever a test did: no key is in the log, be it a good or a bad one. */
static void check_log(const struct service *service)
{
    char line[8192];
    FILE *log = fopen(service->log_path, "r");
    while (log != NULL && fgets(line, sizeof line, log) != NULL) {
        const char *key = strstr(line, "clm_");
        size_t digits = key != NULL ? strspn(key + 4, "0123456789abcdef") : 0;
        ck_assert_msg(digits != 16 || key[20] != '_', "a key in the log: %s", line);
    }
    if (log != NULL)
        fclose(log);
}

void service_remove(struct service *service)
{
    if (service->pid > 0)
        ck_assert_int_eq(service_stop(service), 0);
    check_log(service);
    remove_tree(service->directory);
    unlink(service->log_path);
}

int service_command(const struct service *service, const char *const *arguments, char *output,
                    size_t size)
{
    int channel[2];
    ck_assert_int_eq(pipe2(channel, O_CLOEXEC), 0);
    pid_t pid = fork();
    if (pid == 0)
        run_child(service, arguments, channel[1], channel[1]);
    close(channel[1]);
    size_t length = 0;
    ssize_t got;
    char rest[512];
    while ((got = length + 1 < size ? read(channel[0], output + length, size - length - 1)
                                    : read(channel[0], rest, sizeof rest)) > 0)
        length += length + 1 < size ? (size_t)got : 0;
    output[length] = '\0';
    close(channel[0]);
    return wait_for(pid, STOP_SECONDS);
}

pid_t service_postmaster(const struct service *service)
{
    char path[128];
    snprintf(path, sizeof path, "%s/cluster/postmaster.pid", service->directory);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return -1;
    char line[32] = "";
    if (fgets(line, sizeof line, file) == NULL)
        line[0] = '\0';
    fclose(file);
    return (pid_t)strtol(line, NULL, 10);
}
