/* A module that violates the interface on request: each path is one case, /NAME of a request and /ws-NAME of a
 * WebSocket. SPDX-License-Identifier: Apache-2.0
 *
 * GET /log returns the notes since the last GET /log. A case ends with the note "end": then every pending call has
 * completed, and every lent body was released. MisbehaviourTests.swift has the expected notes.
 *
 * In every case, each completion and each release is checked: it comes once, not inside a host function, not inside
 * another completion, on the right thread, with its id and its event. */
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

/* ---- The data of a case ------------------------------------------------------------------------------------------ */

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
    int left;    /* remaining calls of a chain */
    int pipe[2]; /* nothing is written to it */
} work;

/* The continuation of a case, called by a completion. */
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

/* ---- Completions, and their faults ------------------------------------------------------------------------------- */

enum kind { RECEIVE, SEND, POST, AFTER, WATCH, JOB, RELEASE, KINDS };
static const char *const kinds[] = {"receive", "send", "post", "after", "watch", "job", "release"};

enum fault { TWICE, REFUSED, INSIDE, NESTED, ELSEWHERE, OTHER_ID, OTHER_EVENT, LATE, FAULTS };
static const char *const faults[] = {"twice",     "though refused", "inside a call", "inside another",
                                     "elsewhere", "of another id",  "wrong event",   "after the end"};

/* One call that may be completed. */
typedef struct ticket {
    work *w;
    enum kind kind;
    step next;
    int reported;
    int is_refused;
} ticket;

static long told_count[KINDS][16], fault_count[FAULTS]; /* completions by kind and result; faults */
static long due;        /* number of missing completions and releases, and 1 for the case itself */
static int counts_vary; /* the counts of this case vary: only the kinds of completions are noted */
static long cases;      /* number of cases that have begun */
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
            if (count && counts_vary) note("reported %s\n", kinds[kind]);
            else if (count) note("reported %s %s %ld\n", kinds[kind], name_of(-result), count);
            if (count && counts_vary) break;
        }
    for (what = 0; what < FAULTS; what++)
        if (fault_count[what]) note("TOLD %s: %ld\n", faults[what], fault_count[what]);
    __atomic_store_n(&is_over, 1, __ATOMIC_SEQ_CST);
    note("end\n");
}

/* Ends a case with missing completions after a minute. */
static void *give_up(void *context)
{
    long number = (long)context, wait;
    for (wait = 0; wait < 60000; wait++) {
        pause_shortly();
        if (__atomic_load_n(&is_over, __ATOMIC_SEQ_CST) || add(&cases, 0) != number) return NULL;
    }
    note("NOT TOLD: %ld\n", add(&due, 0));
    note_summary();
    return NULL;
}

static void begin_case(void)
{
    memset(told_count, 0, sizeof told_count);
    memset(fault_count, 0, sizeof fault_count);
    counts_vary = 0;
    due = 1;
    is_over = 0;
    run(give_up, (void *)add(&cases, 1));
}

/* Notes the summary two turns of a loop later, after any second completion of a call. */
static void look_once_more(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    (void)result, (void)event;
    if (!context) note_summary();
    else lifespan_host->post(id, look_once_more, NULL);
}

/* Counts one completion, or the case itself, as settled. */
static void settle(void)
{
    if (add(&due, -1)) return;
    if (!lifespan_host || lifespan_host->post(lifespan_id, look_once_more, &due) != ASGI_PENDING) note_summary();
}

/* Checks a completion or a release. Returns whether it was due. */
static int look_at(ticket *t)
{
    int is_on_loop = pthread_equal(t->w->loop_thread, pthread_self()) != 0;
    int times = __atomic_add_fetch(&t->reported, 1, __ATOMIC_SEQ_CST);
    int is_refused = __atomic_load_n(&t->is_refused, __ATOMIC_SEQ_CST);
    if (times > 1) fault(TWICE);
    if (is_refused) fault(REFUSED);
    if (__atomic_load_n(&is_over, __ATOMIC_SEQ_CST)) {
        fault(LATE);
        note("TOLD %s after the end\n", kinds[t->kind]);
    }
    if (inside) fault(INSIDE);
    if (nested) fault(NESTED);
    if (is_on_loop == (t->kind == JOB)) fault(ELSEWHERE);
    return times == 1 && !is_refused;
}

static void reported(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    ticket *t = context;
    int is_awaited = look_at(t);
    add(&told_count[t->kind][-result & 15], 1);
    if (id != t->w->id) fault(OTHER_ID);
    if ((event != NULL) != (t->kind == RECEIVE && result == ASGI_DONE)) fault(OTHER_EVENT);
    nested++;
    if (t->next) t->next(t->w, result, event);
    nested--;
    if (is_awaited) settle();
}

static void released(void *context)
{
    ticket *t = context;
    int is_awaited = look_at(t);
    add(&told_count[RELEASE][0], 1);
    nested++;
    if (t->next) t->next(t->w, ASGI_DONE, NULL);
    nested--;
    if (is_awaited) settle();
}

/* Returns a ticket for a call that is about to be made. Never freed, so that a second completion is detected. */
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

/* Records the result of the call: `is_taken` if it will be completed. */
static void answered(ticket *t, int is_taken)
{
    inside--;
    if (is_taken) return;
    __atomic_store_n(&t->is_refused, 1, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&t->reported, __ATOMIC_SEQ_CST)) fault(REFUSED);
    settle();
}

static asgi_result pending(ticket *t, asgi_result result)
{
    answered(t, result == ASGI_PENDING);
    return result;
}

/* ---- The calls of the ABI, each with a ticket -------------------------------------------------------------------- */

static asgi_result receive_then(work *w, asgi_event *event, step next)
{
    ticket *t = ticket_for(w, RECEIVE, next);
    return pending(t, w->receive(w->id, event, reported, t));
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
    return pending(t, w->send(w->id, event, reported, t));
}

static asgi_result send_now(work *w, const asgi_event *event)
{
    asgi_result result;
    inside++;
    result = w->send(w->id, event, NULL, NULL);
    inside--;
    return result;
}

/* Sends an event with a lent body. `with_then`: also with a completion. */
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
    return pending(t, w->host->post(w->id, reported, t));
}

static asgi_result spawn(work *w, step next)
{
    ticket *t = ticket_for(w, JOB, next);
    return pending(t, w->host->spawn(w->id, reported, t));
}

static asgi_result after(work *w, uint64_t microseconds, step next)
{
    ticket *t = ticket_for(w, AFTER, next);
    return pending(t, w->host->after(w->id, microseconds, reported, t, NULL));
}

static asgi_result loop_after(work *w, uint64_t microseconds)
{
    ticket *t = ticket_for(w, AFTER, NULL);
    return pending(t, w->loops->after(w->id, w->loop, microseconds, reported, t, NULL));
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
    return pending(t, w->loops->watch(w->id, w->loop, w->pipe[0], ASGI_READABLE, reported, t, NULL));
}

