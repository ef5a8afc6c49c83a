/* A module that makes every call of the ABI, on the loop and on a thread, also after the scope has ended, and
 * records the results. SPDX-License-Identifier: Apache-2.0
 *
 * Each path is one case. GET /log returns what was recorded since the last GET /log. */
#include "Notes.h"
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

/* ---- Helpers --------------------------------------------------------------------------------------------------- */

typedef struct work {
    const asgi_scope *scope;
    const asgi_host *host;
    asgi_id id;
    asgi_receive receive;
    asgi_send send;
    pthread_t loop_thread;
    size_t left;
    int depth; /* nested host calls; a completion must never run unless it is 0 */
} work;

static work *begin(const asgi_scope *scope, asgi_receive receive, asgi_send send)
{
    work *w = calloc(1, sizeof *w);
    w->scope = scope;
    w->host = scope->host;
    w->id = scope->id;
    w->receive = receive;
    w->send = send;
    w->loop_thread = pthread_self();
    return w;
}

static asgi_result answer(work *w, const char *text)
{
    asgi_event event = asgi_event_of(ASGI_HTTP_RESPONSE);
    event.status = 200;
    event.body = asgi_text(text);
    return w->send(w->id, &event, NULL, NULL);
}

static asgi_result start(work *w, int status)
{
    asgi_event event = asgi_event_of(ASGI_HTTP_RESPONSE_START);
    event.status = status;
    return w->send(w->id, &event, NULL, NULL);
}

static asgi_result body(work *w, asgi_string bytes, uint32_t flags, asgi_then then, void *context)
{
    asgi_event event = asgi_event_of(ASGI_HTTP_RESPONSE_BODY);
    event.flags = flags;
    event.body = bytes;
    return w->send(w->id, &event, then, context);
}

static const char *where(const work *w) { return pthread_equal(w->loop_thread, pthread_self()) ? "loop" : "elsewhere"; }

static void reported(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    work *w = context;
    note("reported=%s on=%s id=%s event=%s\n", name_of(result), where(w), id == w->id ? "own" : "other",
         event == NULL ? "none" : event->type == ASGI_HTTP_REQUEST ? "request" : "disconnect");
}

static void told_post(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    work *w = context;
    (void)id;
    (void)event;
    note("post-reported=%s on=%s\n", name_of(result), where(w));
}

/* ---- After the end: every call returns a result, none crashes -------------------------------------------------- */

static void after_the_end(work *w, const char *prefix)
{
    asgi_event event = asgi_event_of(0);
    asgi_string text = asgi_text("late"), key = asgi_text("title"), loop = asgi_text("asgi.loop/1");
    note("%s\n", prefix);
    note_result("late-alive", w->host->alive(w->id));
    note_result("late-receive", w->receive(w->id, &event, reported, w));
    note_result("late-send", answer(w, "late"));
    note_result("late-finish", w->host->finish(w->id, ASGI_DONE));
    note_result("late-post", w->host->post(w->id, told_post, w));
    note_result("late-spawn", w->host->spawn(w->id, reported, w));
    note_result("late-after", w->host->after(w->id, 0, reported, w, NULL));
    note_result("late-cancel", w->host->cancel(w->id, 1));
    note_result("late-log", w->host->log(w->id, ASGI_LOG_DEBUG, &text));
    note("late-setting=%s\n", w->host->setting(w->id, &key) ? "there" : "none");
    note("late-extension=%s\n", w->host->extension(w->id, &loop) ? "there" : "none");
    note("end\n");
}

static void after_the_end_posted(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    (void)id;
    (void)event;
    note("post-reported=%s\n", name_of(result));
    after_the_end(context, "after-on-loop");
}

/* ---- /loop: every call on the loop ----------------------------------------------------------------------------- */

