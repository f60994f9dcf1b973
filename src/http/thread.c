#include "http/thread.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>

/* Every signal but those that a thread's own fault raises: blocked, they would end the process
 * past every handler that could tell where (a sanitizer's, a debugger's). */
static void choose_signals(sigset_t *signals)
{
    static const int FAULTS[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT};
    sigfillset(signals);
    for (size_t i = 0; i < COUNT_OF(FAULTS); i++)
        sigdelset(signals, FAULTS[i]);
}

bool thread_start(pthread_t *thread, const char *name, void *(*run)(void *), void *argument,
                  struct problem *why)
{
    char short_name[16];
    sigset_t blocked, before;
    snprintf(short_name, sizeof short_name, "%s", name);
    choose_signals(&blocked);
    pthread_sigmask(SIG_SETMASK, &blocked, &before);
    int error = pthread_create(thread, NULL, run, argument);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error != 0)
        return fail(why, PROBLEM_INTERNAL, "cannot start a thread: %s", strerror(error));
    pthread_setname_np(*thread, short_name);
    return true;
}

void monitor_create(struct monitor *monitor)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&monitor->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&monitor->mutex, NULL);
}

void monitor_destroy(struct monitor *monitor)
{
    pthread_cond_destroy(&monitor->changed);
    pthread_mutex_destroy(&monitor->mutex);
}

void monitor_lock(struct monitor *monitor)
{
    pthread_mutex_lock(&monitor->mutex);
}

void monitor_unlock(struct monitor *monitor)
{
    pthread_mutex_unlock(&monitor->mutex);
}

void monitor_wait(struct monitor *monitor)
{
    pthread_cond_wait(&monitor->changed, &monitor->mutex);
}

bool monitor_wait_until(struct monitor *monitor, int64_t deadline)
{
    struct timespec when = {deadline / 1000000, deadline % 1000000 * 1000};
    return pthread_cond_timedwait(&monitor->changed, &monitor->mutex, &when) != ETIMEDOUT;
}

void monitor_signal(struct monitor *monitor)
{
    pthread_cond_signal(&monitor->changed);
}

void monitor_broadcast(struct monitor *monitor)
{
    pthread_cond_broadcast(&monitor->changed);
}

int wake_create(void)
{
    return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
}

/* A counter that is full already wakes as well as one more would, so nothing can go wrong. */
void wake_send(int wake)
{
    eventfd_write(wake, 1);
}

void wake_clear(int wake)
{
    eventfd_t count;
    eventfd_read(wake, &count);
}
