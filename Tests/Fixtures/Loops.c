/* asgi.loop/1: descriptors and timers of requests and of the application, from the loop and from threads; and a request
 * that blocks the loop. GET /log returns what was recorded. SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "Notes.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static asgi_id lifespan_id;
static const asgi_host *lifespan_host;

static const asgi_loop *loop_of(const asgi_host *host, asgi_id id)
{
    asgi_string name = asgi_text("asgi.loop/1");
    return (const asgi_loop *)host->extension(id, &name);
}

typedef struct work {
    const asgi_host *host;
    const asgi_loop *loop;
    asgi_id id;
    asgi_send send;
    int pipes[2];
    int left;
    pthread_t thread;
    const char *name;
} work;

static work *begin(const asgi_scope *scope, asgi_send send)
{
    work *w = (work *)calloc(1, sizeof *w);
    w->host = scope->host;
    w->id = scope->id;
    w->send = send;
    w->loop = loop_of(scope->host, scope->id);
    w->thread = pthread_self();
    if (pipe2(w->pipes, O_NONBLOCK | O_CLOEXEC)) abort();
    return w;
}

static void answer(work *w, const char *text)
{
    asgi_event event = asgi_event_of(ASGI_HTTP_RESPONSE);
    event.status = 200;
    event.body = asgi_text(text);
    w->send(w->id, &event, NULL, NULL);
}

static void end(work *w)
{
    asgi_id id = w->id;
    const asgi_host *host = w->host;
    close(w->pipes[0]);
    close(w->pipes[1]);
    free(w);
    note("end\n");
    host->finish(id, ASGI_DONE);
}

/* ---- One byte at a time through a pipe, with a new watch for each ------------------------------------------------ */

static void readable(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    work *w = (work *)context;
    char byte;
    (void)id;
    (void)event;
    if (read(w->pipes[0], &byte, 1) != 1) note("nothing to read\n");
    if (w->left % 100 == 0) note("readable=%s on=%s left=%d\n", name_of(result), pthread_equal(w->thread, pthread_self()) ? "loop" : "elsewhere", w->left);
    if (--w->left == 0) {
        answer(w, "read");
        end(w);
        return;
    }
    if (write(w->pipes[1], "x", 1) != 1) abort();
    w->loop->watch(w->id, 0, w->pipes[0], ASGI_READABLE, readable, w, NULL);
}

static asgi_result pipe_bytes(work *w)
{
    w->left = 1000;
    note_result("watch", w->loop->watch(w->id, 0, w->pipes[0], ASGI_READABLE, readable, w, NULL));
    if (write(w->pipes[1], "x", 1) != 1) abort();
    return ASGI_PENDING;
}

/* ---- Refused and cancelled calls ------------------------------------------------------------------------------- */

static void reported(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    (void)id;
    (void)event;
    note("%s=%s\n", (const char *)context, name_of(result));
}

static asgi_result rules(work *w)
{
    uint64_t watch = 0, timer = 0;
    int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    note_result("no-conditions", w->loop->watch(w->id, 0, w->pipes[0], 0, reported, "x", NULL));
    note_result("other-conditions", w->loop->watch(w->id, 0, w->pipes[0], 8, reported, "x", NULL));
    note_result("no-then", w->loop->watch(w->id, 0, w->pipes[0], ASGI_READABLE, NULL, "x", NULL));
    note_result("other-loop", w->loop->watch(w->id, 1, w->pipes[0], ASGI_READABLE, reported, "x", NULL));
    note_result("not-open", w->loop->watch(w->id, 0, 9999, ASGI_READABLE, reported, "x", NULL));
    note_result("a-file", w->loop->watch(w->id, 0, file, ASGI_READABLE, reported, "x", NULL));
    close(file);
    note_result("writable", w->loop->watch(w->id, 0, w->pipes[1], ASGI_WRITABLE, reported, "reported-writable", NULL));
    note_result("watch", w->loop->watch(w->id, 0, w->pipes[0], ASGI_READABLE, reported, "reported-cancelled", &watch));
    note_result("watch-twice", w->loop->watch(w->id, 0, w->pipes[0], ASGI_READABLE | ASGI_WRITABLE, reported, "reported-with-scope", NULL));
    note_result("cancel", w->host->cancel(w->id, watch));
    note_result("cancel-again", w->host->cancel(w->id, watch));
    note_result("after", w->loop->after(w->id, 0, 100000000, reported, "reported-timer", &timer));
    note_result("after-other-loop", w->loop->after(w->id, 7, 1, reported, "x", NULL));
    note_result("cancel-timer", w->host->cancel(w->id, timer));
    return ASGI_PENDING;
}

static void rules_end(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    (void)id;
    (void)event;
    (void)result;
    answer((work *)context, "rules");
    end((work *)context);
}

/* ---- A descriptor of the application, from a thread ------------------------------------------------------------ */

static int own[2];

static void own_readable(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    (void)context;
    (void)event;
    note("own=%s id=%s loop=%d\nend\n", name_of(result), id == lifespan_id ? "lifespan" : "other",
         loop_of(lifespan_host, lifespan_id) ? loop_of(lifespan_host, lifespan_id)->current() : -2);
}

static void *watch_own(void *context)
{
    (void)context;
    note_result("own-watch", loop_of(lifespan_host, lifespan_id)->watch(lifespan_id, 0, own[0], ASGI_READABLE, own_readable, NULL, NULL));
    if (write(own[1], "x", 1) != 1) abort();
    return NULL;
}

static asgi_result watch_from_thread(const asgi_scope *scope, asgi_send send)
{
    pthread_t thread;
    pthread_create(&thread, NULL, watch_own, NULL);
    pthread_join(thread, NULL);
    return asgi_respond(scope, send, 200, "text/plain", asgi_text("watched"));
}

static asgi_result lifespan(const asgi_scope *scope, asgi_receive receive, asgi_send send)
{
    asgi_event event = asgi_event_of(0);
    lifespan_id = scope->id;
    lifespan_host = scope->host;
    if (pipe2(own, O_NONBLOCK | O_CLOEXEC)) abort();
    while (receive(scope->id, &event, NULL, NULL) == ASGI_DONE) {
        asgi_event done = asgi_event_of(event.type == ASGI_LIFESPAN_STARTUP ? ASGI_LIFESPAN_STARTUP_COMPLETE
                                                                           : ASGI_LIFESPAN_SHUTDOWN_COMPLETE);
        send(scope->id, &done, NULL, NULL);
        if (event.type == ASGI_LIFESPAN_SHUTDOWN) break;
    }
    return ASGI_DONE;
}

static asgi_result hold(const asgi_scope *scope, asgi_send send)
{
    struct timespec pause = {1, 0};
    nanosleep(&pause, NULL);
    return asgi_respond(scope, send, 200, "text/plain", asgi_text("held"));
}

asgi_result application(const asgi_scope *scope, asgi_receive receive, asgi_send send)
{
    asgi_string path = asgi_path(scope);
    if (scope->type == ASGI_LIFESPAN) return lifespan(scope, receive, send);
    if (scope->type != ASGI_HTTP) return ASGI_UNSUPPORTED;
    if (asgi_equal(path, "/pipe")) return pipe_bytes(begin(scope, send));
    if (asgi_equal(path, "/rules")) {
        work *w = begin(scope, send);
        rules(w);
        w->loop->after(w->id, 0, 50000, rules_end, w, NULL);
        return ASGI_PENDING;
    }
    if (asgi_equal(path, "/own")) return watch_from_thread(scope, send);
    if (asgi_equal(path, "/hold")) return hold(scope, send);
    return answer_notes(scope, send);
}
