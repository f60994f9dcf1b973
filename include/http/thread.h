/* Threads as the service has them: with a name, deaf to signals (which are the main thread's)
 * but for those of their own faults, and with waiting that is bounded by clock_monotonic. */
#ifndef CLMD_HTTP_THREAD_H
#define CLMD_HTTP_THREAD_H

#include "base/problem.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* `name`: what ps and a debugger show, at most 15 characters of it. */
bool thread_start(pthread_t *thread, const char *name, void *(*run)(void *), void *argument,
                  struct problem *why) MUST_CHECK;

/* A mutex and a condition that goes with it. */
struct monitor {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
};

void monitor_create(struct monitor *monitor);
void monitor_destroy(struct monitor *monitor);
void monitor_lock(struct monitor *monitor);
void monitor_unlock(struct monitor *monitor);

/* Both with the lock held. False when `deadline` (clock_monotonic) has passed. */
void monitor_wait(struct monitor *monitor);
bool monitor_wait_until(struct monitor *monitor, int64_t deadline) MUST_CHECK;

/* Wakes one who waits, or all. */
void monitor_signal(struct monitor *monitor);
void monitor_broadcast(struct monitor *monitor);

/* An eventfd: wakes a thread that polls. −1 when there is none to be had. */
int wake_create(void) MUST_CHECK;
void wake_send(int wake);
void wake_clear(int wake);

#endif
