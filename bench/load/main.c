/*
 * The load generator: many users of one chat server, in a process of its own.
 *
 *     load --port P --pid SERVER_PID [--cpu N] --protocol chat|irc [--rooms G=1]
 *          [--recipients N=10] [--echoes] [--mixed] [--tls] [--line-size 60] [--at-once 40] SCENARIO...
 *
 * Each room has N + 1 users, of whom ten at most talk.  Each line must reach all others once,
 * complete and in order, and that is checked at every one of them.  The scenarios come one after
 * another, with the same users.  stdout gets one JSON object when all has gone well; otherwise
 * stderr says what was wrong, and the status is 1.
 */
#include "crowd.h"
#include "measure.h"
#include "report.h"
#include "scenarios.h"

#include <getopt.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

enum { SCENARIOS_MOST = 32, SPARE_FILES = 16 };

static const struct option OPTIONS[] = {
    {"port", required_argument, NULL, 'p'},    {"pid", required_argument, NULL, 'i'},
    {"cpu", required_argument, NULL, 'c'},     {"protocol", required_argument, NULL, 'o'},
    {"rooms", required_argument, NULL, 'r'},   {"recipients", required_argument, NULL, 'n'},
    {"echoes", no_argument, NULL, 'e'},        {"mixed", no_argument, NULL, 'm'},
    {"tls", no_argument, NULL, 't'},           {"line-size", required_argument, NULL, 'l'},
    {"at-once", required_argument, NULL, 'a'},
    {NULL, 0, NULL, 0},
};

/* The value of an option, from least to most. */
static uint32_t number(const char *text, long least, long most)
{
    char *end;
    long value = strtol(text, &end, 10);

    if (*text == '\0' || *end != '\0' || value < least || value > most)
        die("%s is not a number from %ld to %ld", text, least, most);
    return (uint32_t)value;
}

static void pin(uint32_t cpu)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    if (sched_setaffinity(0, sizeof set, &set) < 0)
        die_errno("--cpu %u", cpu);
}

static void allow_files(uint32_t needed)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        die_errno("getrlimit");
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
        die_errno("setrlimit");
    if (limit.rlim_max < needed)
        die("%u open files are needed, and ulimit -Hn is %lu", needed,
            (unsigned long)limit.rlim_max);
}

/* What the options say. */
static struct plan parse(int count, char **words)
{
    struct plan plan = {.rooms = 1, .at_once = 40, .recipients = 10, .line_size = 60};
    bool pid = false, protocol = false;
    int option;

    while ((option = getopt_long(count, words, "", OPTIONS, NULL)) != -1) {
        switch (option) {
        case 'p': plan.port = (uint16_t)number(optarg, 1, 65535); break;
        case 'i': measure_server((pid_t)number(optarg, 1, 1 << 22)), pid = true; break;
        case 'c': pin(number(optarg, 0, CPU_SETSIZE - 1)); break;
        case 'o':
            plan.irc = strcmp(optarg, "irc") == 0;
            if (!plan.irc && strcmp(optarg, "chat") != 0)
                die("--protocol is chat or irc");
            protocol = true;
            break;
        case 'r': plan.rooms = number(optarg, 1, ROOMS_MOST); break;
        case 'n': plan.recipients = number(optarg, 1, 20000); break;
        case 'e': plan.echoes = true; break;
        case 'm': plan.mixed = true; break;
        case 't': plan.tls = true; break;
        case 'a': plan.at_once = number(optarg, 1, 1000); break;
        case 'l': plan.line_size = number(optarg, TEXT_LEAST, 500); break;
        default: exit(1);
        }
    }
    if (!plan.port || !pid || !protocol || optind == count)
        die("usage: load --port P --pid SERVER_PID --protocol chat|irc ... SCENARIO...");
    if ((uint64_t)plan.rooms * (plan.recipients + 1) > 60000)
        die("that are more users than there are ports");
    return plan;
}

int main(int count, char **words)
{
    static struct scenario scenarios[SCENARIOS_MOST];
    char *results[SCENARIOS_MOST];
    struct plan plan = parse(count, words);
    int how_many = count - optind;
    struct crowd crowd;

    if (how_many > SCENARIOS_MOST)
        die("more than %d scenarios", SCENARIOS_MOST);
    for (int i = 0; i < how_many; i++)
        scenarios[i] = scenario_parse(words[optind + i]);
    signal(SIGPIPE, SIG_IGN);
    /* Wake up when a line is due, not within the usual 50 microseconds. */
    prctl(PR_SET_TIMERSLACK, 1);
    allow_files(plan.rooms * (plan.recipients + 1) + SPARE_FILES);

    crowd_enter(&crowd, &plan);
    for (int i = 0; i < how_many; i++)
        results[i] = scenario_run(&crowd, &scenarios[i]);
    crowd_leave(&crowd);

    printf("{\"users\": %u, \"recipients\": %u, \"connecting\": %.6f, \"measured\": [",
           crowd.users, crowd.rooms[0].hearers, crowd.connecting);
    for (int i = 0; i < how_many; i++)
        printf("%s%s", i ? ", " : "", results[i]);
    puts("]}");
    if (fflush(stdout) != 0)
        die_errno("stdout");
    return 0;
}
