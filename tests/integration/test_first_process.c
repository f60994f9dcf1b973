/* The first process of a container (of a PID namespace): to it, a signal that it has said
 * nothing about is not the end, as to all others, but nothing at all. clmd can be ended there
 * too, before it serves and in commands that know nothing of signals. */
#include "base/compiler.h"
#include "tap.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE_MILLISECONDS = 20000 };

static const struct {
    const char *command;
    int signal;
} CASES[] = {
    {"serve", SIGTERM},   {"serve", SIGINT},   {"serve", SIGHUP},   {"serve", SIGQUIT},
    {"migrate", SIGTERM}, {"migrate", SIGINT}, {"migrate", SIGHUP}, {"migrate", SIGQUIT},
};

/* As fork(), into a namespace of its own; −1 where this user may not make one. */
static pid_t fork_first(void)
{
    long process = syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0);
    if (process < 0)
        process = syscall(SYS_clone, CLONE_NEWUSER | CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0);
    return (pid_t)process;
}

/* A database that takes connections and says nothing; its URL. */
static int listen_silently(char *url, size_t size)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, length), 0);
    ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&address, &length), 0);
    ck_assert_int_eq(listen(listener, 8), 0);
    snprintf(url, size, "postgresql://clmd@127.0.0.1:%d/clmd", ntohs(address.sin_port));
    return listener;
}

static bool is_readable(int descriptor)
{
    struct pollfd watched = {.fd = descriptor, .events = POLLIN};
    return poll(&watched, 1, PATIENCE_MILLISECONDS) == 1;
}

static pid_t start(const char *command, const char *url)
{
    pid_t process = fork_first();
    if (process == 0) {
        setenv("DATABASE_URL", url, 1);
        execl(CLMD_BINARY, CLMD_BINARY, command, (char *)NULL);
        _exit(127);
    }
    ck_assert_int_gt(process, 0);
    return process;
}

START_TEST(a_signal_ends_it_before_it_serves)
{
    char url[64];
    int status, listener = listen_silently(url, sizeof url);
    pid_t process = start(CASES[_i].command, url);
    int ending = pidfd_open(process, 0);
    ck_assert_msg(is_readable(listener), "it does not connect to its database");
    kill(process, CASES[_i].signal);
    bool is_over = is_readable(ending);
    kill(process, SIGKILL);
    ck_assert_int_eq(waitpid(process, &status, 0), process);
    ck_assert_msg(is_over, "clmd %s goes on after SIG%s", CASES[_i].command,
                  sigabbrev_np(CASES[_i].signal));
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 128 + CASES[_i].signal,
                  "its status is %x", (unsigned)status);
    close(ending);
    close(listener);
}
END_TEST

static bool may_fork_first(void)
{
    pid_t process = fork_first();
    if (process == 0)
        _exit(0);
    return process > 0 && waitpid(process, NULL, 0) == process;
}

int main(void)
{
    if (!may_fork_first()) {
        puts("1..0 # SKIP this user may not make a PID namespace");
        return EXIT_SUCCESS;
    }
    Suite *suite = suite_create("first process");
    TCase *signals = tcase_create("signals");
    tcase_set_timeout(signals, 60);
    tcase_add_loop_test(signals, a_signal_ends_it_before_it_serves, 0, (int)COUNT_OF(CASES));
    suite_add_tcase(suite, signals);
    return tap_run(suite);
}
