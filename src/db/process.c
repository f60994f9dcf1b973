#include "db/process.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOT_STARTED = 127 };

bool user_choose(struct user *user, struct problem *why)
{
    static const char *const CANDIDATES[] = {"postgres", "nobody"};
    *user = (struct user){.id = geteuid(), .group = getegid(), .name = "this user"};
    if (user->id != 0)
        return true;
    for (size_t i = 0; i < COUNT_OF(CANDIDATES); i++) {
        const struct passwd *entry = getpwnam(CANDIDATES[i]);
        if (!entry || entry->pw_uid == 0)
            continue;
        *user = (struct user){.id = entry->pw_uid, .group = entry->pw_gid, .is_other = true};
        snprintf(user->name, sizeof user->name, "user %s", CANDIDATES[i]);
        return true;
    }
    return fail(why, PROBLEM_UNAVAILABLE,
                "PostgreSQL does not run as root, and there is no user postgres or nobody: "
                "start clmd as another user");
}

bool user_become(const struct user *user)
{
    if (!user->is_other || geteuid() == user->id)
        return true;
    return setgroups(0, NULL) == 0 && setresgid(user->group, user->group, user->group) == 0 &&
           setresuid(user->id, user->id, user->id) == 0;
}

static void reset_signals(void)
{
    sigset_t none;
    for (int number = 1; number < NSIG; number++)
        (void)signal(number, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static bool redirect(const char *log)
{
    int nothing = open("/dev/null", O_RDONLY);
    int out = open(log, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0600);
    return nothing >= 0 && out >= 0 && dup2(nothing, STDIN_FILENO) >= 0 &&
           dup2(out, STDOUT_FILENO) >= 0 && dup2(out, STDERR_FILENO) >= 0;
}

/* In the child, where only calls that are safe in a signal handler may be made: our process can
 * have threads. The signal of our death is asked for last, because a change of user forgets it;
 * a parent that is gone by then would never be noticed. */
static void become_program(const struct user *user, pid_t parent, const char *directory,
                           const char *log, const char *const *program)
{
    char *const *arguments;
    memcpy(&arguments, &program, sizeof arguments); /* execv promises not to write */
    reset_signals();
    (void)setsid();
    (void)umask(077);
    bool is_set = user_become(user) && chdir(directory) == 0 && redirect(log);
    (void)close_range(STDERR_FILENO + 1, UINT_MAX, 0); /* ours close by themselves at exec */
    if (is_set && prctl(PR_SET_PDEATHSIG, SIGINT) == 0 && getppid() == parent)
        (void)execv(program[0], arguments);
    _exit(NOT_STARTED);
}

pid_t process_start(const struct user *user, const char *directory, const char *log,
                    const char *const *program)
{
    pid_t parent = getpid();
    pid_t child = fork();
    if (child == 0)
        become_program(user, parent, directory, log, program);
    return child;
}

bool process_run(const struct user *user, const char *directory, const char *log,
                 const char *const *program)
{
    int status = 0;
    pid_t child = process_start(user, directory, log, program);
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool process_is_in(pid_t process, const char *directory)
{
    char link[64], place[PATH_MAX];
    snprintf(link, sizeof link, "/proc/%d/cwd", (int)process);
    ssize_t length = readlink(link, place, sizeof place);
    return length == (ssize_t)strlen(directory) &&
           memcmp(place, directory, (size_t)length) == 0;
}