static asgi_result finish(work *w, asgi_result with)
{
    asgi_result result;
    inside++;
    result = w->host->finish(w->id, with);
    inside--;
    return result;
}

/* ---- Events, the same for both kinds of scopes where possible ---------------------------------------------------- */

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

/* Sends a complete response, or a message. */
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

/* Receives the request, which has no body; or receives and accepts the handshake. */
static void open_up(work *w)
{
    asgi_event event = asgi_event_of(0);
    if (receive_now(w, &event) != ASGI_DONE || strcmp(event_name(&event), w->is_socket ? "connect" : "request"))
        note("NOT OPENED\n");
    if (w->is_socket && accept_socket(w) != ASGI_DONE) note("NOT ACCEPTED\n");
}

/* For cases that continue on the loop with the client's next data. */
static void open_socket(work *w)
{
    if (w->is_socket) open_up(w);
}

/* Answers and ends the scope, and with it the case. */
static void answer_and_finish(work *w)
{
    note_result("answer", answer(w, "answer"));
    note_result("finish", finish(w, ASGI_DONE));
    settle();
}

/* More than the socket buffers of a slow client hold. */
static char mountain[64 << 20];

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

enum { CALLS = 25, IS_NULL = 100, IS_THERE = 101 };
static const char *const calls[CALLS] = {
    "alive",  "receive", "receive-now",  "send",      "send-then", "send-lent", "finish",  "finish-failed",
    "post",   "spawn",   "after",        "cancel",    "log",       "setting",   "extension", "loop.post",
    "loop.watch", "loop.after", "broadcast.join", "broadcast.leave", "broadcast.send", "broadcast.send-then",
    "ended", "move", "loop.watch-persistent"};

/* The ticket of calls that must not be completed. */
static ticket unwanted = {NULL, RECEIVE, NULL, 0, 1};
static int idle_pipe[2]; /* nothing is written to it */

static void make_idle_pipe(void)
{
    if (pipe(idle_pipe)) abort();
}

/* Makes a call. Returns its result; for the two calls that return a pointer, whether it is NULL. */
static int call(work *w, int which, asgi_id id)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    asgi_event event = asgi_event_of(0), sent = answer_of(w, "never"), message = asgi_event_of(ASGI_WEBSOCKET_SEND);
    asgi_string text = asgi_text("from nobody"), key = asgi_text("title"), loop = asgi_text("asgi.loop/1"),
                group = asgi_text("group");
    uint64_t number = 0;
    pthread_once(&once, make_idle_pipe);
    switch (which) {
    case 0: return w->host->alive(id);
    case 1: return w->receive(id, &event, reported, &unwanted);
    case 2: return w->receive(id, &event, NULL, NULL);
    case 3: return w->send(id, &sent, NULL, NULL);
    case 4: return w->send(id, &sent, reported, &unwanted);
    case 5:
        sent.release = released;
        sent.release_context = &unwanted;
        return w->send(id, &sent, NULL, NULL);
    case 6: return w->host->finish(id, ASGI_DONE);
    case 7: return w->host->finish(id, ASGI_FAILED);
    case 8: return w->host->post(id, reported, &unwanted);
    case 9: return w->host->spawn(id, reported, &unwanted);
    case 10: return w->host->after(id, 0, reported, &unwanted, &number);
    case 11: return w->host->cancel(id, 1);
    case 12: return w->host->log(id, ASGI_LOG_DEBUG, &text);
    case 13: return w->host->setting(id, &key) ? IS_THERE : IS_NULL;
    case 14: return w->host->extension(id, &loop) ? IS_THERE : IS_NULL;
    case 15: return w->loops->post(id, w->loop, reported, &unwanted);
    case 16: return w->loops->watch(id, w->loop, idle_pipe[0], ASGI_READABLE, reported, &unwanted, &number);
    case 17: return w->loops->after(id, w->loop, 0, reported, &unwanted, &number);
    case 18: return w->groups->join(id, &group);
    case 19: return w->groups->leave(id, &group);
    case 20: return w->groups->send(id, &group, &message, 0, NULL, NULL);
    case 21: return w->groups->send(id, &group, &message, 0, reported, &unwanted);
    case 22: return w->host->ended(id, reported, &unwanted);
    case 23: return w->host->move(id, 1, 0);
    default:
        return w->loops->watch(id, w->loop, idle_pipe[0], ASGI_READABLE | ASGI_PERSISTENT, reported, &unwanted, &number);
    }
}

/* Makes calls with stale or invalid ids. Notes the number of expected results, and every other result. */
static void call_all(work *w, const char *where, uint64_t count, asgi_id (*id_of)(work *w, uint64_t number))
{
    uint64_t number, stale = 0, null = 0, others = 0;
    unwanted.w = w;
    for (number = 0; number < count; number++) {
        int which = (int)(number % CALLS), result = call(w, which, id_of(w, number));
        if (result == IS_NULL) null++;
        else if (result == ASGI_STALE) stale++;
        else if (++others <= CALLS)
            note("%s %s=%s\n", where, calls[which], result == IS_THERE ? "there" : name_of(result));
    }
    note("%s: %llu stale, %llu NULL\n", where, (unsigned long long)stale, (unsigned long long)null);
}

static asgi_id own_id(work *w, uint64_t number)
{
    (void)number;
    return w->id;
}

static asgi_id id_zero(work *w, uint64_t number)
{
    (void)w, (void)number;
    return 0;
}

/* Random ids, and ids like the own one: its slot with other counts. */
static asgi_id id_that_never_was(work *w, uint64_t number)
{
    uint64_t bits = (number + 1) * 0x9e3779b97f4a7c15u;
    bits = (bits ^ bits >> 30) * 0xbf58476d1ce4e5b9u;
    bits = (bits ^ bits >> 27) * 0x94d049bb133111ebu;
    bits ^= bits >> 31;
    if (number % 16 == 0) bits = w->id + ((1 + bits % 1000) << 24);
    return bits == w->id || bits == lifespan_id ? bits ^ 1ull << 63 : bits;
}

/* ---- 1: a stale id, after the client has disconnected ------------------------------------------------------------ */

static void stale_on_loop(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    (void)id, (void)result, (void)event;
    call_all(context, "on the loop", CALLS, own_id);
    settle();
}

static void *gone_thread(void *context)
{
    work *w = context;
    asgi_event event = asgi_event_of(0);
    asgi_result alive;
    int times;
    note("waiting\n");
    while ((alive = w->host->alive(w->id)) == ASGI_DONE) pause_shortly();
    note_result("alive", alive);
    for (times = 0; times < 2; times++)
        if (note_result("receive", receive_now(w, &event)) == ASGI_DONE) note("event=%s\n", event_name(&event));
    note_result("send", answer(w, "nobody"));
    note_result("finish", finish(w, ASGI_DONE));
    call_all(w, "on a thread", CALLS, own_id);
    lifespan_host->post(lifespan_id, stale_on_loop, w);
    return NULL;
}