static asgi_result on_loop(work *w)
{
    asgi_event event = asgi_event_of(0);
    asgi_event push = asgi_event_of(ASGI_HTTP_RESPONSE_PUSH), wrong = asgi_event_of(ASGI_WEBSOCKET_ACCEPT),
               unknown = asgi_event_of(0x9999), small = asgi_event_of(0);
    asgi_string text = asgi_text("from the loop"), key = asgi_text("title"), loop = asgi_text("asgi.loop/1"),
                missing = asgi_text("asgi.nothing/1");
    uint64_t timer = 0;
    note_result("alive", w->host->alive(w->id));
    note_result("log", w->host->log(w->id, ASGI_LOG_INFO, &text));
    note("setting=%s\n", w->host->setting(w->id, &key) ? "there" : "none");
    note("extension=%s\n", w->host->extension(w->id, &loop) ? "there" : "none");
    note("extension-missing=%s\n", w->host->extension(w->id, &missing) ? "there" : "none");
    note("current=%d\n", ((const asgi_loop *)w->host->extension(w->id, &loop))->current());
    note_result("after", w->host->after(w->id, 1, reported, w, &timer));
    note_result("cancel", w->host->cancel(w->id, timer));
    small.size = 4;
    note_result("receive-small", w->receive(w->id, &small, reported, w));
    note_result("receive-null", w->receive(w->id, NULL, reported, w));
    note_result("receive", w->receive(w->id, &event, reported, w));
    note("received=%s more=%u bytes=%zu\n", event.type == ASGI_HTTP_REQUEST ? "request" : "other",
         (unsigned)(event.flags & ASGI_MORE), event.body.size);
    note_result("receive-no-then", w->receive(w->id, &event, NULL, NULL));
    note_result("receive-waiting", w->receive(w->id, &event, reported, w));
    note_result("receive-second", w->receive(w->id, &event, reported, w));
    note_result("send-push", w->send(w->id, &push, NULL, NULL));
    note_result("send-of-websocket", w->send(w->id, &wrong, NULL, NULL));
    note_result("send-unknown", w->send(w->id, &unknown, NULL, NULL));
    note_result("send-null", w->send(w->id, NULL, NULL, NULL));
    note_result("body-before-start", body(w, asgi_text("x"), 0, NULL, NULL));
    note_result("finish-pending", w->host->finish(w->id, ASGI_PENDING));
    note_result("post", w->host->post(w->id, after_the_end_posted, w));
    note_result("post-null", w->host->post(w->id, NULL, w));
    note_result("start", start(w, 200));
    note_result("start-twice", start(w, 200));
    note_result("body", body(w, asgi_text("done"), 0, NULL, NULL));
    note_result("body-after", body(w, asgi_text("done"), 0, NULL, NULL));
    note_result("alive-complete", w->host->alive(w->id));
    note_result("finish", w->host->finish(w->id, ASGI_DONE));
    note_result("finish-twice", w->host->finish(w->id, ASGI_DONE));
    note("returned\n");
    return ASGI_PENDING;
}

/* ---- /thread: every call on a thread, blocking ----------------------------------------------------------------- */

static void *on_thread(void *context)
{
    work *w = context;
    asgi_event event = asgi_event_of(0);
    asgi_string text = asgi_text("from a thread"), loop = asgi_text("asgi.loop/1");
    note_result("alive", w->host->alive(w->id));
    note_result("log", w->host->log(w->id, ASGI_LOG_INFO, &text));
    note("current=%d\n", ((const asgi_loop *)w->host->extension(w->id, &loop))->current());
    note_result("post", w->host->post(w->id, told_post, w));
    note_result("receive-blocking", w->receive(w->id, &event, NULL, NULL));
    note("received=%s more=%u bytes=%.*s\n", event.type == ASGI_HTTP_REQUEST ? "request" : "other",
         (unsigned)(event.flags & ASGI_MORE), (int)event.body.size, event.body.data);
    note_result("receive", w->receive(w->id, &event, reported, w));
    note_result("start", start(w, 200));
    note_result("body", body(w, asgi_text("from a "), ASGI_MORE, NULL, NULL));
    note_result("body-last", body(w, asgi_text("thread"), 0, NULL, NULL));
    note_result("finish", w->host->finish(w->id, ASGI_DONE));
    after_the_end(w, "after-on-thread");
    return NULL;
}

/* ---- /misuse: a queued call that turns out to be invalid ------------------------------------------------------- */

