/* Clocks, what /proc tells about the server, and latencies. */
#ifndef MEASURE_H
#define MEASURE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Nanoseconds, of a clock that never jumps. */
int64_t now(void);

/* What has been used up to a moment, all in nanoseconds. */
struct usage {
    int64_t wall;
    int64_t server_cpu;    /* all threads, user and system */
    int64_t load_cpu;
    int64_t server_waited; /* it could have run, and something else ran */
    int64_t load_waited;
};

/* Remember which process the server is; die if there is none. */
void measure_server(pid_t server);

struct usage usage_now(void);
struct usage usage_since(struct usage begin);

/* How many bytes of memory the server has. */
int64_t server_rss(void);

/* The latencies of every delivery, counted by whole microseconds. */
void latency_begin(void);
void latency_add(int64_t nanoseconds, uint32_t deliveries);

/* In seconds; false where nothing was counted. */
struct latency {
    double p50, p99, p999, max;
};
bool latency_get(struct latency *result);

#endif
