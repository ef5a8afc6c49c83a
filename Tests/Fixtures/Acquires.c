/* A C program that loads libRoost.so, starts and stops hosts, and prints which process state has changed.
 * SPDX-License-Identifier: Apache-2.0
 *
 *     acquires LIBROOST FOLDER MODULE MODULE-THAT-REFUSES-TO-START */
#include <arpa/inet.h>
#include <dirent.h>
#include <dlfcn.h>
#include <roost.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { signals = 65, rounds = 12 };

/* The state of the process, besides its memory. */
typedef struct process {
    struct sigaction actions[signals];
    sigset_t mask;
    mode_t umask;
    char folder[4096];
    char environment[65536];
} process;

static int count(const char *folder)
{
    int entries = 0;
    struct dirent *entry;
    DIR *open = opendir(folder);
    if (!open) return 0;
    while ((entry = readdir(open)))
        if (entry->d_name[0] != '.') entries++;
    closedir(open);
    return entries;
}

static int descriptors(void) { return count("/proc/self/fd"); }
static int threads(void) { return count("/proc/self/task"); }

static void look(process *p)
{
    extern char **environ;
    char **variable;
    int number;
    memset(p, 0, sizeof *p);
    for (number = 1; number < signals; number++) sigaction(number, NULL, &p->actions[number]);
    pthread_sigmask(SIG_SETMASK, NULL, &p->mask);
    umask(p->umask = umask(0));
    if (!getcwd(p->folder, sizeof p->folder)) exit(4);
    for (variable = environ; *variable; variable++)
        if (strlen(p->environment) + strlen(*variable) + 2 < sizeof p->environment)
            strcat(strcat(p->environment, *variable), "\n");
}

static void tell(const char *when, const process *before)
{
    static process now;
    int number, is_same = 1;
    look(&now);
    printf("%s:", when);
    for (number = 1; number < signals; number++)
        if (now.actions[number].sa_handler != before->actions[number].sa_handler) is_same = 0, printf(" signal %d", number);
    if (memcmp(&now.mask, &before->mask, sizeof now.mask) != 0) is_same = 0, printf(" mask");
    if (now.umask != before->umask) is_same = 0, printf(" umask");
    if (strcmp(now.folder, before->folder) != 0) is_same = 0, printf(" folder");
    if (strcmp(now.environment, before->environment) != 0) is_same = 0, printf(" environment");
    puts(is_same ? " nothing" : "");
}

static roost_host *(*start)(const char *);
static int (*stop)(roost_host *);
static int (*port_of)(const roost_host *);
static const char *(*error)(void);

/* Sends one request, so that the host has had a connection. */
static void ask(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
    char text[4096];
    int client = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(client, (struct sockaddr *)&address, sizeof address) != 0) exit(5);
    dprintf(client, "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    while (read(client, text, sizeof text) > 0) continue;
    close(client);
}

static void once(const char *folder, const char *module, const process *before)
{
    char settings[2048];
    roost_host *host;
    snprintf(settings, sizeof settings, "{port: 0, run-dir: '%s/run', applications: [{module: '%s'}]}", folder, module);
    host = start(settings);
    if (!host) exit((fprintf(stderr, "%s\n", error()), 6));
    ask(port_of(host));
    if (before) tell("serving", before);
    if (stop(host) != 0) exit((fprintf(stderr, "%s\n", error()), 7));
}

/* Starts that fail, each at a later stage than the one before. */
static void fail(const char *folder, const char *module, const char *refusing)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    char settings[5][2048];
    int at, taken = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(taken, (struct sockaddr *)&address, size) != 0 || listen(taken, 1) != 0) exit(8);
    getsockname(taken, (struct sockaddr *)&address, &size);
    snprintf(settings[0], sizeof *settings, "{port: x}");
    snprintf(settings[1], sizeof *settings, "{port: 0, run-dir: '%s/run', applications: [{module: ./none.so}]}", folder);
    snprintf(settings[2], sizeof *settings, "{port: 0, run-dir: '%s/run', applications: [{module: '%s'}, {module: '%s'}]}", folder, module,
             module);
    snprintf(settings[3], sizeof *settings, "{bind: ['127.0.0.1:0', '127.0.0.1:%d'], run-dir: '%s/run', applications: [{module: '%s'}]}",
             ntohs(address.sin_port), folder, module);
    snprintf(settings[4], sizeof *settings,
             "{port: 0, run-dir: '%s/run', applications: [{module: '%s', mount: /a}, {module: '%s', mount: /b}]}", folder, module, refusing);
    for (at = 0; at < 5; at++)
        if (start(settings[at])) exit((fprintf(stderr, "%s started\n", settings[at]), 9));
    close(taken);
}

/* Waits until `now()` is at most `most`, for up to a minute: ending threads close their descriptors last. Returns the
 * excess. */
static int settle(int (*now)(void), int most)
{
    struct timespec pause = {0, 10000000};
    int turn;
    for (turn = 0; turn < 6000 && now() > most; turn++) nanosleep(&pause, NULL);
    return now() > most ? now() - most : 0;
}

static void handle(int number) { (void)number; }

int main(int argc, char **argv)
{
    static process before;
    char run[1024];
    void *library;
    int round, had, had_threads;
    if (argc != 5) return 2;
    /* The program's own handler: SwiftNIO changes this signal's action with the first socket of a process. */
    signal(SIGPIPE, handle);
    look(&before);
    if (!(library = dlopen(argv[1], RTLD_NOW))) return fprintf(stderr, "%s\n", dlerror()), 3;
    tell("loaded", &before);
    *(void **)&start = dlsym(library, "roost_start");
    *(void **)&stop = dlsym(library, "roost_stop");
    *(void **)&port_of = dlsym(library, "roost_port");
    *(void **)&error = dlsym(library, "roost_error");
    once(argv[2], argv[3], &before);
    tell("stopped", &before);
    signal(SIGPIPE, SIG_DFL);
    look(&before);
    once(argv[2], argv[3], &before);
    tell("stopped", &before);
    fail(argv[2], argv[3], argv[4]);
    tell("failed", &before);
    /* One-time resources: the runtime's threads, and those lent to lifespans. */
    for (round = 0; round < 3; round++) once(argv[2], argv[3], NULL), fail(argv[2], argv[3], argv[4]);
    had = descriptors(), had_threads = threads();
    for (round = 0; round < rounds; round++) once(argv[2], argv[3], NULL), fail(argv[2], argv[3], argv[4]);
    printf("descriptors more: %d\n", settle(descriptors, had));
    /* The runtime's pool may still grow by some threads; a leak would be one thread per start. */
    printf("threads more: %s\n", settle(threads, had_threads + rounds / 2) ? "one a start" : "none");
    snprintf(run, sizeof run, "%s/run", argv[2]);
    printf("folders left: %d\n", count(run));
    return 0;
}
