/* A module that ends its process, blocks its loop, or leaks memory; each behaviour has a path. The compiler's command
 * line defines the rest: -DSTARTUP=crash_here(), -DSHUTDOWN=return, -DCONSTRUCTOR=tell_who(), -DFLAGS=ASGI_ONE_LOOP.
 * -DRELEASE="two" produces a different file. SPDX-License-Identifier: Apache-2.0 */
#include <asgi.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef RELEASE
#define RELEASE "one"
#endif
#ifndef STARTUP
#define STARTUP (void)0
#endif
#ifndef SHUTDOWN
#define SHUTDOWN (void)0
#endif
#ifndef FLAGS
#define FLAGS 0
#endif

/* ---- Ways to end: not static, so that stack traces contain their names ------------------------------------------- */

void crash_here(void)
{
    fputs("about to crash\n", stderr);
    *(volatile int *)16 = 1;
}

void abort_here(void) { abort(); }
void exit_here(void) { exit(7); }
void end_here(void) { _exit(9); }
void quick_exit_here(void) { quick_exit(9); }
void exit_group_here(void) { syscall(SYS_exit_group, 0); }
void trap_here(void) { __builtin_trap(); }

int divide_here(int by) { return 7 / by; }

int overflow_here(volatile char *above)
{
    volatile char room[4096];
    room[0] = above ? above[0] : 0;
    return overflow_here(room) + room[0];
}

void out_of_memory(void)
{
    fputs("there is no more memory\n", stderr);
    abort();
}

void spin(void)
{
    volatile unsigned turns = 0;
    for (;;) turns++;
}

static void *crash_on_thread(void *context)
{
    crash_here();
    return context;
}

static void crash_later(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    (void)context, (void)id, (void)result, (void)event;
    crash_here();
}

static void exit_later(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    (void)context, (void)id, (void)result, (void)event;
    exit_group_here();
}

static void spin_later(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    (void)context, (void)id, (void)result, (void)event;
    spin();
}

static asgi_result crash_elsewhere(void)
{
    pthread_t thread;
    return pthread_create(&thread, NULL, crash_on_thread, NULL) ? ASGI_FAILED : ASGI_PENDING;
}

/* ---- Responses --------------------------------------------------------------------------------------------------- */

/* Responds with the release and the process id: "one 4711". */
static asgi_result answer(const asgi_scope *scope, asgi_send send)
{
    char text[64];
    snprintf(text, sizeof text, "%s %d", RELEASE, (int)getpid());
    return asgi_respond(scope, send, 200, "text/plain", asgi_text(text));
}

static asgi_result grow(const asgi_scope *scope, asgi_send send)
{
    enum { SIZE = 8 << 20 };
    static char *volatile last;
    char *memory = (char *)malloc(SIZE);
    if (!memory) out_of_memory();
    memset(memory, 1, SIZE);
    last = memory; /* Never freed. */
    return answer(scope, send);
}

static asgi_send late_send;

static void answer_late(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    const asgi_host *host = (const asgi_host *)context;
    asgi_event late = asgi_event_of(ASGI_HTTP_RESPONSE);
    (void)event;
    late.status = 200;
    late.body = asgi_text("late");
    if (result == ASGI_DONE) late_send(id, &late, NULL, NULL);
    host->finish(id, ASGI_DONE);
}

/* Responds after 1.5 seconds, without blocking the loop. */
static asgi_result answer_slowly(const asgi_scope *scope, asgi_send send)
{
    late_send = send;
    return scope->host->after(scope->id, 1500000, answer_late, (void *)scope->host, NULL);
}

/* Responds when the host stops, or when this process is replaced. */
static asgi_result answer_at_the_end(const asgi_scope *scope, asgi_send send)
{
    asgi_string name = asgi_text("asgi.shutdown/1");
    const asgi_shutdown *shutdown = (const asgi_shutdown *)scope->host->extension(scope->id, &name);
    late_send = send;
    return shutdown ? shutdown->notice(scope->id, answer_late, (void *)scope->host, NULL) : ASGI_FAILED;
}

/* ---- Lifespan: without blocking, since it may be called on a loop ------------------------------------------------ */

static asgi_receive life_receive;
static asgi_send life_send;
static const asgi_host *life_host;