static asgi_result gone(work *w)
{
    open_up(w);
    run(gone_thread, w);
    return ASGI_PENDING;
}

/* ---- 2: finish twice --------------------------------------------------------------------------------------------- */

static void *finish_twice_thread(void *context)
{
    work *w = context;
    note_result("answer", answer(w, "answer"));
    note_result("finish", finish(w, ASGI_DONE));
    note_result("finish-again", finish(w, ASGI_DONE));
    note_result("finish-failed", finish(w, ASGI_FAILED));
    settle();
    return NULL;
}

static asgi_result finish_twice(work *w)
{
    open_up(w);
    finish_twice_thread(w);
    return ASGI_PENDING;
}

static asgi_result finish_twice_on_thread(work *w)
{
    open_up(w);
    run(finish_twice_thread, w);
    return ASGI_PENDING;
}

/* ---- 3: finish inside a completion, with calls of every kind pending --------------------------------------------- */

static void end_inside(work *w, asgi_result result, const asgi_event *event)
{
    asgi_event next = asgi_event_of(0);
    (void)event;
    note_result("reported", result);
    note_result("receive", receive_then(w, &next, NULL));
    note_result("post", post(w, NULL));
    note_result("after", after(w, 3600000000, NULL));
    note_result("loop.after", loop_after(w, 3600000000));
    note_result("loop.watch", watch(w));
    note_result("finish", finish(w, ASGI_DONE));
    settle();
}

static asgi_result finish_in_post(work *w)
{
    open_up(w);
    return post(w, end_inside);
}

static asgi_result finish_in_after(work *w)
{
    open_up(w);
    return after(w, 0, end_inside);
}

static asgi_result finish_in_job(work *w)
{
    open_up(w);
    return spawn(w, end_inside);
}

static asgi_result finish_in_receive(work *w)
{
    asgi_event event = asgi_event_of(0);
    open_socket(w);
    note_result("receive-first", receive_then(w, &event, end_inside));
    note("waiting\n");
    return ASGI_PENDING;
}

/* ---- 4: finish before `application` has returned, which then returns a result ------------------------------------ */

static volatile int passed;
static int has_passed(void) { return __atomic_load_n(&passed, __ATOMIC_SEQ_CST); }
static void let_pass(void) { __atomic_store_n(&passed, 1, __ATOMIC_SEQ_CST); }

static void *finish_early_thread(void *context)
{
    work *w = context;
    note_result("answer", answer(w, "answer"));
    note_result("finish", finish(w, ASGI_DONE));
    let_pass();
    return NULL;
}

static asgi_result finish_early(work *w, int on_thread, asgi_result result)
{
    open_up(w);
    passed = 0;
    if (on_thread) run(finish_early_thread, w);
    else finish_early_thread(w);
    while (!has_passed()) sched_yield();
    note("returning %s\n", name_of(result));
    settle();
    return result;
}

static asgi_result early_pending(work *w) { return finish_early(w, 0, ASGI_PENDING); }
static asgi_result early_done(work *w) { return finish_early(w, 0, ASGI_DONE); }
static asgi_result early_failed(work *w) { return finish_early(w, 0, ASGI_FAILED); }
static asgi_result early_pending_on_thread(work *w) { return finish_early(w, 1, ASGI_PENDING); }
static asgi_result early_done_on_thread(work *w) { return finish_early(w, 1, ASGI_DONE); }
static asgi_result early_failed_on_thread(work *w) { return finish_early(w, 1, ASGI_FAILED); }

/* ---- 5: events out of order -------------------------------------------------------------------------------------- */

static asgi_result send_type(work *w, uint32_t type)
{
    asgi_event event = asgi_event_of(type);
    return send_now(w, &event);
}

static asgi_result start_with(work *w, uint32_t type, const char *name, const char *value)
{
    asgi_header header;
    asgi_event event = asgi_event_of(type);
    header.name = asgi_text(name);
    header.value = asgi_text(value);
    event.status = 200;
    event.headers = &header;
    event.header_count = 1;
    return send_now(w, &event);
}

static asgi_result order(work *w)
{
    open_up(w);
    note_result("body-first", body(w, "x", 0));
    note_result("of-a-socket", send_type(w, ASGI_WEBSOCKET_ACCEPT));
    note_result("of-a-lifespan", send_type(w, ASGI_LIFESPAN_STARTUP_COMPLETE));
    note_result("status-199", start(w, 199));
    note_result("status-1000", start(w, 1000));
    note_result("split-name", start_with(w, ASGI_HTTP_RESPONSE_START, "x\r\ny", "z"));
    note_result("split-value", start_with(w, ASGI_HTTP_RESPONSE_START, "x", "y\r\nset-cookie: z"));
    note_result("no-name", start_with(w, ASGI_HTTP_RESPONSE_START, "", "y"));
    note_result("length-no-number", start_with(w, ASGI_HTTP_RESPONSE_START, "content-length", "six"));
    note_result("start", start_with(w, ASGI_HTTP_RESPONSE_START, "content-length", "6"));
    note_result("start-twice", start(w, 200));
    note_result("whole-after-start", answer(w, "answer"));
    note_result("part", body(w, "ans", ASGI_MORE));
    note_result("start-after-part", start(w, 200));
    note_result("too-long", body(w, "wers", 0));
    note_result("too-short", body(w, "we", 0));
    note_result("last", body(w, "wer", 0));
    note_result("part-after-last", body(w, "x", ASGI_MORE));
    note_result("whole-after-last", answer(w, "answer"));
    note_result("finish", finish(w, ASGI_DONE));
    settle();
    return ASGI_PENDING;
}

static asgi_result socket_order(work *w)
{
    asgi_event event = asgi_event_of(0), close_event = asgi_event_of(ASGI_WEBSOCKET_CLOSE);
    receive_now(w, &event);
    note_result("send-first", body(w, "x", 0));
    note_result("rejected-body-first", send_type(w, ASGI_WEBSOCKET_HTTP_RESPONSE_BODY));
    note_result("of-a-request", start(w, 200));
    note_result("of-a-lifespan", send_type(w, ASGI_LIFESPAN_STARTUP_COMPLETE));
    note_result("split-value", start_with(w, ASGI_WEBSOCKET_ACCEPT, "x", "y\r\nset-cookie: z"));
    note_result("accept", accept_socket(w));
    note_result("accept-twice", accept_socket(w));
    note_result("rejected-late", send_type(w, ASGI_WEBSOCKET_HTTP_RESPONSE_START));
    note_result("not-utf8", body(w, "\xff", 0));
    note_result("send", body(w, "answer", 0));
    close_event.code = 1005;
    note_result("close-1005", send_now(w, &close_event));
    close_event.code = 4000;
    note_result("close", send_now(w, &close_event));
    note_result("close-twice", send_now(w, &close_event));
    note_result("send-closed", body(w, "x", 0));
    note_result("finish", finish(w, ASGI_DONE));
    settle();
    return ASGI_PENDING;
}

