/* A module that misbehaves on request: each path is one case, /NAME of a request and /ws-NAME of a WebSocket.
 * SPDX-License-Identifier: Apache-2.0
 *
 * GET /log answers what was noted since it was asked last. A case has come to its end when "end" was noted: then every call
 * that was taken has been told, and everything that was borrowed was released. MisbehaviourTests.swift says what has to come.
 *
 * Every completion and every release is looked at, whatever the case is about: whether it came once, not inside a host
 * function, not inside another, on the thread where it belongs, with the id and the event that belong to it. */
#include "Notes.h"
#include <arpa/inet.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* ---- What a case works with ------------------------------------------------------------------------------------ */

typedef struct work {
    const asgi_scope *scope;
    const asgi_host *host;
    asgi_id id;
    asgi_receive receive;
    asgi_send send;
    const asgi_loop *loops;
    const asgi_broadcast *groups;
    pthread_t loop_thread;
    uint32_t loop;
    int is_socket;
    int left;    /* of a chain */
    int pipe[2]; /* that nobody writes to */
} work;

/* What follows when a call is told. */
typedef void (*step)(work *w, asgi_result result, const asgi_event *event);

static asgi_id lifespan_id;
static const asgi_host *lifespan_host;

static void pause_shortly(void)
{
    struct timespec time = {0, 1000000};
    nanosleep(&time, NULL);
}

static void run(void *(*job)(void *), void *context)
{
    pthread_t thread;
    pthread_create(&thread, NULL, job, context);
    pthread_detach(thread);
}

/* ---- Who is told, and what is wrong with that ------------------------------------------------------------------- */

enum kind { RECEIVE, SEND, POST, AFTER, WATCH, JOB, RELEASE, KINDS };
static const char *const kinds[] = {"receive", "send", "post", "after", "watch", "job", "release"};

enum fault { TWICE, REFUSED, INSIDE, NESTED, ELSEWHERE, OTHER_ID, OTHER_EVENT, LATE, FAULTS };
static const char *const faults[] = {"twice",     "though refused", "inside a call", "inside another",
                                     "elsewhere", "of another id",  "wrong event",   "after the end"};

/* One call that may be told. */
typedef struct ticket {
    work *w;
    enum kind kind;
    step next;
    int told;
    int is_refused;
} ticket;

static long told_count[KINDS][16], fault_count[FAULTS]; /* by result */
static long due;        /* what has to be told still, and 1 for the case itself */
static int counts_vary; /* of this case: only that all were told is noted */
static int is_over;

static __thread int inside; /* host functions on this thread's stack */
static __thread int nested; /* completions on this thread's stack */

static long add(long *count, long more) { return __atomic_add_fetch(count, more, __ATOMIC_SEQ_CST); }
static void fault(enum fault what) { add(&fault_count[what], 1); }

static void note_summary(void)
{
    int kind, result, what;
    for (kind = 0; kind < KINDS; kind++)
        for (result = 0; result < 16; result++) {
            long count = told_count[kind][result];
            if (count && counts_vary) note("told %s\n", kinds[kind]);
            else if (count) note("told %s %s %ld\n", kinds[kind], name_of(-result), count);
            if (count && counts_vary) break;
        }
    for (what = 0; what < FAULTS; what++)
        if (fault_count[what]) note("TOLD %s: %ld\n", faults[what], fault_count[what]);
    __atomic_store_n(&is_over, 1, __ATOMIC_SEQ_CST);
    note("end\n");
}

/* Two turns of a loop later: what comes twice has come by then. */
static void look_once_more(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    (void)result, (void)event;
    if (!context) note_summary();
    else lifespan_host->post(id, look_once_more, NULL);
}

/* One thing less to wait for. */
static void settle(void)
{
    if (add(&due, -1)) return;
    if (!lifespan_host || lifespan_host->post(lifespan_id, look_once_more, kinds) != ASGI_PENDING) note_summary();
}

static void look_at(ticket *t)
{
    work *w = t->w;
    int is_on_loop = pthread_equal(w->loop_thread, pthread_self()) != 0;
    if (__atomic_add_fetch(&t->told, 1, __ATOMIC_SEQ_CST) > 1) fault(TWICE);
    if (__atomic_load_n(&t->is_refused, __ATOMIC_SEQ_CST)) fault(REFUSED);
    if (__atomic_load_n(&is_over, __ATOMIC_SEQ_CST)) {
        fault(LATE);
        note("TOLD %s after the end\n", kinds[t->kind]);
    }
    if (inside) fault(INSIDE);
    if (nested) fault(NESTED);
    if (is_on_loop == (t->kind == JOB)) fault(ELSEWHERE);
}

static void told(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    ticket *t = context;
    look_at(t);
    add(&told_count[t->kind][-result & 15], 1);
    if (id != t->w->id) fault(OTHER_ID);
    if ((event != NULL) != (t->kind == RECEIVE && result == ASGI_DONE)) fault(OTHER_EVENT);
    nested++;
    if (t->next) t->next(t->w, result, event);
    nested--;
    settle();
}

