/* Loaded before the C library (LD_PRELOAD): the time of day is ahead by what a file says, and the monotonic clock
 * is left alone, as when somebody sets the clock. The file CLOCK_AHEAD holds one 64-bit number of nanoseconds. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static int (*real_clock)(clockid_t, struct timespec *);
static volatile int64_t *ahead;

__attribute__((constructor)) static void begin(void)
{
	int file = open(getenv("CLOCK_AHEAD"), O_RDONLY);
	real_clock = dlsym(RTLD_NEXT, "clock_gettime");
	ahead = mmap(NULL, sizeof *ahead, PROT_READ, MAP_SHARED, file, 0);
	close(file);
}

int clock_gettime(clockid_t kind, struct timespec *found)
{
	int64_t nanoseconds;
	int failed = real_clock(kind, found);
	if (failed || kind != CLOCK_REALTIME)
		return failed;
	nanoseconds = found->tv_sec * 1000000000LL + found->tv_nsec + *ahead;
	found->tv_sec = nanoseconds / 1000000000LL;
	found->tv_nsec = nanoseconds % 1000000000LL;
	return 0;
}

int gettimeofday(struct timeval *restrict found, void *restrict zone)
{
	struct timespec now;
	(void)zone;
	clock_gettime(CLOCK_REALTIME, &now);
	found->tv_sec = now.tv_sec;
	found->tv_usec = now.tv_nsec / 1000;
	return 0;
}

time_t time(time_t *found)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	if (found)
		*found = now.tv_sec;
	return now.tv_sec;
}