static void pass(work *w, asgi_result result, const asgi_event *event)
{
    (void)w, (void)result, (void)event;
    let_pass();
}

/* Waits, on a thread, until the loop has performed all earlier calls. */
static void wait_for_loop(work *w)
{
    passed = 0;
    post(w, pass);
    while (!has_passed()) sched_yield();
}

/* Sends out of order from a thread: the loop finds the fault, and the next call gets it. */
static void *order_thread(void *context)
{
    work *w = context;
    note_result("too-early", body(w, "x", 0));
    wait_for_loop(w);
    note_result("next", w->is_socket ? accept_socket(w) : start(w, 200));
    note_result("again", w->is_socket ? accept_socket(w) : start(w, 200));
    note_result("answer", body(w, "answer", 0));
    note_result("finish", finish(w, ASGI_DONE));
    settle();
    return NULL;
}

static asgi_result order_on_thread(work *w)
{
    asgi_event event = asgi_event_of(0);
    receive_now(w, &event);
    run(order_thread, w);
    return ASGI_PENDING;
}

/* ---- 6: two receives at once ------------------------------------------------------------------------------------- */

static void answer_received(work *w, asgi_result result, const asgi_event *event)
{
    note_result("reported", result);
    if (event) note("body='%.*s'\n", (int)event->body.size, event->body.data);
    answer_and_finish(w);
}

static asgi_result busy(work *w)
{
    asgi_event event = asgi_event_of(0);
    open_socket(w);
    note_result("receive", receive_then(w, &event, answer_received));
    note_result("receive-second", receive_then(w, &event, NULL));
    note_result("receive-now", receive_now(w, &event));
    note("waiting\n");
    return ASGI_PENDING;
}

static void *busy_thread(void *context)
{
    work *w = context;
    asgi_event event = asgi_event_of(0);
    note_result("receive-second", receive_then(w, &event, NULL));
    note_result("receive-now", receive_now(w, &event));
    note("waiting\n");
    return NULL;
}

static asgi_result busy_on_thread(work *w)
{
    asgi_event event = asgi_event_of(0);
    open_socket(w);
    note_result("receive", receive_then(w, &event, answer_received));
    run(busy_thread, w);
    return ASGI_PENDING;
}

/* ---- 7: a scope that is never ended ------------------------------------------------------------------------------ */

/* Writes to the host's log, since notes cannot be requested after the host has stopped. */
static void log_told(work *w, const char *what, asgi_result result, const asgi_event *event)
{
    char line[80];
    asgi_string text;
    snprintf(line, sizeof line, "never ended: %s reported %s %s", what, name_of(result), event ? event_name(event) : "");
    text = asgi_text(line);
    w->host->log(w->id, ASGI_LOG_INFO, &text);
}

static void log_receive(work *w, asgi_result result, const asgi_event *event) { log_told(w, "receive", result, event); }
static void log_timer(work *w, asgi_result result, const asgi_event *event) { log_told(w, "after", result, event); }

static asgi_result never(work *w)
{
    asgi_event event = asgi_event_of(0);
    open_up(w);
    note_result("after", after(w, 3600000000, log_timer));
    note_result("receive", receive_then(w, &event, log_receive));
    note_result("answer", answer(w, "answer"));
    note("waiting\n");
    return ASGI_PENDING;
}

/* With no pending call. */
static asgi_result never_silent(work *w)
{
    open_up(w);
    note_result("answer", answer(w, "answer"));
    note("waiting\n");
    return ASGI_PENDING;
}

/* ---- 8: a blocked event loop ------------------------------------------------------------------------------------- */

static int other_client;

static void *read_other(void *context)
{
    char text[13] = "";
    (void)context;
    if (recv(other_client, text, 12, MSG_WAITALL) < 0) note("recv failed\n");
    note("other=%s\n", text);
    close(other_client);
    settle();
    return NULL;
}

/* Another client sends a request while the loop is blocked, and gets its response afterwards. */
static asgi_result block(work *w)
{
    static const char request[] = "GET /other HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    struct timespec time = {0, 600000000};
    struct sockaddr_in address = {AF_INET, htons((uint16_t)w->scope->server_port), {htonl(INADDR_LOOPBACK)}, {0}};
    struct pollfd wait;
    open_up(w);
    other_client = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(other_client, (struct sockaddr *)&address, sizeof address)) note("connect failed\n");
    if (send(other_client, request, sizeof request - 1, 0) < 0) note("send failed\n");
    nanosleep(&time, NULL);
    wait.fd = other_client;
    wait.events = POLLIN;
    note("other=%s\n", poll(&wait, 1, 0) ? "answered" : "waits");
    note_result("answer", answer(w, "answer"));
    run(read_other, w);
    return ASGI_DONE;
}

/* ---- 9: finish while a send is pending --------------------------------------------------------------------------- */

static asgi_result outstanding(work *w, int is_whole)
{
    uint32_t type = is_whole ? ASGI_HTTP_RESPONSE : ASGI_HTTP_RESPONSE_BODY;
    asgi_event event = mountain_of(w, type, is_whole ? 0 : ASGI_MORE);
    if (!is_whole && !w->is_socket) start(w, 200);
    note_result("send", send_lent(w, &event, NULL, 1));
    note_result("finish", finish(w, ASGI_DONE));
    settle();
    return ASGI_PENDING;
}

static void *outstanding_thread(void *context)
{
    outstanding(context, 1);
    return NULL;
}

static asgi_result outstanding_part(work *w) { return open_up(w), outstanding(w, 0); }
static asgi_result outstanding_whole(work *w) { return open_up(w), outstanding(w, 1); }
static asgi_result outstanding_on_thread(work *w) { return open_up(w), run(outstanding_thread, w), ASGI_PENDING; }

/* ---- 10: completions that make the same call again --------------------------------------------------------------- */

static void post_again(work *w, asgi_result result, const asgi_event *event)
{
    (void)event;
    if (result != ASGI_DONE) note_result("reported", result);
    if (--w->left) post(w, post_again);
    else answer_and_finish(w);
}

static asgi_result chain_post(work *w)
{
    open_up(w);
    w->left = 1000;
    return post(w, post_again);
}

static void after_again(work *w, asgi_result result, const asgi_event *event)
{
    (void)event;
    if (result != ASGI_DONE) note_result("reported", result);
    if (--w->left) after(w, 0, after_again);
    else answer_and_finish(w);
}

static asgi_result chain_after(work *w)
{
    open_up(w);
    w->left = 100;
    return after(w, 0, after_again);
}