static void released(void *context)
{
    ticket *t = context;
    look_at(t);
    add(&told_count[RELEASE][0], 1);
    nested++;
    if (t->next) t->next(t->w, ASGI_DONE, NULL);
    nested--;
    settle();
}

/* For a call about to be made. Nobody gives it back: a ticket that is told twice has to be there still. */
static ticket *ticket_for(work *w, enum kind kind, step next)
{
    ticket *t = calloc(1, sizeof *t);
    t->w = w;
    t->kind = kind;
    t->next = next;
    inside++;
    add(&due, 1);
    return t;
}

/* The call has answered: whether it will be told. */
static void answered(ticket *t, int is_taken)
{
    inside--;
    if (is_taken) return;
    __atomic_store_n(&t->is_refused, 1, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&t->told, __ATOMIC_SEQ_CST)) fault(REFUSED);
    settle();
}

static asgi_result pending(ticket *t, asgi_result result)
{
    answered(t, result == ASGI_PENDING);
    return result;
}

/* ---- The calls of the ABI, each with its ticket ------------------------------------------------------------------ */

static asgi_result receive_then(work *w, asgi_event *event, step next)
{
    ticket *t = ticket_for(w, RECEIVE, next);
    return pending(t, w->receive(w->id, event, told, t));
}

static asgi_result receive_now(work *w, asgi_event *event)
{
    asgi_result result;
    inside++;
    result = w->receive(w->id, event, NULL, NULL);
    inside--;
    return result;
}

static asgi_result send_then(work *w, const asgi_event *event, step next)
{
    ticket *t = ticket_for(w, SEND, next);
    return pending(t, w->send(w->id, event, told, t));
}

static asgi_result send_now(work *w, const asgi_event *event)
{
    asgi_result result;
    inside++;
    result = w->send(w->id, event, NULL, NULL);
    inside--;
    return result;
}

/* Lends the body. `with_then`: and wants to be told. */
static asgi_result send_lent(work *w, asgi_event *event, step next, int with_then)
{
    ticket *t = ticket_for(w, RELEASE, next);
    asgi_result result;
    event->release = released;
    event->release_context = t;
    result = with_then ? send_then(w, event, NULL) : send_now(w, event);
    answered(t, result >= 0);
    return result;
}

static asgi_result post(work *w, step next)
{
    ticket *t = ticket_for(w, POST, next);
    return pending(t, w->host->post(w->id, told, t));
}

static asgi_result spawn(work *w, step next)
{
    ticket *t = ticket_for(w, JOB, next);
    return pending(t, w->host->spawn(w->id, told, t));
}

static asgi_result after(work *w, uint64_t milliseconds, step next)
{
    ticket *t = ticket_for(w, AFTER, next);
    return pending(t, w->host->after(w->id, milliseconds, told, t, NULL));
}

static asgi_result loop_after(work *w, uint64_t milliseconds)
{
    ticket *t = ticket_for(w, AFTER, NULL);
    return pending(t, w->loops->after(w->id, w->loop, milliseconds, told, t, NULL));
}

static void close_pipe(work *w, asgi_result result, const asgi_event *event)
{
    (void)result, (void)event;
    close(w->pipe[0]);
    close(w->pipe[1]);
}

static asgi_result watch(work *w)
{
    ticket *t = ticket_for(w, WATCH, close_pipe);
    if (pipe(w->pipe)) abort();
    return pending(t, w->loops->watch(w->id, w->loop, w->pipe[0], ASGI_READABLE, told, t, NULL));
}

static asgi_result finish(work *w, asgi_result with)
{
    asgi_result result;
    inside++;
    result = w->host->finish(w->id, with);
    inside--;
    return result;
}

/* ---- Events, the same for both kinds of scopes where there is a way ----------------------------------------------- */

static asgi_result start(work *w, int32_t status)
{
    asgi_event event = asgi_event_of(ASGI_HTTP_RESPONSE_START);
    event.status = status;
    return send_now(w, &event);
}

static asgi_event body_of(work *w, const char *text, uint32_t flags)
{
    asgi_event event = asgi_event_of(w->is_socket ? ASGI_WEBSOCKET_SEND : ASGI_HTTP_RESPONSE_BODY);
    event.flags = w->is_socket ? ASGI_TEXT : flags;
    event.body = asgi_text(text);
    return event;
}

static asgi_result body(work *w, const char *text, uint32_t flags)
{
    asgi_event event = body_of(w, text, flags);
    return send_now(w, &event);
}

static asgi_event answer_of(work *w, const char *text)
{
    asgi_event event = body_of(w, text, 0);
    if (!w->is_socket) {
        event.type = ASGI_HTTP_RESPONSE;
        event.status = 200;
    }
    return event;
}

/* A whole response, or a message. */
static asgi_result answer(work *w, const char *text)
{
    asgi_event event = answer_of(w, text);
    return send_now(w, &event);
}

