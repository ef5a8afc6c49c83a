/* Turns of the loop: posts and timers without end, watches that persist, timers that move, notices of the end of a
 * scope, and names of header fields. GET /log returns what was recorded. SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "Notes.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static asgi_id lifespan_id;
static const asgi_host *lifespan_host;
static const asgi_loop *loops;
static char ends[4096]; /* the path of the file to which ends are appended that no request can read */

static void append_end(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    FILE *file = fopen(ends, "a");
    (void)id, (void)event;
    if (!file) return;
    fprintf(file, "%s=%s\n", (const char *)context, name_of(result));
    fclose(file);
}

/* ---- Work without end: GET /endless/posts, /endless/loop-posts, /endless/timers or /endless/thread ----------------- */

static int is_stopped;
static long rounds;

static void post_again(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    (void)event;
    rounds++;
    if (result == ASGI_DONE && !is_stopped) lifespan_host->post(id, post_again, context);
}

static void loop_post_again(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    (void)event;
    rounds++;
    if (result == ASGI_DONE && !is_stopped) loops->post(id, 0, loop_post_again, context);
}

static void time_again(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    (void)event;
    rounds++;
    if (result == ASGI_DONE && !is_stopped) lifespan_host->after(id, 0, time_again, context, NULL);
}

static void count_round(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    (void)context, (void)id, (void)result, (void)event;
    __atomic_add_fetch(&rounds, 1, __ATOMIC_SEQ_CST);
}

/* Posts as long as the loop keeps up, so that the loop always has another completion to run. */
static void *post_endlessly(void *context)
{
    long posted = 0;
    (void)context;
    while (!__atomic_load_n(&is_stopped, __ATOMIC_SEQ_CST))
        if (posted - __atomic_load_n(&rounds, __ATOMIC_SEQ_CST) < 1000 &&
            lifespan_host->post(lifespan_id, count_round, NULL) == ASGI_PENDING)
            posted++;
    return NULL;
}

static asgi_result begin_endless(const asgi_scope *scope, asgi_send send, asgi_string kind)
{
    static pthread_t thread;
    is_stopped = 0;
    rounds = 0;
    if (asgi_equal(kind, "posts")) lifespan_host->post(lifespan_id, post_again, NULL);
    else if (asgi_equal(kind, "loop-posts")) loops->post(lifespan_id, 0, loop_post_again, NULL);
    else if (asgi_equal(kind, "timers")) lifespan_host->after(lifespan_id, 0, time_again, NULL, NULL);
    else if (pthread_create(&thread, NULL, post_endlessly, NULL) == 0) pthread_detach(thread);
    return asgi_respond(scope, send, 200, "text/plain", asgi_text("begun"));
}

static asgi_result end_endless(const asgi_scope *scope, asgi_send send)
{
    __atomic_store_n(&is_stopped, 1, __ATOMIC_SEQ_CST);
    return asgi_respond(scope, send, 200, "text/plain", asgi_text(rounds > 0 ? "ended" : "nothing ran"));
}

/* ---- GET /watch: a persistent watch ------------------------------------------------------------------------------ */

typedef struct work {
    const asgi_host *host;
    asgi_id id;
    asgi_send send;
    int pipes[2];
    int left;
    uint64_t watch, timer;
    pthread_t thread;
} work;

static work *work_of(const asgi_scope *scope, asgi_send send)
{
    work *w = (work *)calloc(1, sizeof *w);
    w->host = scope->host;
    w->id = scope->id;
    w->send = send;
    if (pipe2(w->pipes, O_NONBLOCK | O_CLOEXEC)) abort();
    return w;
}

static void end_work(work *w, const char *text)
{
    asgi_event event = asgi_event_of(ASGI_HTTP_RESPONSE);
    event.status = 200;
    event.body = asgi_text(text);
    w->send(w->id, &event, NULL, NULL);
    w->host->finish(w->id, ASGI_DONE);
}

static void release_work(work *w)
{
    close(w->pipes[0]);
    close(w->pipes[1]);
    free(w);
}

static void free_work(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    work *w = (work *)context;
    (void)id, (void)event;
    note("ended=%s\n", name_of(result));
    release_work(w);
}

static void other_thread_cancelled(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    (void)context, (void)id, (void)event;
    note("cancelled-by-thread=%s\n", name_of(result));
}