static volatile int passed;
static void pass(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    (void)context, (void)id, (void)result, (void)event;
    __atomic_store_n(&passed, 1, __ATOMIC_SEQ_CST);
}

static void *misuse_thread(void *context)
{
    work *w = context;
    note_result("body-before-start", body(w, asgi_text("x"), 0, NULL, NULL));
    passed = 0;
    w->host->post(w->id, pass, w); /* queued after the invalid call: once it has run, the loop has seen that call */
    while (!__atomic_load_n(&passed, __ATOMIC_SEQ_CST)) sched_yield();
    note_result("next-is-reported", answer(w, "x"));
    note_result("answer", answer(w, "mended"));
    note_result("finish", w->host->finish(w->id, ASGI_DONE));
    note("end\n");
    return NULL;
}

/* ---- /stream?N and /thread-stream?N: N parts of 64 KiB; waits on ASGI_PENDING ---------------------------------- */

static char chunk[1 << 16];
static int waits;

static void stream_on(work *w);

static void stream_more(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    work *w = context;
    (void)event;
    if (w->depth) note("REENTERED\n");
    if (result == ASGI_DONE) return stream_on(w);
    note("stream-reported=%s\nend\n", name_of(result));
    w->host->finish(id, ASGI_DONE);
}

static void stream_on(work *w)
{
    asgi_string bytes = {chunk, sizeof chunk};
    for (;;) {
        asgi_result result;
        uint32_t flags = w->left > 1 ? ASGI_MORE : 0;
        if (w->left == 0) {
            note("stream=whole waits=%s\nend\n", waits ? "some" : "none");
            w->host->finish(w->id, ASGI_DONE);
            return;
        }
        w->left--;
        w->depth++;
        result = body(w, bytes, flags, stream_more, w);
        w->depth--;
        if (result == ASGI_PENDING) {
            waits++;
            return;
        }
        if (result != ASGI_DONE) {
            note("stream=%s\nend\n", name_of(result));
            w->host->finish(w->id, ASGI_DONE);
            return;
        }
    }
}

static void *stream_thread(void *context)
{
    work *w = context;
    asgi_string bytes = {chunk, sizeof chunk};
    asgi_result result = start(w, 200);
    while (result == ASGI_DONE && w->left) {
        w->left--;
        result = body(w, bytes, w->left ? ASGI_MORE : 0, NULL, NULL); /* blocks above the high-water mark */
    }
    note("stream=%s left=%zu\nend\n", name_of(result), w->left);
    w->host->finish(w->id, ASGI_DONE);
    return NULL;
}

/* ---- /flood: sends without waiting until send fails ------------------------------------------------------------ */

static int releases;
static void released(void *context)
{
    (void)context;
    releases++;
}

static asgi_result flood(work *w)
{
    asgi_event event = asgi_event_of(ASGI_HTTP_RESPONSE_BODY);
    asgi_result result = start(w, 200);
    int taken = 0;
    releases = 0;
    event.flags = ASGI_MORE;
    event.body.data = chunk;
    event.body.size = sizeof chunk;
    event.release = released;
    while ((result = w->send(w->id, &event, NULL, NULL)) >= 0) taken++;
    note("flood=%s taken=%d released-inside=%d\n", name_of(result), taken, releases);
    return ASGI_DONE; /* before the body is complete, so the host closes the connection */
}

/* ---- /echo: sends the body back part by part ------------------------------------------------------------------- */

static void echo_on(work *w);

static void echo_sent(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    work *w = context;
    (void)event;
    if (result == ASGI_DONE && w->left) return echo_on(w);
    w->host->finish(id, ASGI_DONE);
    free(w);
}

/* Returns false if a completion continues, or if the scope has ended. */
static int echo_event(work *w, const asgi_event *event)
{
    asgi_result result;
    if (event->type == ASGI_HTTP_DISCONNECT) {
        note("echo=disconnect\nend\n");
        w->host->finish(w->id, ASGI_DONE);
        free(w);
        return 0;
    }
    w->left = event->flags & ASGI_MORE;
    result = body(w, event->body, event->flags & ASGI_MORE, echo_sent, w);
    if (result == ASGI_PENDING) return 0;
    if (result == ASGI_DONE && w->left) return 1;
    w->host->finish(w->id, ASGI_DONE);
    free(w);
    return 0;
}

