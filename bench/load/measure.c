/* Clocks, what /proc tells about the server, and latencies: see measure.h. */
#include "measure.h"

#include "report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* One microsecond each, up to two seconds; then one millisecond each, up to a hundred. */
enum { FINE = 2000000, FINE_SIZE = 1000, BUCKETS = FINE + 98000, COARSE_SIZE = 1000000 };

static uint32_t *buckets;
static uint64_t counted;
static int64_t longest;

static pid_t server_pid;
static clockid_t server_clock;

static int64_t nanoseconds(clockid_t clock)
{
    struct timespec time;
    if (clock_gettime(clock, &time) < 0)
        die_errno("the server has ended: its clock cannot be read");
    return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

int64_t now(void)
{
    return nanoseconds(CLOCK_MONOTONIC);
}

void measure_server(pid_t server)
{
    server_pid = server;
    errno = clock_getcpuclockid(server, &server_clock);
    if (errno)
        die_errno("--pid %d", (int)server);
    buckets = claim(BUCKETS, sizeof *buckets);
}

/*
 * How long the main thread could have run and did not, but for the time of the other threads of
 * the process: these are no disturbance.  Zero where the kernel does not count it.
 */
static int64_t waited(pid_t process, int64_t cpu)
{
    char path[40];
    int64_t ran, waiting;

    snprintf(path, sizeof path, "/proc/%d/schedstat", (int)process);
    if (process == 0)
        strcpy(path, "/proc/self/schedstat");
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return 0;
    if (fscanf(file, "%" SCNd64 " %" SCNd64, &ran, &waiting) != 2)
        waiting = 0, ran = cpu;
    fclose(file);
    return waiting - (cpu - ran);
}

struct usage usage_now(void)
{
    struct usage usage = {
        .wall = now(),
        .server_cpu = nanoseconds(server_clock),
        .load_cpu = nanoseconds(CLOCK_PROCESS_CPUTIME_ID),
    };
    usage.server_waited = waited(server_pid, usage.server_cpu);
    usage.load_waited = waited(0, usage.load_cpu);
    return usage;
}

struct usage usage_since(struct usage begin)
{
    struct usage end = usage_now();
    end.wall -= begin.wall;
    end.server_cpu -= begin.server_cpu;
    end.load_cpu -= begin.load_cpu;
    end.server_waited -= begin.server_waited;
    end.load_waited -= begin.load_waited;
    /* More than one thread may run at once. */
    if (end.server_waited < 0)
        end.server_waited = 0;
    return end;
}

int64_t server_rss(void)
{
    char path[40], line[256];
    int64_t kilobytes = 0;

    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)server_pid);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        die_errno("%s", path);
    while (fgets(line, sizeof line, file) != NULL)
        if (sscanf(line, "Rss: %" SCNd64, &kilobytes) == 1)
            break;
    fclose(file);
    return kilobytes * 1024;
}

void latency_begin(void)
{
    memset(buckets, 0, BUCKETS * sizeof *buckets);
    counted = 0;
    longest = 0;
}

/* Where a bucket ends, in nanoseconds. */
static int64_t end_of(int64_t bucket)
{
    int64_t fine = bucket < FINE ? bucket + 1 : FINE;
    return fine * FINE_SIZE + (bucket + 1 - fine) * COARSE_SIZE;
}

void latency_add(int64_t latency, uint32_t deliveries)
{
    int64_t bucket = latency / FINE_SIZE;

    if (bucket >= FINE)
        bucket = FINE + (latency - end_of(FINE - 1)) / COARSE_SIZE;
    buckets[bucket < BUCKETS ? bucket : BUCKETS - 1] += deliveries;
    counted += deliveries;
    if (latency > longest)
        longest = latency;
}

/* The latency that so many in a thousand do not exceed. */
static double quantile(uint64_t thousandths)
{
    uint64_t wanted = (counted * thousandths + 999) / 1000, seen = 0;
    int64_t bucket = 0;

    while ((seen += buckets[bucket]) < wanted && bucket < BUCKETS - 1)
        bucket++;
    /* The end of the bucket, but never more than what was measured. */
    return (double)(end_of(bucket) < longest ? end_of(bucket) : longest) / 1e9;
}

bool latency_get(struct latency *result)
{
    if (counted == 0)
        return false;
    *result = (struct latency){quantile(500), quantile(990), quantile(999), (double)longest / 1e9};
    return true;
}