static asgi_result accept_socket(work *w)
{
    asgi_event event = asgi_event_of(ASGI_WEBSOCKET_ACCEPT);
    return send_now(w, &event);
}

static const char *event_name(const asgi_event *event)
{
    switch (event->type) {
    case ASGI_HTTP_REQUEST: return "request";
    case ASGI_WEBSOCKET_CONNECT: return "connect";
    case ASGI_WEBSOCKET_RECEIVE: return "message";
    case ASGI_HTTP_DISCONNECT:
    case ASGI_WEBSOCKET_DISCONNECT: return "disconnect";
    default: return "other";
    }
}

/* Takes the request, which has no body, or the handshake, and accepts it. */
static void open_up(work *w)
{
    asgi_event event = asgi_event_of(0);
    if (receive_now(w, &event) != ASGI_DONE || strcmp(event_name(&event), w->is_socket ? "connect" : "request"))
        note("NOT OPENED\n");
    if (w->is_socket && accept_socket(w) != ASGI_DONE) note("NOT ACCEPTED\n");
}

/* For cases that go on from the loop with what the client sends next. */
static void open_socket(work *w)
{
    if (w->is_socket) open_up(w);
}

/* Answers, ends the scope, and has nothing left to do. */
static void answer_and_finish(work *w)
{
    note_result("answer", answer(w, "answer"));
    note_result("finish", finish(w, ASGI_DONE));
    settle();
}

static asgi_result answer_finish_pending(work *w)
{
    answer_and_finish(w);
    return ASGI_PENDING;
}

/* Thirty-two mebibytes: more than the sockets of a client that does not read can hold. */
static char mountain[32 << 20];

static asgi_event mountain_of(work *w, uint32_t type, uint32_t flags)
{
    asgi_event event = asgi_event_of(w->is_socket ? ASGI_WEBSOCKET_SEND : type);
    event.flags = w->is_socket ? 0 : flags;
    event.status = type == ASGI_HTTP_RESPONSE && !w->is_socket ? 200 : 0;
    event.body.data = mountain;
    event.body.size = sizeof mountain;
    return event;
}

/* ---- Every function, with any id (1, 14) ------------------------------------------------------------------------- */

enum { CALLS = 22, IS_NULL = 100, IS_THERE = 101 };
static const char *const calls[CALLS] = {
    "alive",  "receive", "receive-now",  "send",      "send-then", "send-lent", "finish",  "finish-failed",
    "post",   "spawn",   "after",        "cancel",    "log",       "setting",   "extension", "loop.post",
    "loop.watch", "loop.after", "broadcast.join", "broadcast.leave", "broadcast.send", "broadcast.send-then"};

static const ticket *unwanted(work *w)
{
    static ticket t;
    t.w = w;
    t.is_refused = 1;
    return &t;
}

/* What comes of it: a result, or of the two that answer a pointer whether it is NULL. */
static int call(work *w, int which, asgi_id id)
{
    static int idle[2];
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    asgi_event event = asgi_event_of(0), sent = answer_of(w, "never"), message = asgi_event_of(ASGI_WEBSOCKET_SEND);
    asgi_string text = asgi_text("from nobody"), key = asgi_text("title"), loop = asgi_text("asgi.loop/1"),
                group = asgi_text("group");
    void *context = (void *)unwanted(w);
    uint64_t number = 0;
    (void)once;
    switch (which) {
    case 0: return w->host->alive(id);
    case 1: return w->receive(id, &event, told, context);
    case 2: return w->receive(id, &event, NULL, NULL);
    case 3: return w->send(id, &sent, NULL, NULL);
    case 4: return w->send(id, &sent, told, context);
    case 5:
        sent.release = released;
        sent.release_context = context;
        return w->send(id, &sent, NULL, NULL);
    case 6: return w->host->finish(id, ASGI_DONE);
    case 7: return w->host->finish(id, ASGI_FAILED);
    case 8: return w->host->post(id, told, context);
    case 9: return w->host->spawn(id, told, context);
    case 10: return w->host->after(id, 0, told, context, &number);
    case 11: return w->host->cancel(id, 1);
    case 12: return w->host->log(id, ASGI_LOG_DEBUG, &text);
    case 13: return w->host->setting(id, &key) ? IS_THERE : IS_NULL;
    case 14: return w->host->extension(id, &loop) ? IS_THERE : IS_NULL;
    case 15: return w->loops->post(id, w->loop, told, context);
    case 16: return w->loops->watch(id, w->loop, idle[0], ASGI_READABLE, told, context, &number);
    case 17: return w->loops->after(id, w->loop, 0, told, context, &number);
    case 18: return w->groups->join(id, &group);
    case 19: return w->groups->leave(id, &group);
    case 20: return w->groups->send(id, &group, &message, 0, NULL, NULL);
    default: return w->groups->send(id, &group, &message, 0, told, context);
    }
}