static void echo_received(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    (void)id;
    if (result == ASGI_DONE && echo_event(context, event)) echo_on(context);
    if (result == ASGI_CANCELLED) free(context);
}

static void echo_on(work *w)
{
    asgi_event event = asgi_event_of(0);
    while (w->receive(w->id, &event, echo_received, w) == ASGI_DONE)
        if (!echo_event(w, &event)) return;
}

/* ---- /after and /thread-after: timers that expire, are cancelled, or are cancelled by the scope's end ----------- */

static int timers_told;

static void timer_told(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    work *w = context;
    if (w->depth) note("REENTERED\n");
    note("timer-reported=%s on=%s id=%s event=%s\n", name_of(result), where(w), id == w->id ? "own" : "other",
         event ? "some" : "none");
    if (++timers_told == 3) note("end\n");
}

static void timer_ran_out(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    work *w = context;
    uint64_t timer = 0;
    timer_told(w, id, result, event);
    w->depth++;
    note_result("after-long", w->host->after(w->id, 3600000000, timer_told, w, &timer));
    note_result("cancel", w->host->cancel(w->id, timer));
    note_result("cancel-again", w->host->cancel(w->id, timer));
    note_result("cancel-none", w->host->cancel(w->id, 0));
    note_result("after-null", w->host->after(w->id, 1, NULL, w, &timer));
    note_result("after-longest", w->host->after(w->id, UINT64_MAX, timer_told, w, NULL));
    answer(w, "after");
    note_result("finish", w->host->finish(w->id, ASGI_DONE));
    w->depth--;
}

static void *after_thread(void *context)
{
    work *w = context;
    uint64_t timer = 0;
    note_result("after-long", w->host->after(w->id, 3600000000, timer_told, w, &timer));
    note_result("cancel", w->host->cancel(w->id, timer));
    note_result("cancel-again", w->host->cancel(w->id, timer));
    note_result("after-long", w->host->after(w->id, 3600000000, timer_told, w, &timer));
    note_result("after", w->host->after(w->id, 1, timer_told, w, &timer));
    while (__atomic_load_n(&timers_told, __ATOMIC_SEQ_CST) < 2) sched_yield();
    answer(w, "after");
    note_result("finish", w->host->finish(w->id, ASGI_DONE));
    return NULL;
}

/* ---- /spawn: a job that responds and ends the scope; /spawn-full: jobs that fill the pool ----------------------- */

static void job_that_ends(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    work *w = context;
    asgi_event next = asgi_event_of(0);
    note("job=%s on=%s id=%s event=%s\n", name_of(result), where(w), id == w->id ? "own" : "other", event ? "some" : "none");
    note_result("receive-blocking", w->receive(id, &next, NULL, NULL));
    answer(w, "from the pool");
    note_result("finish", w->host->finish(id, ASGI_DONE));
    note_result("spawn-late", w->host->spawn(id, job_that_ends, w));
    sched_yield();
    note("path=%.*s\nend\n", (int)w->scope->path.size, w->scope->path.data);
}

static volatile int gate;
static void job_at_gate(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    work *w = context;
    (void)id, (void)event;
    __atomic_store_n(&gate, 1, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&gate, __ATOMIC_SEQ_CST) != 2) sched_yield();
    note("first=%s on=%s\n", name_of(result), where(w));
}

static void job_behind(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    (void)id, (void)event;
    note("behind=%s on=%s\nend\n", name_of(result), where(context));
}

/* Requires a pool of one thread with a queue of one. */
static asgi_result spawn_full(work *w)
{
    gate = 0;
    note_result("spawn", w->host->spawn(w->id, job_at_gate, w));
    while (__atomic_load_n(&gate, __ATOMIC_SEQ_CST) != 1) sched_yield();
    note_result("spawn", w->host->spawn(w->id, job_behind, w));
    note_result("spawn", w->host->spawn(w->id, job_behind, w));
    note_result("spawn-null", w->host->spawn(w->id, NULL, w));
    answer(w, "full");
    note_result("finish", w->host->finish(w->id, ASGI_DONE));
    __atomic_store_n(&gate, 2, __ATOMIC_SEQ_CST);
    return ASGI_PENDING;
}