/* Acknowledges each part, so that the client sends the next one while a receive is pending. */
static void receive_again(work *w, asgi_result result, const asgi_event *event)
{
    asgi_event next = asgi_event_of(0);
    if (result != ASGI_DONE) note_result("reported", result);
    w->left += event ? (int)event->body.size : 0;
    if (!event || (w->is_socket ? w->left == 200 : !(event->flags & ASGI_MORE))) {
        note("bytes=%d\n", w->left);
        note_result("last", body(w, "#", 0));
        note_result("finish", finish(w, ASGI_DONE));
        return settle();
    }
    if (body(w, "#", ASGI_MORE) != ASGI_DONE) note("not acknowledged\n");
    if (receive_then(w, &next, receive_again) != ASGI_PENDING) note("not waited for\n");
}

static asgi_result chain_receive(work *w)
{
    asgi_event event = asgi_event_of(0);
    open_socket(w);
    if (!w->is_socket) start(w, 200);
    note_result("receive", receive_then(w, &event, receive_again));
    note("waiting\n");
    return ASGI_PENDING;
}

static void release_again(work *w, asgi_result result, const asgi_event *event)
{
    asgi_event part = body_of(w, "x", ASGI_MORE);
    (void)result, (void)event;
    if (w->left-- > 0) {
        if (send_lent(w, &part, release_again, 0) < 0) note("refused\n");
        return;
    }
    note_result("last", body(w, "y", 0));
    note_result("finish", finish(w, ASGI_DONE));
    settle();
}

static asgi_result chain_release(work *w)
{
    open_up(w);
    w->left = 100;
    if (!w->is_socket) start(w, 200);
    release_again(w, ASGI_DONE, NULL);
    return ASGI_PENDING;
}

/* ---- 11: structs of other sizes, unknown types and flags --------------------------------------------------------- */

/* Returns memory for a struct of this size, in bytes, in front of an inaccessible page. */
static void *at_the_edge(size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED || mprotect(pages + page, page, PROT_NONE)) abort();
    return pages + page - (size + 3) / 4 * 4;
}

/* Returns an event that is truncated to its first `size` bytes. */
static asgi_event *cut_event(const asgi_event *event, uint32_t size)
{
    asgi_event *cut = at_the_edge(size < sizeof event->size ? sizeof event->size : size);
    memcpy(cut, event, size < sizeof event->size ? sizeof event->size : size);
    cut->size = size;
    return cut;
}

/* An event of a newer version of the header. */
typedef struct later_event {
    asgi_event event;
    unsigned char more[64];
} later_event;

static later_event *later_event_of(const asgi_event *event)
{
    later_event *later = at_the_edge(sizeof *later);
    memset(later, 0xaa, sizeof *later);
    later->event = *event;
    later->event.size = sizeof *later;
    return later;
}

enum {
    TO_TYPE = offsetof(asgi_event, flags),
    TO_FLAGS = offsetof(asgi_event, status),
    TO_STATUS = offsetof(asgi_event, code),
    TO_CODE = offsetof(asgi_event, file)
};

static asgi_result send_cut(work *w, const asgi_event *event, uint32_t size)
{
    return send_now(w, cut_event(event, size));
}

static void receive_into(work *w, const char *what, asgi_event *event)
{
    uint32_t size = event->size;
    if (note_result(what, receive_now(w, event)) == ASGI_DONE) note("%s event=%s\n", what, event_name(event));
    if (event->size != size) note("SIZE WRITTEN\n");
}

/* Events that are too small to have a type, and NULL. */
static void sizes_refused(work *w)
{
    asgi_event event = answer_of(w, "never");
    note_result("receive-nothing", receive_now(w, NULL));
    note_result("receive-0", receive_now(w, cut_event(&event, 0)));
    note_result("receive-4", receive_now(w, cut_event(&event, 4)));
    note_result("receive-7", receive_now(w, cut_event(&event, 7)));
    note_result("send-nothing", send_now(w, NULL));
    note_result("send-0", send_cut(w, &event, 0));
    note_result("send-4", send_cut(w, &event, 4));
    note_result("send-7", send_cut(w, &event, 7));
}

static void *sizes_thread(void *context)
{
    work *w = context;
    asgi_event event = asgi_event_of(0), part = body_of(w, "sized", ASGI_MORE);
    asgi_event *small = cut_event(&event, TO_TYPE), *middle = cut_event(&event, TO_CODE);
    later_event *later = later_event_of(&event);
    size_t at, zero = 0;
    sizes_refused(w);
    receive_into(w, "receive-small", small);
    if (w->is_socket) {
        event.type = ASGI_WEBSOCKET_ACCEPT;
        note_result("accept-small", send_cut(w, &event, TO_TYPE));
        note_result("send-later", send_now(w, &later_event_of(&part)->event));
        part.type = ASGI_WEBSOCKET_SEND;
        note_result("send-small", send_cut(w, &part, TO_FLAGS));
        event.type = ASGI_WEBSOCKET_CLOSE;
        note_result("close-small", send_cut(w, &event, TO_TYPE));
    } else {
        event.type = ASGI_HTTP_RESPONSE_START;
        event.status = 200;
        /* On another thread the host would find this only later. */
        if (pthread_equal(w->loop_thread, pthread_self()))
            note_result("start-without-status", send_cut(w, &event, TO_TYPE));
        note_result("start-small", send_cut(w, &event, TO_STATUS));
        note_result("part-later", send_now(w, &later_event_of(&part)->event));
        note_result("part-small", send_cut(w, &part, TO_FLAGS));
        note_result("last-small", send_cut(w, &part, TO_TYPE));
    }
    receive_into(w, "receive-middle", middle);
    note("code=%d\n", middle->code);
    receive_into(w, "receive-later", &later->event);
    for (at = 0; at < sizeof later->more; at++) zero += later->more[at] == 0;
    note("code=%d zero=%zu\n", later->event.code, zero);
    note_result("finish", finish(w, ASGI_DONE));
    settle();
    return NULL;
}

static asgi_result sizes(work *w) { return sizes_thread(w), ASGI_PENDING; }
static asgi_result sizes_on_thread(work *w) { return run(sizes_thread, w), ASGI_PENDING; }

/* Sends an invalid event with a lent body. */
static asgi_result refused(work *w, uint32_t type, uint32_t flags)
{
    asgi_event event = answer_of(w, "never");
    event.type = type;
    event.flags = flags;
    return send_lent(w, &event, NULL, 0);
}

static void *unknown_thread(void *context)
{
    work *w = context;
    static const uint32_t types[] = {0, 0x99, 0x9999, 0xffffffff};
    size_t at;
    for (at = 0; at < sizeof types / sizeof *types; at++)
        note("type %x=%s\n", types[at], name_of(refused(w, types[at], 0)));
    if (w->is_socket) {
        note_result("send-flags", refused(w, ASGI_WEBSOCKET_SEND, ASGI_MORE));
        note_result("send-flags", refused(w, ASGI_WEBSOCKET_SEND, ASGI_TEXT | 8));
        note_result("close-flags", refused(w, ASGI_WEBSOCKET_CLOSE, ASGI_TEXT));
    } else {
        note_result("whole-flags", refused(w, ASGI_HTTP_RESPONSE, ASGI_MORE));
        note_result("start-flags", refused(w, ASGI_HTTP_RESPONSE_START, 0x80000000));
        note_result("body-flags", refused(w, ASGI_HTTP_RESPONSE_BODY, ASGI_MORE | 8));
    }
    answer_and_finish(w);
    return NULL;
}

