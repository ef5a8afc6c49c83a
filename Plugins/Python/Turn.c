/* Turn.c: a turn of the guest's event loop on the host's loop, and the GIL.
 *
 * A turn is a posted completion of the host. It starts the requests that arrived, delivers results of lanes, runs the
 * guest until nothing is ready (within bounds), moves the timer, gives the GIL back, and signals lanes. The GIL is taken
 * once a turn: giving it back around each call would hand it to a computing thread each time. */
#include "Turn.h"
#include "Application.h"
#include "Guest.h"
#include "Lane.h"
#include "Lent.h"
#include "Request.h"
#include "WSGIQueue.h"
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

/* The most rounds of the guest in one turn. A turn with more work posts again, and the host polls its sockets between:
 * a task that never waits does not stop the server. */
#define MOST_ROUNDS 16

const asgi_host *host;
const asgi_loop *loops;

static atomic_bool posted;            /* a turn is posted or running */
static _Atomic(asgi_id) anchor;       /* the lifespan that posts belong to */
static pthread_t loop_thread;         /* written before the host runs */
static PyThreadState *thread_state;   /* of the loop thread, while it does not hold the GIL */
static bool held;                     /* the loop thread holds the GIL; loop thread only */
static uint64_t timer, watch;         /* the guest's timer and watch; 0 for none; loop thread only */
static int64_t timer_at;              /* when the timer fires, in microseconds of the monotonic clock */

static void turn(void *context, asgi_id id, asgi_result result, const asgi_event *event);

bool turn_is_loop_thread(void)
{
    return pthread_equal(pthread_self(), loop_thread);
}

asgi_id turn_anchored(void)
{
    return atomic_load(&anchor);
}

void turn_request(void)
{
    asgi_id id;
    if (atomic_exchange(&posted, true)) return;
    while ((id = atomic_load(&anchor))) {
        if (host->post(id, turn, NULL) == ASGI_PENDING) return;
        /* The lifespan has ended. Try the next one, unless there is none. */
        if (atomic_load(&anchor) == id) break;
    }
    atomic_store(&posted, false);
}

static void take(void)
{
    if (held) return;
    PyEval_RestoreThread(thread_state);
    held = true;
}

static void give_back(void)
{
    if (!held) return;
    held = false;
    thread_state = PyEval_SaveThread();
}

void turn_enter(void)
{
    take();
    turn_request();
}

void turn_begin(void)
{
    loop_thread = pthread_self();
    held = true;
    give_back();
}

void turn_end(void)
{
    take();
}

static int64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * INT64_C(1000000) + time.tv_nsec / 1000;
}

/* The timer's completion. Without the GIL. */
static void timed(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    (void)context, (void)event;
    if (result != ASGI_DONE || id != turn_anchored()) return;
    timer = 0;
    turn_request();
}

/* The watch's completion: the guest's descriptor is ready. Without the GIL. */
static void ready(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    (void)context, (void)id, (void)event;
    if (result == ASGI_PENDING) turn_request();
}

/* Sets the timer. A timer that fires too early only costs a turn, so it is moved only to an earlier time. */
static void set_timer(int64_t wait)
{
    int64_t at = now() + wait;
    if (timer && timer_at <= at) return;
    if (!timer || host->move(turn_anchored(), timer, (uint64_t)wait) != ASGI_DONE) {
        timer = 0;
        if (host->after(turn_anchored(), (uint64_t)wait, timed, NULL, &timer) != ASGI_PENDING) timer = 0;
    }
    timer_at = at;
}

static void set_watch(void)
{
    int descriptor = guest_descriptor();
    if (watch || descriptor < 0) return;
    if (loops->watch(turn_anchored(), 0, descriptor, ASGI_READABLE | ASGI_PERSISTENT, ready, NULL, &watch) != ASGI_PENDING)
        watch = 0;
}

void turn_anchor(asgi_id lifespan)
{
    asgi_id before = turn_anchored();
    if (before == lifespan) return;
    if (timer) host->cancel(before, timer);
    if (watch) host->cancel(before, watch);
    timer = watch = 0;
    atomic_store(&anchor, lifespan);
    if (lifespan) turn_request();
}

static void turn(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    int64_t wait = -1;
    int rounds = 0;
    (void)context, (void)event;
    if (result != ASGI_DONE) {
        atomic_store(&posted, false);
        give_back();
        if (id != turn_anchored()) turn_request();
        return;
    }
    take();
    application_start_staged();
    wsgi_queue_start_thread();
    do {
        lent_release();
        request_release();
        lanes_deliver();
        guest_step();
        wait = lanes_have_results() ? 0 : guest_wait();
        /* Events that have come meanwhile belong to this turn: the watch would begin another. */
        if (wait && guest_is_readable()) wait = 0;
    } while (!wait && ++rounds < MOST_ROUNDS);
    /* From here on another thread's request posts a turn. What it queued before, it queued with the GIL, and is seen. */
    atomic_store(&posted, false);
    if (wait) wait = lanes_have_results() ? 0 : guest_wait();
    if (wait > 0) set_timer(wait);
    set_watch();
    give_back();
    lanes_signal();
    if (!wait) turn_request();
}