/* ---- /wait: until the client disconnects ----------------------------------------------------------------------- */

static void left(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    work *w = context;
    asgi_event again = asgi_event_of(0);
    note("wait-reported=%s event=%s\n", name_of(result), event && event->type == ASGI_HTTP_DISCONNECT ? "disconnect" : "other");
    if (result == ASGI_DONE) {
        note_result("alive-gone", w->host->alive(id));
        note_result("receive-again", w->receive(id, &again, left, w));
        note_result("send-gone", answer(w, "nobody"));
        note_result("finish", w->host->finish(id, ASGI_DONE));
    }
    note("end\n");
}

/* ---- /empty-part: an empty part of a body, sent in a later turn of the loop ------------------------------------- */

static void empty_part(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    work *w = context;
    asgi_event next = asgi_event_of(0);
    (void)event, (void)result;
    note_result("empty-part", body(w, asgi_text(""), ASGI_MORE, NULL, NULL));
    w->receive(id, &next, NULL, NULL);
    note_result("receive", w->receive(id, &next, left, w));
}

/* ---- /outlive: the scope outlives its response; /outlived ends it ----------------------------------------------- */

static asgi_id outliving;
static const asgi_host *outliving_host;

static void outlived(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    (void)context;
    (void)id;
    note("outlive-reported=%s event=%s\n", name_of(result), event && event->type == ASGI_HTTP_DISCONNECT ? "disconnect" : "none");
}

/* ---- /cancelled: returns while a receive and a post are pending ------------------------------------------------- */

static asgi_result cancelled(work *w)
{
    asgi_event event = asgi_event_of(0);
    w->receive(w->id, &event, NULL, NULL);
    note_result("receive", w->receive(w->id, &event, reported, w));
    note_result("post", w->host->post(w->id, told_post, w));
    note_result("answer", answer(w, "ok"));
    note("returning\n");
    return ASGI_DONE;
}

/* ---- /lifespan-post: work that belongs to no request ------------------------------------------------------------ */

static asgi_id lifespan_id;
static const asgi_host *lifespan_host;
static work lifespan_work;

/* ---- Lifetime of data, and order of completions ----------------------------------------------------------------- */

static void told_path(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    work *w = context;
    (void)id, (void)event;
    note("path=%.*s result=%s\n", (int)w->scope->path.size, w->scope->path.data, name_of(result));
}

static void told_kept(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    work *w = context;
    asgi_event next = asgi_event_of(0);
    asgi_result again = w->receive(id, &next, NULL, NULL);
    note("kept=%s result=%s again=%s next=%s\n", event->type == ASGI_HTTP_REQUEST ? "request" : "other",
         name_of(result), name_of(again), next.type == ASGI_HTTP_DISCONNECT ? "disconnect" : "other");
    answer(w, "kept");
    w->host->finish(id, ASGI_DONE);
}

static void told_depth(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    work *w = context;
    (void)id, (void)event;
    note("reported=%s depth=%d\n", name_of(result), w->depth);
}

static void release_and_finish(void *context)
{
    work *w = context;
    w->depth++;
    note_result("finish-in-release", w->host->finish(w->id, ASGI_DONE));
    w->depth--;
}

static asgi_result finish_in_release(work *w)
{
    asgi_event event = asgi_event_of(0), start_event = asgi_event_of(ASGI_HTTP_RESPONSE_START),
               part = asgi_event_of(ASGI_HTTP_RESPONSE_BODY);
    w->receive(w->id, &event, NULL, NULL);
    w->receive(w->id, &event, told_depth, w);
    start_event.status = 200;
    w->send(w->id, &start_event, NULL, NULL);
    part.flags = ASGI_MORE;
    part.body = asgi_text("part");
    part.release = release_and_finish;
    part.release_context = w;
    w->send(w->id, &part, NULL, NULL);
    return ASGI_PENDING;
}