static asgi_result unknown(work *w) { return open_up(w), unknown_thread(w), ASGI_PENDING; }
static asgi_result unknown_on_thread(work *w) { return open_up(w), run(unknown_thread, w), ASGI_PENDING; }

/* Strings with a size and a NULL pointer. */
static asgi_result nulls(work *w)
{
    static const asgi_string nowhere = {NULL, 5}, there = ASGI_STRING("x");
    asgi_header headers[] = {{nowhere, there}, {there, nowhere}};
    asgi_event event = answer_of(w, "");
    open_up(w);
    event.body = nowhere;
    note_result("body", send_now(w, &event));
    if (w->is_socket) {
        event = asgi_event_of(ASGI_WEBSOCKET_CLOSE);
        event.text = nowhere;
        note_result("reason", send_now(w, &event));
    } else {
        event = answer_of(w, "never");
        event.header_count = 1;
        event.headers = headers;
        note_result("name", send_now(w, &event));
        event.headers = headers + 1;
        note_result("value", send_now(w, &event));
    }
    answer_and_finish(w);
    return ASGI_PENDING;
}

/* ---- 12: lent bodies are released -------------------------------------------------------------------------------- */

static void *release_stale_thread(void *context)
{
    work *w = context;
    note_result("stale-on-a-thread", refused(w, answer_of(w, "").type, 0));
    settle();
    return NULL;
}

static asgi_result release_refused(work *w)
{
    open_up(w);
    if (!w->is_socket) note_result("body-first", refused(w, ASGI_HTTP_RESPONSE_BODY, 0));
    note_result("of-another-scope", refused(w, w->is_socket ? ASGI_HTTP_RESPONSE : ASGI_WEBSOCKET_SEND, 0));
    if (w->is_socket) note_result("accept-twice", refused(w, ASGI_WEBSOCKET_ACCEPT, 0));
    note_result("answer", answer(w, "answer"));
    if (!w->is_socket) note_result("after-last", refused(w, ASGI_HTTP_RESPONSE_BODY, 0));
    note_result("finish", finish(w, ASGI_DONE));
    note_result("stale", refused(w, answer_of(w, "").type, 0));
    run(release_stale_thread, w);
    return ASGI_PENDING;
}

/* Events that are accepted: with a body, without one, and with a body that is not sent. */
static void *release_taken_thread(void *context)
{
    work *w = context;
    static const char *const parts[] = {"a", "", "b"};
    asgi_event event = asgi_event_of(ASGI_HTTP_RESPONSE_START);
    size_t at;
    event.status = 200;
    if (w->is_socket) event.type = ASGI_WEBSOCKET_ACCEPT;
    note_result("first", send_lent(w, &event, NULL, 0));
    for (at = 0; at < sizeof parts / sizeof *parts; at++) {
        event = body_of(w, parts[at], ASGI_MORE);
        note_result("part", send_lent(w, &event, NULL, 0));
    }
    event = body_of(w, "c", 0);
    note_result("last", send_lent(w, &event, NULL, 0));
    note_result("finish", finish(w, ASGI_DONE));
    settle();
    return NULL;
}

static asgi_result release_taken(work *w)
{
    asgi_event event = asgi_event_of(0);
    receive_now(w, &event);
    return release_taken_thread(w), ASGI_PENDING;
}

static asgi_result release_taken_on_thread(work *w)
{
    asgi_event event = asgi_event_of(0);
    receive_now(w, &event);
    return run(release_taken_thread, w), ASGI_PENDING;
}

/* Sent from a thread and refused by the loop: send has accepted it, so that the body is released. */
static void *release_misuse_thread(void *context)
{
    work *w = context;
    asgi_event event = body_of(w, "x", 0);
    note_result("too-early", send_lent(w, &event, NULL, 0));
    wait_for_loop(w);
    note_result("next", w->is_socket ? accept_socket(w) : answer(w, "answer"));
    if (w->is_socket) note_result("accept", accept_socket(w));
    answer_and_finish(w);
    return NULL;
}

static asgi_result release_misuse(work *w)
{
    asgi_event event = asgi_event_of(0);
    receive_now(w, &event);
    return run(release_misuse_thread, w), ASGI_PENDING;
}

/* Sends until the host accepts no more; on a thread while the loop is blocked. */
static void *fill_thread(void *context)
{
    work *w = context;
    asgi_event event;
    asgi_result result;
    do {
        event = mountain_of(w, ASGI_HTTP_RESPONSE_BODY, ASGI_MORE);
        event.body.size = 1 << 16;
        result = send_lent(w, &event, NULL, 1);
    } while (result >= 0);
    note_result("filled", result);
    let_pass();
    return NULL;
}

static asgi_result release_full(work *w, int on_thread)
{
    open_up(w);
    passed = 0;
    counts_vary = 1;
    if (!w->is_socket) start(w, 200);
    if (on_thread) run(fill_thread, w);
    else fill_thread(w);
    while (!has_passed()) sched_yield();
    note_result("finish", finish(w, ASGI_DONE));
    settle();
    return ASGI_PENDING;
}

static asgi_result release_full_here(work *w) { return release_full(w, 0); }
static asgi_result release_full_on_thread(work *w) { return release_full(w, 1); }

/* Accepted, and the scope ends before the body was sent; then the client disconnects. */
static asgi_result release_leaving(work *w) { return outstanding_whole(w); }

/* Threads send while another thread ends the scope: the loop finds some events after its end. */
enum { SENDERS = 3 };
static long senders_left;

static void *race_sender(void *context)
{
    work *w = context;
    asgi_result result;
    do {
        asgi_event event = body_of(w, "x", ASGI_MORE);
        result = send_lent(w, &event, NULL, 1);
    } while (result != ASGI_STALE);
    if (add(&senders_left, -1) == 0) settle();
    return NULL;
}

static asgi_result release_race(work *w)
{
    int sender;
    open_up(w);
    counts_vary = 1;
    senders_left = SENDERS;
    if (!w->is_socket) start(w, 200);
    for (sender = 0; sender < SENDERS; sender++) run(race_sender, w);
    /* When the threads are sending. */
    while (add(&due, 0) < 20) sched_yield();
    if (finish(w, ASGI_DONE) != ASGI_DONE) note("not finished\n");
    return ASGI_PENDING;
}

/* ---- 13: numbers that are not results ---------------------------------------------------------------------------- */