static void take(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    asgi_event done = asgi_event_of(ASGI_LIFESPAN_STARTUP_COMPLETE), next = asgi_event_of(0);
    (void)context;
    if (result != ASGI_DONE) return;
    if (event->type == ASGI_LIFESPAN_STARTUP) {
        STARTUP;
        life_send(id, &done, NULL, NULL);
        result = life_receive(id, &next, take, NULL);
        if (result == ASGI_DONE) take(NULL, id, result, &next);
        return;
    }
    SHUTDOWN;
    done.type = ASGI_LIFESPAN_SHUTDOWN_COMPLETE;
    life_send(id, &done, NULL, NULL);
    life_host->finish(id, ASGI_DONE);
}

static asgi_result live(const asgi_scope *scope, asgi_receive receive, asgi_send send)
{
    asgi_event event = asgi_event_of(0);
    asgi_result result;
    life_receive = receive;
    life_send = send;
    life_host = scope->host;
    result = receive(scope->id, &event, take, NULL);
    if (result == ASGI_DONE) take(NULL, scope->id, result, &event);
    return result < 0 ? result : ASGI_PENDING;
}

/* ---- Module ------------------------------------------------------------------------------------------------------ */

/* Writes the identity of the process on one line: users, groups, capabilities. */
void tell_who(void)
{
    char line[256];
    FILE *status = fopen("/proc/self/status", "r");
    fprintf(stderr, "who %d", (int)getpid());
    while (status && fgets(line, sizeof line, status))
        if (!strncmp(line, "Uid:", 4) || !strncmp(line, "Gid:", 4) || !strncmp(line, "Groups:", 7)
            || !strncmp(line, "NoNewPrivs:", 11) || !strncmp(line, "CapEff:", 7))
            fprintf(stderr, " %.*s", (int)strcspn(line, "\n"), line);
    fputs(" end\n", stderr);
    if (status) fclose(status);
}

#ifdef CONSTRUCTOR
__attribute__((constructor)) static void construct(void) { CONSTRUCTOR; }
#endif

asgi_result application(const asgi_scope *scope, asgi_receive receive, asgi_send send)
{
    asgi_string path = asgi_path(scope);
    if (scope->type == ASGI_LIFESPAN) return live(scope, receive, send);
    if (scope->type != ASGI_HTTP) return ASGI_UNSUPPORTED;
    if (asgi_equal(path, "/")) return answer(scope, send);
    if (asgi_equal(path, "/grow")) return grow(scope, send);
    asgi_log(scope, ASGI_LOG_INFO, "begun");
    if (asgi_equal(path, "/segfault")) crash_here();
    if (asgi_equal(path, "/abort")) abort_here();
    if (asgi_equal(path, "/exit")) exit_here();
    if (asgi_equal(path, "/_exit")) end_here();
    if (asgi_equal(path, "/quick_exit")) quick_exit_here();
    if (asgi_equal(path, "/exit_group")) exit_group_here();
    if (asgi_equal(path, "/pool_exit_group")) return scope->host->spawn(scope->id, exit_later, NULL);
    if (asgi_equal(path, "/divide")) divide_here((int)scope->query_string.size);
    if (asgi_equal(path, "/illegal")) trap_here();
    if (asgi_equal(path, "/overflow")) overflow_here(NULL);
    if (asgi_equal(path, "/spin")) spin();
    if (asgi_equal(path, "/thread")) return crash_elsewhere();
    if (asgi_equal(path, "/pool")) return scope->host->spawn(scope->id, crash_later, NULL);
    if (asgi_equal(path, "/pool-spin")) return scope->host->spawn(scope->id, spin_later, NULL);
    if (asgi_equal(path, "/post")) return scope->host->post(scope->id, crash_later, NULL);
    if (asgi_equal(path, "/timer")) return scope->host->after(scope->id, 1, crash_later, NULL, NULL);
    if (asgi_equal(path, "/slow")) return answer_slowly(scope, send);
    if (asgi_equal(path, "/cancelDelay")) return answer_at_the_end(scope, send);
    if (asgi_equal(path, "/hold")) return ASGI_PENDING;
    if (asgi_equal(path, "/unfinished")) return answer(scope, send) < 0 ? ASGI_FAILED : ASGI_PENDING;
    return asgi_respond(scope, send, 404, "text/plain", asgi_text("Not Found"));
}

const asgi_module *asgi_module_info(void)
{
    static const asgi_module module = {sizeof module,          ASGI_ABI,            ASGI_DRAFT,       FLAGS,
                                       ASGI_STRING("crashes"), ASGI_STRING(RELEASE), ASGI_STRING(""), NULL};
    return &module;
}