static volatile int overtaken;
static void *overtaking_thread(void *context)
{
    note_result("answer", answer(context, "from the thread"));
    __atomic_store_n(&overtaken, 1, __ATOMIC_SEQ_CST);
    return NULL;
}

static asgi_result overtake(work *w)
{
    overtaken = 0;
    pthread_t thread;
    pthread_create(&thread, NULL, overtaking_thread, w);
    pthread_detach(thread);
    while (!__atomic_load_n(&overtaken, __ATOMIC_SEQ_CST)) sched_yield();
    return ASGI_DONE; /* its response is queued, but not performed yet */
}

static asgi_result large(work *w)
{
    static char bytes[2 << 20];
    asgi_event event = asgi_event_of(ASGI_HTTP_RESPONSE);
    event.status = 200;
    event.body.data = bytes;
    event.body.size = sizeof bytes;
    w->send(w->id, &event, NULL, NULL);
    return ASGI_DONE;
}

/* ---- Application ------------------------------------------------------------------------------------------------ */

static const char *setting(const asgi_scope *scope, const char *key)
{
    static char room[256];
    asgi_string value = asgi_setting(scope, key, "");
    snprintf(room, sizeof room, "%.*s", (int)value.size, value.data ? value.data : "");
    return room;
}

static int counter = 41;

static void lifespan_event(work *w, const asgi_event *event);

static void lifespan_told(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    (void)id;
    if (result == ASGI_DONE) lifespan_event(context, event);
    else note("lifespan-reported=%s\n", name_of(result));
}

static void lifespan_wait(work *w)
{
    asgi_event event = asgi_event_of(0);
    if (w->receive(w->id, &event, lifespan_told, w) == ASGI_DONE) lifespan_event(w, &event);
}

static void lifespan_event(work *w, const asgi_event *event)
{
    asgi_event reply = asgi_event_of(0);
    if (event->type == ASGI_LIFESPAN_STARTUP) {
        const char *how = setting(w->scope, "lifespan");
        counter++;
        reply.type = strcmp(how, "failed") ? ASGI_LIFESPAN_STARTUP_COMPLETE : ASGI_LIFESPAN_STARTUP_FAILED;
        reply.text = asgi_text("the database is not there");
        reply.state = &counter;
        w->send(w->id, &reply, NULL, NULL);
        lifespan_wait(w);
    } else {
        FILE *file = fopen(setting(w->scope, "shutdown"), "w");
        if (file) {
            pthread_mutex_lock(&lock);
            fprintf(file, "shut down\n%.*s", (int)noted, notes);
            pthread_mutex_unlock(&lock);
            fclose(file);
        }
        reply.type = ASGI_LIFESPAN_SHUTDOWN_COMPLETE;
        w->send(w->id, &reply, NULL, NULL);
        w->host->finish(w->id, ASGI_DONE);
    }
}

static asgi_result lifespan(const asgi_scope *scope, asgi_receive receive, asgi_send send)
{
    work *w = begin(scope, receive, send);
    const char *how = setting(scope, "lifespan");
    asgi_event event = asgi_event_of(0), reply = asgi_event_of(ASGI_LIFESPAN_STARTUP_COMPLETE);
    lifespan_id = scope->id;
    lifespan_host = scope->host;
    if (!strcmp(how, "none")) return ASGI_UNSUPPORTED;
    if (!strcmp(how, "raise-early")) return ASGI_FAILED;
    if (!strcmp(how, "raise")) {
        receive(scope->id, &event, NULL, NULL);
        return ASGI_FAILED;
    }
    if (!strcmp(how, "silent")) return ASGI_PENDING;
    if (!strcmp(how, "blocking")) {
        receive(scope->id, &event, NULL, NULL);
        counter++;
        reply.state = &counter;
        send(scope->id, &reply, NULL, NULL);
        if (receive(scope->id, &event, NULL, NULL) != ASGI_DONE) return ASGI_FAILED; /* blocks until the shutdown */
        lifespan_event(w, &event);
        return ASGI_DONE;
    }
    lifespan_wait(w);
    return ASGI_PENDING;
}