static void *cancel_by_thread(void *context)
{
    work *w = (work *)context;
    note_result("cancel-by-thread", w->host->cancel(w->id, w->timer));
    return NULL;
}

static void last_turn(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    (void)id, (void)result, (void)event;
    end_work((work *)context, "watched");
}

/* Reads one byte of two each time, so that the descriptor stays ready. */
static void persist(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    work *w = (work *)context;
    char byte;
    (void)event;
    if (read(w->pipes[0], &byte, 1) != 1) byte = '-';
    note("ready=%s %c\n", name_of(result), byte);
    if (--w->left) return;
    note_result("cancel", w->host->cancel(id, w->watch));
    note_result("cancel-again", w->host->cancel(id, w->watch));
    note_result("watch", loops->watch(id, 0, w->pipes[0], ASGI_WRITABLE | ASGI_PERSISTENT, other_thread_cancelled, w, &w->timer));
    pthread_create(&w->thread, NULL, cancel_by_thread, w);
    pthread_join(w->thread, NULL);
    /* Bytes that nobody watches any more, for two turns of the loop. */
    if (write(w->pipes[1], "z", 1) != 1) abort();
    w->host->after(id, 20000, last_turn, w, NULL);
}

static asgi_result watch(work *w)
{
    w->left = 4;
    w->host->ended(w->id, free_work, w);
    note_result("watch", loops->watch(w->id, 0, w->pipes[0], ASGI_READABLE | ASGI_PERSISTENT, persist, w, &w->watch));
    if (write(w->pipes[1], "abcd", 4) != 4) abort();
    return ASGI_PENDING;
}

/* ---- GET /kept: a persistent watch that ends with its scope ------------------------------------------------------- */

static void kept(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    (void)id, (void)event;
    note("kept=%s\n", name_of(result));
    if (result == ASGI_PENDING) end_work((work *)context, "kept");
}

static asgi_result keep(work *w)
{
    w->host->ended(w->id, free_work, w);
    loops->watch(w->id, 0, w->pipes[1], ASGI_WRITABLE | ASGI_PERSISTENT, kept, w, NULL);
    return ASGI_PENDING;
}

/* ---- GET /stolen: the descriptor is read before the watch is told ------------------------------------------------- */

static void stolen_told(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    work *w = (work *)context;
    char byte = '-';
    (void)id, (void)event;
    if (read(w->pipes[0], &byte, 1) != 1) byte = '-';
    note("told=%s %c\n", name_of(result), byte);
    if (byte == 'b') end_work(w, "stolen");
}

static void write_again(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    (void)id, (void)event, (void)result;
    if (write(((work *)context)->pipes[1], "b", 1) != 1) abort();
}

/* Runs in the turn in which the kernel has already reported the descriptor to the loop. */
static void steal(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    work *w = (work *)context;
    char byte = '-';
    (void)event, (void)result;
    if (read(w->pipes[0], &byte, 1) != 1) byte = '-';
    note("stolen=%c\n", byte);
    w->host->after(id, 20000, write_again, w, NULL);
}

static asgi_result watch_stolen(work *w)
{
    w->host->ended(w->id, free_work, w);
    loops->watch(w->id, 0, w->pipes[0], ASGI_READABLE | ASGI_PERSISTENT, stolen_told, w, NULL);
    if (write(w->pipes[1], "a", 1) != 1) abort();
    return w->host->post(w->id, steal, w);
}

/* ---- GET /closed: the owner closes a descriptor without cancelling, while a duplicate of it is open ---------------- */

static long closed_calls;

static void closed_told(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    work *w = (work *)context;
    (void)id, (void)event, (void)result;
    if (++closed_calls == 1) close(w->pipes[0]);
}

