// What time it is, with OFFSET seconds more. How long something takes stays true: only the wall clock is off.
// Debian's libfaketime has the same aim; its clock_nanosleep refuses Python's time.sleep where it is to leave
// CLOCK_MONOTONIC alone.
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t id, struct timespec *at)
{
	int failed = syscall(SYS_clock_gettime, id, at);
	if (!failed && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
		at->tv_sec += OFFSET;
	return failed;
}

int gettimeofday(struct timeval *at, void *zone)
{
	int failed = syscall(SYS_gettimeofday, at, zone);
	if (!failed)
		at->tv_sec += OFFSET;
	return failed;
}

time_t time(time_t *at)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	if (at)
		*at = now.tv_sec;
	return now.tv_sec;
}