static void run(void *(*job)(void *), work *w)
{
    pthread_t thread;
    pthread_create(&thread, NULL, job, w);
    pthread_detach(thread);
}

asgi_result application(const asgi_scope *scope, asgi_receive receive, asgi_send send)
{
    asgi_string path = asgi_path(scope);
    asgi_event event = asgi_event_of(0);
    work *w;
    if (scope->type == ASGI_LIFESPAN) return lifespan(scope, receive, send);
    if (scope->type != ASGI_HTTP) return ASGI_UNSUPPORTED;
    w = begin(scope, receive, send);
    w->left = (size_t)atoi(scope->query_string.size ? scope->query_string.data : "0");
    if (asgi_equal(path, "/log")) return answer_notes(scope, send);
    if (asgi_equal(path, "/loop")) return on_loop(w);
    if (asgi_equal(path, "/thread")) return run(on_thread, w), ASGI_PENDING;
    if (asgi_equal(path, "/misuse")) return run(misuse_thread, w), ASGI_PENDING;
    if (asgi_equal(path, "/thread-stream")) return run(stream_thread, w), ASGI_PENDING;
    if (asgi_equal(path, "/stream")) {
        waits = 0;
        start(w, 200);
        stream_on(w);
        return ASGI_PENDING;
    }
    if (asgi_equal(path, "/flood")) return flood(w);
    if (asgi_equal(path, "/released")) {
        char text[32];
        snprintf(text, sizeof text, "%d", releases);
        answer(w, text);
        return ASGI_DONE;
    }
    if (asgi_equal(path, "/echo")) {
        start(w, 200);
        echo_on(w);
        return ASGI_PENDING;
    }
    if (asgi_equal(path, "/wait")) {
        receive(scope->id, &event, NULL, NULL);
        return note_result("receive", receive(scope->id, &event, left, w));
    }
    if (asgi_equal(path, "/spawn")) return note_result("spawn", scope->host->spawn(scope->id, job_that_ends, w));
    if (asgi_equal(path, "/spawn-full")) return spawn_full(w);
    if (asgi_equal(path, "/after")) {
        timers_told = 0;
        return note_result("after", scope->host->after(scope->id, 1, timer_ran_out, w, NULL));
    }
    if (asgi_equal(path, "/thread-after")) {
        timers_told = 0;
        return run(after_thread, w), ASGI_PENDING;
    }
    if (asgi_equal(path, "/lifespan-after")) {
        uint64_t timer = 0;
        timers_told = 1;
        lifespan_work = *w;
        lifespan_work.id = lifespan_id;
        lifespan_host->after(lifespan_id, 3600000000, timer_told, &lifespan_work, &timer);
        note_result("cancel-of-another", scope->host->cancel(scope->id, timer));
        note_result("cancel", lifespan_host->cancel(lifespan_id, timer));
        note_result("after", lifespan_host->after(lifespan_id, 1, timer_told, &lifespan_work, &timer));
        return asgi_respond(scope, send, 200, "text/plain", asgi_text("ok"));
    }
    if (asgi_equal(path, "/empty-part")) {
        start(w, 200);
        body(w, asgi_text("part"), ASGI_MORE, NULL, NULL);
        scope->host->post(scope->id, empty_part, w);
        return ASGI_PENDING;
    }
    if (asgi_equal(path, "/outlive")) {
        receive(scope->id, &event, NULL, NULL);
        receive(scope->id, &event, outlived, w);
        outliving = scope->id;
        outliving_host = scope->host;
        answer(w, "first");
        return ASGI_PENDING;
    }
    if (asgi_equal(path, "/outlived")) {
        note_result("outlive-alive", outliving_host->alive(outliving));
        note_result("outlive-finish", outliving_host->finish(outliving, ASGI_DONE));
        note_result("outlive-late", outliving_host->alive(outliving));
        return asgi_respond(scope, send, 200, "text/plain", asgi_text("second"));
    }
    if (asgi_equal(path, "/old-id")) {
        note_result("old-id", outliving_host->finish(outliving, ASGI_FAILED));
        return asgi_respond(scope, send, 200, "text/plain", asgi_text("still here"));
    }
    if (asgi_equal(path, "/cancelled")) return cancelled(w);
    if (asgi_equal(path, "/release-finish")) return finish_in_release(w);
    if (asgi_equal(path, "/overtake")) return overtake(w);
    if (asgi_equal(path, "/large")) return large(w);
    if (asgi_equal(path, "/kept")) return receive(scope->id, &event, told_kept, w);
    if (asgi_equal(path, "/path-of-the-first-request")) {
        scope->host->post(scope->id, told_path, w);
        answer(w, "first");
        return ASGI_DONE;
    }
    if (asgi_equal(path, "/lifespan-post")) {
        asgi_string name = asgi_text("asgi.loop/1");
        const asgi_loop *loop = scope->host->extension(scope->id, &name);
        lifespan_work = *w;
        note_result("lifespan-alive", lifespan_host->alive(lifespan_id));
        note_result("lifespan-post", lifespan_host->post(lifespan_id, told_post, &lifespan_work));
        note_result("loop-post", loop->post(lifespan_id, 0, told_post, &lifespan_work));
        note_result("loop-post-none", loop->post(lifespan_id, 99, told_post, &lifespan_work));
        note_result("loop-post-request", loop->post(scope->id, 0, told_post, &lifespan_work));
        return asgi_respond(scope, send, 200, "text/plain", asgi_text("ok"));
    }
    if (asgi_equal(path, "/state")) {
        char text[32];
        snprintf(text, sizeof text, "%d", scope->state ? *(int *)scope->state : -1);
        answer(w, text);
        return ASGI_DONE;
    }
    if (asgi_equal(path, "/setting"))
        return asgi_respond(scope, send, 200, "text/plain",
                            asgi_setting(scope, scope->query_string.size ? setting(scope, "echo.key") : "", "none"));
    if (asgi_equal(path, "/none")) return ASGI_DONE;
    if (asgi_equal(path, "/fail")) return ASGI_FAILED;
    if (asgi_equal(path, "/only-start")) return start(w, 200), ASGI_DONE;
    if (asgi_equal(path, "/half")) return start(w, 200), body(w, asgi_text("half"), ASGI_MORE, NULL, NULL), ASGI_DONE;
    if (asgi_equal(path, "/half-raise"))
        return start(w, 200), body(w, asgi_text("half"), ASGI_MORE, NULL, NULL), ASGI_FAILED;
    if (asgi_equal(path, "/order")) return note_result("body", body(w, asgi_text("x"), 0, NULL, NULL)), ASGI_DONE;
    if (asgi_equal(path, "/answered-raise")) return answer(w, "ok"), ASGI_FAILED;
    if (asgi_equal(path, "/too-long") || asgi_equal(path, "/too-short")) {
        asgi_header length = {ASGI_STRING("content-length"), ASGI_STRING("4")};
        asgi_event begin_event = asgi_event_of(ASGI_HTTP_RESPONSE_START);
        begin_event.status = 200;
        begin_event.headers = &length;
        begin_event.header_count = 1;
        send(scope->id, &begin_event, NULL, NULL);
        note_result("part", body(w, asgi_text("12"), ASGI_MORE, NULL, NULL));
        note_result("rest", body(w, asgi_text(asgi_equal(path, "/too-long") ? "345" : "3"), 0, NULL, NULL));
        return ASGI_DONE;
    }
    if (asgi_equal(path, "/split")) {
        asgi_header bad = {ASGI_STRING("x-bad"), ASGI_STRING("a\r\nset-cookie: b")};
        asgi_event whole = asgi_event_of(ASGI_HTTP_RESPONSE);
        whole.status = 200;
        whole.headers = &bad;
        whole.header_count = 1;
        note_result("split", send(scope->id, &whole, NULL, NULL));
        return ASGI_DONE;
    }
    answer(w, "?");
    return ASGI_DONE;
}

const asgi_module *asgi_module_info(void)
{
    static const asgi_module module = {sizeof module, ASGI_ABI, ASGI_DRAFT, 0, ASGI_STRING("calls"), ASGI_STRING("1"),
                                       ASGI_STRING(""), NULL};
    return &module;
}