static asgi_result results(work *w)
{
    open_up(w);
    note_result("finish-pending", finish(w, ASGI_PENDING));
    note_result("finish-2", finish(w, 2));
    note_result("finish-most", finish(w, INT32_MAX));
    note_result("alive", w->host->alive(w->id));
    answer_and_finish(w);
    return ASGI_PENDING;
}

static asgi_result finish_unknown(work *w)
{
    open_up(w);
    note_result("answer", answer(w, "answer"));
    note_result("finish", finish(w, -1000));
    settle();
    return ASGI_PENDING;
}

static void *alive_thread(void *context)
{
    work *w = context;
    while (w->host->alive(w->id) != ASGI_STALE) pause_shortly();
    note("over\n");
    settle();
    return NULL;
}

static asgi_result returns(work *w, asgi_result result)
{
    open_up(w);
    if (result != 3) note_result("answer", answer(w, "answer"));
    run(alive_thread, w);
    return result;
}

static asgi_result returns_2(work *w) { return returns(w, 2); }
static asgi_result returns_3(work *w) { return returns(w, 3); } /* without a response */
static asgi_result returns_unknown(work *w) { return returns(w, -1000); }

/* ---- 14: ids that never existed ---------------------------------------------------------------------------------- */

enum { MANY = 100000 / CALLS * CALLS };

static void *ids_thread(void *context)
{
    work *w = context;
    call_all(w, "on a thread", MANY, id_that_never_was);
    answer_and_finish(w);
    return NULL;
}

static asgi_result ids(work *w)
{
    open_up(w);
    call_all(w, "on the loop", MANY, id_that_never_was);
    run(ids_thread, w);
    return ASGI_PENDING;
}

static void *zero_thread(void *context)
{
    work *w = context;
    call_all(w, "on a thread", CALLS, id_zero);
    answer_and_finish(w);
    return NULL;
}

static asgi_result zero(work *w)
{
    open_up(w);
    call_all(w, "on the loop", CALLS, id_zero);
    run(zero_thread, w);
    return ASGI_PENDING;
}

/* ---- 15: threads that flood a scope while it ends ---------------------------------------------------------------- */

enum { THREADS = 4, CALLS_OF_THREAD = 32 };

/* One call of a flood. */
typedef struct drop {
    struct flood *flood;
    int is_job, is_notice, reported, result;
    asgi_result answer, cancelled;
    uint64_t timer;
} drop;

typedef struct flood {
    struct flood *next;
    work *w;
    long number, made;
    drop drops[THREADS][CALLS_OF_THREAD];
} flood;

typedef struct flood_thread {
    flood *flood;
    int number;
} flood_thread;

static flood *floods; /* all floods, for the check at the end */
static long flood_count, flood_taken, flood_told, flood_threads, flood_elsewhere, flood_inside, flood_not_stale;

static void drop_told(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    drop *d = context;
    int is_on_loop = pthread_equal(d->flood->w->loop_thread, pthread_self()) != 0;
    if (inside) add(&flood_inside, 1);
    if (id != d->flood->w->id || event || is_on_loop == d->is_job) add(&flood_elsewhere, 1);
    d->result = result;
    __atomic_add_fetch(&d->reported, 1, __ATOMIC_SEQ_CST);
    add(&flood_told, 1);
}

static asgi_result make_drop(work *w, drop *d, int which)
{
    asgi_result result;
    add(&flood_taken, 1);
    d->cancelled = ASGI_INVALID;
    inside++;
    switch (which % 5) {
    case 0: result = w->host->post(w->id, drop_told, d); break;
    case 1: result = w->host->after(w->id, 0, drop_told, d, &d->timer); break;
    case 2: result = w->host->after(w->id, 3600000000, drop_told, d, &d->timer); break;
    case 3:
        d->is_notice = 1;
        result = w->host->ended(w->id, drop_told, d);
        break;
    default:
        d->is_job = 1;
        result = w->host->spawn(w->id, drop_told, d);
    }
    d->answer = result;
    if (result != ASGI_PENDING) add(&flood_taken, -1);
    else if (which % 3 == 0 && d->timer) d->cancelled = w->host->cancel(w->id, d->timer);
    else if (which % 3 == 1 && d->timer) w->host->move(w->id, d->timer, which % 2 ? 0 : 1000);
    inside--;
    return result;
}

static void *flood_from_thread(void *context)
{
    flood_thread *t = context;
    flood *f = t->flood;
    int at, was_stale = 0;
    for (at = 0; at < CALLS_OF_THREAD; at++) {
        drop *d = &f->drops[t->number][at];
        asgi_result result;
        d->flood = f;
        result = make_drop(f->w, d, at + t->number);
        if (was_stale && result != ASGI_STALE) add(&flood_not_stale, 1);
        was_stale = result == ASGI_STALE;
        add(&f->made, 1);
    }
    free(t);
    add(&flood_threads, -1);
    return NULL;
}

static void *flood_finish(void *context)
{
    flood *f = context;
    while (add(&f->made, 0) < f->number % 64) sched_yield();
    if (finish(f->w, ASGI_DONE) != ASGI_DONE) add(&flood_not_stale, 1);
    add(&flood_threads, -1);
    return NULL;
}

static void flood_finish_here(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    flood *f = context;
    (void)id, (void)event;
    if (result != ASGI_DONE || finish(f->w, ASGI_DONE) != ASGI_DONE) add(&flood_not_stale, 1);
    add(&flood_threads, -1);
}

