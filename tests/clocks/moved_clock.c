/* A preload that moves the clock of the wall by CLOCK_MOVED_BY seconds, and no other clock.
 *
 * What waits goes by the monotonic clock, which stays as it is. So nothing sleeps too long. The
 * clock of the wall goes on at its own pace.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

static int (*real_clock)(clockid_t, struct timespec *);
static long moved_by;

__attribute__((constructor)) static void prepare(void) {
    const char *given = getenv("CLOCK_MOVED_BY");
    real_clock = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    moved_by = given ? atol(given) : 0;
}

int clock_gettime(clockid_t clock, struct timespec *told) {
    if (!real_clock)
        prepare();
    int failed = real_clock(clock, told);
    if (!failed && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        told->tv_sec += moved_by;
    return failed;
}

int gettimeofday(struct timeval *restrict told, void *restrict zone) {
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    told->tv_sec = now.tv_sec;
    told->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *told) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (told)
        *told = now.tv_sec;
    return now.tv_sec;
}