static void closed_end(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    work *w = (work *)context;
    (void)id, (void)result, (void)event;
    note("closed-calls=%ld\n", closed_calls);
    close(w->left);
    w->pipes[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
    end_work(w, "closed");
}

static asgi_result close_watched(work *w)
{
    closed_calls = 0;
    w->host->ended(w->id, free_work, w);
    w->left = fcntl(w->pipes[0], F_DUPFD_CLOEXEC, 0);
    if (write(w->pipes[1], "x", 1) != 1) abort();
    loops->watch(w->id, 0, w->pipes[0], ASGI_READABLE, closed_told, w, NULL);
    w->host->after(w->id, 20000, closed_end, w, NULL);
    return ASGI_PENDING;
}

/* ---- GET /move: timers that move ---------------------------------------------------------------------------------- */

static void moved(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    (void)id, (void)event;
    note("%s=%s\n", (const char *)context, name_of(result));
}

static void moved_last(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    work *w = (work *)context;
    (void)id, (void)event, (void)result;
    note_result("move-run", w->host->move(w->id, w->timer, 1));
    note_result("move-unknown", w->host->move(w->id, 12345, 1));
    end_work(w, "moved");
}

static asgi_result move(work *w)
{
    uint64_t later, last, cancelled;
    w->host->ended(w->id, free_work, w);
    note_result("after", w->host->after(w->id, 3600000000, moved, (void *)"nearer", &w->timer));
    note_result("after", w->host->after(w->id, 1000, moved, (void *)"later", &later));
    note_result("after", w->host->after(w->id, 1000, moved_last, w, &last));
    note_result("after", w->host->after(w->id, 1000, moved, (void *)"cancelled", &cancelled));
    note_result("move-nearer", w->host->move(w->id, w->timer, 500));
    note_result("move-later", w->host->move(w->id, later, 20000));
    note_result("move-last", w->host->move(w->id, last, 60000));
    note_result("move-longest", w->host->move(w->id, cancelled, UINT64_MAX));
    note_result("cancel", w->host->cancel(w->id, cancelled));
    note_result("move-cancelled", w->host->move(w->id, cancelled, 1));
    return ASGI_PENDING;
}

/* ---- GET /ended, /ended/held, /ended/thread: notices of the end of a scope ------------------------------------------ */

static void received(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    (void)context, (void)id, (void)event;
    note("receive=%s\n", name_of(result));
}

static void ended(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    work *w = (work *)context;
    asgi_event sent = asgi_event_of(ASGI_HTTP_RESPONSE);
    (void)event;
    note("ended=%s finish=%s send=%s\n", name_of(result), name_of(w->host->finish(id, ASGI_DONE)),
         name_of(w->send(id, &sent, NULL, NULL)));
    release_work(w);
}

static void *notice_by_thread(void *context)
{
    work *w = (work *)context;
    note_result("ended-by-thread", w->host->ended(w->id, ended, w));
    return NULL;
}

static asgi_result notice(const asgi_scope *scope, asgi_receive receive, asgi_send send)
{
    work *w = work_of(scope, send);
    asgi_event event = asgi_event_of(0);
    pthread_t thread;
    note_result("no-then", w->host->ended(w->id, NULL, w));
    if (asgi_equal(asgi_path(scope), "/ended/thread")) {
        pthread_create(&thread, NULL, notice_by_thread, w);
        pthread_join(thread, NULL);
        w->host->after(w->id, 1000, last_turn, w, NULL);
        return ASGI_PENDING;
    }
    if (asgi_equal(asgi_path(scope), "/ended/held"))
        return note_result("held", w->host->ended(w->id, append_end, (void *)"held"));
    note_result("notice", w->host->ended(w->id, ended, w));
    note_result("second", w->host->ended(w->id, ended, w));
    while (receive(w->id, &event, received, w) == ASGI_DONE && event.type == ASGI_HTTP_REQUEST) {}
    asgi_respond(scope, send, 200, "text/plain", asgi_text("ended"));
    return ASGI_FAILED;
}

/* ---- GET /timers: a hundred timers that are pending when the lifespan ends ------------------------------------------ */

static asgi_result set_timers(const asgi_scope *scope, asgi_send send)
{
    int at;
    for (at = 0; at < 100; at++) lifespan_host->after(lifespan_id, 3600000000, append_end, (void *)"timer", NULL);
    return asgi_respond(scope, send, 200, "text/plain", asgi_text("set"));
}

/* ---- GET /names: the addresses of names; GET /upper: a response with names in any case ------------------------------ */

static asgi_result names(const asgi_scope *scope, asgi_send send)
{
    const asgi_host *host = scope->host;
    const char *begin = host->field_names[0].data;
    const char *end = host->field_names[host->field_name_count - 1].data + host->field_names[host->field_name_count - 1].size;
    size_t at, number;
    for (at = 0; at < scope->header_count; at++) {
        asgi_string name = scope->headers[at].name;
        int is_known = 0;
        for (number = 0; number < host->field_name_count; number++)
            if (host->field_names[number].data == name.data && host->field_names[number].size == name.size) is_known = 1;
        note("%.*s %s %s\n", (int)name.size, name.data, is_known ? "known" : "other",
             name.data >= begin && name.data < end ? "inside" : "outside");
    }
    return answer_notes(scope, send);
}

static asgi_result upper(const asgi_scope *scope, asgi_send send)
{
    asgi_header headers[] = {{ASGI_STRING("X-Mixed-Case"), ASGI_STRING("Value")}, {ASGI_STRING("Content-Type"), ASGI_STRING("Text/Plain")}},
                trailer = {ASGI_STRING("X-Trailer"), ASGI_STRING("Value")};
    asgi_event event = asgi_event_of(ASGI_HTTP_RESPONSE_START);
    event.status = 200;
    event.headers = headers;
    event.header_count = 2;
    event.flags = ASGI_TRAILERS;
    send(scope->id, &event, NULL, NULL);
    event = asgi_event_of(ASGI_HTTP_RESPONSE_BODY);
    event.body = asgi_text("body");
    send(scope->id, &event, NULL, NULL);
    event = asgi_event_of(ASGI_HTTP_RESPONSE_TRAILERS);
    event.headers = &trailer;
    event.header_count = 1;
    send(scope->id, &event, NULL, NULL);
    return ASGI_DONE;
}

/* ---- The application ----------------------------------------------------------------------------------------------- */

static void shut_down(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    asgi_event done = asgi_event_of(ASGI_LIFESPAN_SHUTDOWN_COMPLETE);
    (void)event;
    if (result == ASGI_DONE) ((asgi_send)context)(id, &done, NULL, NULL);
    lifespan_host->finish(id, ASGI_DONE);
}

static asgi_result lifespan(const asgi_scope *scope, asgi_receive receive, asgi_send send)
{
    static const asgi_string name = ASGI_STRING("asgi.loop/1");
    asgi_string key = asgi_text("roost.folder");
    const asgi_string *folder = scope->host->setting(scope->id, &key);
    asgi_event event = asgi_event_of(0);
    lifespan_id = scope->id;
    lifespan_host = scope->host;
    loops = (const asgi_loop *)scope->host->extension(scope->id, &name);
    snprintf(ends, sizeof ends, "%.*s/ends", folder ? (int)folder->size : 0, folder ? folder->data : "");
    if (scope->host->ended(scope->id, append_end, (void *)"lifespan") != ASGI_PENDING) abort();
    if (scope->host->ended(scope->id, append_end, NULL) != ASGI_BUSY) abort();
    receive(scope->id, &event, NULL, NULL);
    event = asgi_event_of(ASGI_LIFESPAN_STARTUP_COMPLETE);
    send(scope->id, &event, NULL, NULL);
    return receive(scope->id, &event, shut_down, (void *)send);
}

asgi_result application(const asgi_scope *scope, asgi_receive receive, asgi_send send)
{
    asgi_string path = asgi_path(scope), kind = {path.data + 9, path.size - 9};
    if (scope->type == ASGI_LIFESPAN) return lifespan(scope, receive, send);
    if (scope->type != ASGI_HTTP) return ASGI_UNSUPPORTED;
    if (path.size > 9 && strncmp(path.data, "/endless/", 9) == 0) return begin_endless(scope, send, kind);
    if (asgi_equal(path, "/end")) return end_endless(scope, send);
    if (asgi_equal(path, "/watch")) return watch(work_of(scope, send));
    if (asgi_equal(path, "/kept")) return keep(work_of(scope, send));
    if (asgi_equal(path, "/stolen")) return watch_stolen(work_of(scope, send));
    if (asgi_equal(path, "/closed")) return close_watched(work_of(scope, send));
    if (asgi_equal(path, "/move")) return move(work_of(scope, send));
    if (path.size >= 6 && strncmp(path.data, "/ended", 6) == 0) return notice(scope, receive, send);
    if (asgi_equal(path, "/timers")) return set_timers(scope, send);
    if (asgi_equal(path, "/names")) return names(scope, send);
    if (asgi_equal(path, "/upper")) return upper(scope, send);
    if (asgi_equal(path, "/lines")) {
        asgi_log(scope, ASGI_LOG_ERROR, "Traceback (most recent call last):\n  File \"x.py\", line 1\n2026-01-01 forged=1\n");
        return asgi_respond(scope, send, 200, "text/plain", asgi_text("logged"));
    }
    return answer_notes(scope, send);
}