/* The scope is ended in turn by a thread, in a completion, and by the return of `application`. */
static asgi_result flood_scope(work *w)
{
    flood *f = calloc(1, sizeof *f);
    int number;
    open_up(w);
    f->w = w;
    f->number = add(&flood_count, 1);
    do f->next = __atomic_load_n(&floods, __ATOMIC_SEQ_CST);
    while (!__atomic_compare_exchange_n(&floods, &f->next, f, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
    answer(w, "answer");
    add(&flood_threads, THREADS);
    for (number = 0; number < THREADS; number++) {
        flood_thread *t = calloc(1, sizeof *t);
        t->flood = f;
        t->number = number;
        run(flood_from_thread, t);
    }
    if (f->number % 3 == 0) {
        while (add(&f->made, 0) < f->number % 64) sched_yield();
        return ASGI_DONE;
    }
    add(&flood_threads, 1);
    if (f->number % 3 == 1) run(flood_finish, f);
    else w->host->post(w->id, flood_finish_here, f);
    return ASGI_PENDING;
}

/* Checks all calls, when all have completed or after a minute. */
static void *flood_look(void *context)
{
    work *w = context;
    long waits, lost = 0, twice = 0, otherwise = 0;
    flood *f;
    int thread, at;
    for (waits = 0; waits < 60000; waits++) {
        if (!add(&flood_threads, 0) && add(&flood_taken, 0) <= add(&flood_told, 0)) break;
        pause_shortly();
    }
    wait_for_loop(w); /* twice, so that any second completion has come */
    wait_for_loop(w);
    for (f = floods; f; f = f->next)
        for (thread = 0; thread < THREADS; thread++)
            for (at = 0; at < CALLS_OF_THREAD; at++) {
                drop *d = &f->drops[thread][at];
                int is_due = d->answer == ASGI_PENDING;
                lost += is_due && d->reported == 0;
                twice += d->reported > is_due;
                /* A scope has one notice of its end; the others get BUSY. */
                otherwise += d->reported && d->result != ASGI_DONE && d->result != ASGI_CANCELLED &&
                             !(d->is_notice && d->result == ASGI_BUSY);
                otherwise += d->cancelled == ASGI_DONE && d->result != ASGI_CANCELLED;
            }
    note("floods=%ld lost=%ld twice=%ld otherwise=%ld elsewhere=%ld inside=%ld not-stale=%ld\n", flood_count, lost,
         twice, otherwise, flood_elsewhere, flood_inside, flood_not_stale);
    answer_and_finish(w);
    return NULL;
}

static asgi_result flooded(work *w) { return run(flood_look, w), ASGI_PENDING; }

/* ---- The application --------------------------------------------------------------------------------------------- */

enum { REQUEST = 1, SOCKET = 2, BOTH = 3 };

static const struct {
    const char *name;
    int scopes;
    asgi_result (*begin)(work *w);
} table[] = {
    {"gone", BOTH, gone},
    {"finish-twice", BOTH, finish_twice},
    {"finish-twice-on-thread", BOTH, finish_twice_on_thread},
    {"finish-in-post", BOTH, finish_in_post},
    {"finish-in-after", BOTH, finish_in_after},
    {"finish-in-job", BOTH, finish_in_job},
    {"finish-in-receive", BOTH, finish_in_receive},
    {"early-pending", BOTH, early_pending},
    {"early-done", BOTH, early_done},
    {"early-failed", BOTH, early_failed},
    {"early-pending-on-thread", BOTH, early_pending_on_thread},
    {"early-done-on-thread", BOTH, early_done_on_thread},
    {"early-failed-on-thread", BOTH, early_failed_on_thread},
    {"order", REQUEST, order},
    {"order", SOCKET, socket_order},
    {"order-on-thread", BOTH, order_on_thread},
    {"busy", BOTH, busy},
    {"busy-on-thread", BOTH, busy_on_thread},
    {"never", BOTH, never},
    {"never-silent", BOTH, never_silent},
    {"block", BOTH, block},
    {"outstanding-part", BOTH, outstanding_part},
    {"outstanding-whole", BOTH, outstanding_whole},
    {"outstanding-on-thread", BOTH, outstanding_on_thread},
    {"chain-post", BOTH, chain_post},
    {"chain-after", BOTH, chain_after},
    {"chain-receive", BOTH, chain_receive},
    {"chain-release", BOTH, chain_release},
    {"sizes", BOTH, sizes},
    {"sizes-on-thread", BOTH, sizes_on_thread},
    {"unknown", BOTH, unknown},
    {"unknown-on-thread", BOTH, unknown_on_thread},
    {"nulls", BOTH, nulls},
    {"release-refused", BOTH, release_refused},
    {"release-taken", BOTH, release_taken},
    {"release-taken-on-thread", BOTH, release_taken_on_thread},
    {"release-misuse", BOTH, release_misuse},
    {"release-full", BOTH, release_full_here},
    {"release-full-on-thread", BOTH, release_full_on_thread},
    {"release-leaving", BOTH, release_leaving},
    {"release-race", BOTH, release_race},
    {"results", BOTH, results},
    {"finish-unknown", BOTH, finish_unknown},
    {"returns-2", BOTH, returns_2},
    {"returns-3", BOTH, returns_3},
    {"returns-unknown", BOTH, returns_unknown},
    {"ids", BOTH, ids},
    {"zero", BOTH, zero},
    {"flooded", REQUEST, flooded},
};

/* Waits on the control thread for the shutdown. The cases use the lifespan's id for calls that belong to no case. */
static asgi_result lifespan(const asgi_scope *scope, asgi_receive receive, asgi_send send)
{
    asgi_event event = asgi_event_of(0);
#ifdef NO_LIFESPAN
    return ASGI_UNSUPPORTED;
#endif
    lifespan_id = scope->id;
    lifespan_host = scope->host;
    if (receive(scope->id, &event, NULL, NULL) != ASGI_DONE) return ASGI_FAILED;
    event = asgi_event_of(ASGI_LIFESPAN_STARTUP_COMPLETE);
    send(scope->id, &event, NULL, NULL);
    if (receive(scope->id, &event, NULL, NULL) != ASGI_DONE) return ASGI_FAILED;
    event = asgi_event_of(ASGI_LIFESPAN_SHUTDOWN_COMPLETE);
    send(scope->id, &event, NULL, NULL);
    return ASGI_DONE;
}

static work *work_of(const asgi_scope *scope, asgi_receive receive, asgi_send send)
{
    static const asgi_string loops = ASGI_STRING("asgi.loop/1"), groups = ASGI_STRING("asgi.broadcast/1");
    work *w = calloc(1, sizeof *w);
    w->scope = scope;
    w->host = scope->host;
    w->id = scope->id;
    w->receive = receive;
    w->send = send;
    w->loops = scope->host->extension(scope->id, &loops);
    w->groups = scope->host->extension(scope->id, &groups);
    w->loop_thread = pthread_self();
    w->loop = (uint32_t)w->loops->current();
    w->is_socket = scope->type == ASGI_WEBSOCKET;
    return w;
}

asgi_result application(const asgi_scope *scope, asgi_receive receive, asgi_send send)
{
    asgi_string path = asgi_path(scope);
    int kind = scope->type == ASGI_WEBSOCKET ? SOCKET : REQUEST;
    size_t at, prefix = kind == SOCKET ? strlen("/ws-") : strlen("/");
    if (scope->type == ASGI_LIFESPAN) return lifespan(scope, receive, send);
    if (asgi_equal(path, "/log")) return answer_notes(scope, send);
    if (asgi_equal(path, "/other")) return asgi_respond(scope, send, 200, "text/plain", asgi_text("other"));
    if (path.size < prefix) return ASGI_UNSUPPORTED;
    path.data += prefix;
    path.size -= prefix;
    if (asgi_equal(path, "flood")) return flood_scope(work_of(scope, receive, send));
    for (at = 0; at < sizeof table / sizeof *table; at++) {
        if (!(table[at].scopes & kind) || !asgi_equal(path, table[at].name)) continue;
        begin_case();
        return table[at].begin(work_of(scope, receive, send));
    }
    return ASGI_UNSUPPORTED;
}

const asgi_module *asgi_module_info(void)
{
    static const asgi_module module = {sizeof module,            ASGI_ABI,          ASGI_DRAFT,       0,
                                       ASGI_STRING("misbehave"), ASGI_STRING("1"), ASGI_STRING(""), NULL};
    return &module;
}
