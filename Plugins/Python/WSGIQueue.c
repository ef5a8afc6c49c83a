/* WSGIQueue.c: the requests that wait for a thread, and the threads that call WSGI applications.
 *
 * The loop thread queues requests without the GIL, so that a computing application does not stop it. Of several idle
 * threads only one at a time is on its way to the GIL: it wakes the next one when it has got a request and more are
 * waiting. Threads that a request does not block therefore do not compete for the GIL. */
#include "WSGIQueue.h"
#include "Turn.h"
#include "WSGIRun.h"
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

struct thread {
    struct thread *next; /* in the list of idle threads */
    sem_t wake;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/* Protected by the lock. */
static struct wsgi_call *first, *last;
static Py_ssize_t waiting; /* requests in the queue */
static Py_ssize_t running; /* requests that threads have taken */
static struct thread *idle;
static bool waking;   /* a thread that was woken or started has not got the GIL yet */
static atomic_bool starting; /* a turn will start a thread; every turn reads it, without the lock */
static Py_ssize_t threads;
static Py_ssize_t most_threads, most_waiting;
static PyObject *start_thread; /* written before the first request */

/* Answers 503. */
static asgi_result refuse(const asgi_scope *scope, asgi_send send)
{
    static const asgi_header fields[] = {
        {ASGI_STRING("content-type"), ASGI_STRING("text/plain; charset=utf-8")},
        {ASGI_STRING("retry-after"), ASGI_STRING("1")},
    };
    asgi_event event = asgi_event_of(ASGI_HTTP_RESPONSE);
    event.status = 503;
    event.headers = fields;
    event.header_count = sizeof fields / sizeof *fields;
    event.body = asgi_text("Service Unavailable: too many requests are waiting for a thread");
    send(scope->id, &event, NULL, NULL);
    return ASGI_DONE;
}

/* Takes an idle thread to be woken, if none is on its way. Under the lock. */
static struct thread *thread_to_wake(void)
{
    struct thread *thread = waking || running >= most_threads ? NULL : idle;
    if (!thread) return NULL;
    idle = thread->next;
    waking = true;
    return thread;
}

/* Whether a further thread must be started for the requests that wait. Under the lock. */
static bool needs_thread(void)
{
    return first && !waking && !idle && !starting && threads < most_threads;
}

asgi_result wsgi_queue_put(const asgi_scope *scope, asgi_receive receive, asgi_send send)
{
    struct wsgi_call *call;
    struct thread *thread;
    bool full, start;
    pthread_mutex_lock(&lock);
    full = waiting + running >= most_waiting + most_threads;
    pthread_mutex_unlock(&lock);
    /* Only this thread queues, so there is still room below. */
    if (full) return refuse(scope, send);
    if (!(call = wsgi_call_new(scope, receive, send))) return ASGI_FAILED;
    call->next = NULL;
    pthread_mutex_lock(&lock);
    if (last) last->next = call;
    else
        first = call;
    last = call;
    waiting++;
    start = needs_thread();
    if (start) starting = true;
    thread = thread_to_wake();
    pthread_mutex_unlock(&lock);
    if (thread) sem_post(&thread->wake);
    if (start) turn_request();
    return ASGI_PENDING;
}

/* Takes the first request, with a reference to its application. [GIL] Under the lock. Above the limit the threads that run
 * requests take it when they have finished. */
static struct wsgi_call *next_call(void)
{
    struct wsgi_call *call = running < most_threads ? first : NULL;
    if (!call) return NULL;
    Py_INCREF((PyObject *)call->application);
    if (!(first = call->next)) last = NULL;
    waiting--;
    running++;
    return call;
}

void wsgi_queue_drop(struct application *application)
{
    struct wsgi_call **link = &first, *call, *previous = NULL;
    pthread_mutex_lock(&lock);
    while ((call = *link)) {
        if (call->application != application) {
            previous = call;
            link = &call->next;
            continue;
        }
        *link = call->next;
        if (last == call) last = previous;
        waiting--;
        /* The host has ended the scope. */
        wsgi_call_free(call);
    }
    pthread_mutex_unlock(&lock);
}

/* Starts a thread. [GIL] Returns 0; -1 with an exception set. */
static int start(void)
{
    PyObject *result;
    struct thread *other;
    pthread_mutex_lock(&lock);
    waking = true;
    threads++;
    pthread_mutex_unlock(&lock);
    if ((result = PyObject_CallNoArgs(start_thread))) {
        Py_DECREF(result);
        return 0;
    }
    pthread_mutex_lock(&lock);
    waking = false;
    threads--;
    other = first ? thread_to_wake() : NULL;
    pthread_mutex_unlock(&lock);
    if (other) sem_post(&other->wake);
    return -1;
}

/* Starts a thread. [GIL] Requests wait for the threads that there are, if the system has no further one. */
static void start_another(void)
{
    if (start() < 0) PyErr_WriteUnraisable(start_thread);
}

void wsgi_queue_start_thread(void)
{
    bool needed;
    if (!starting) return;
    pthread_mutex_lock(&lock);
    starting = false;
    needed = needs_thread();
    pthread_mutex_unlock(&lock);
    if (needed) start_another();
}

PyObject *wsgi_threads(PyObject *module, PyObject *arguments)
{
    PyObject *function;
    Py_ssize_t most, queued;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "Onn:wsgi_threads", &function, &most, &queued)) return NULL;
    pthread_mutex_lock(&lock);
    most_threads = most;
    most_waiting = queued;
    pthread_mutex_unlock(&lock);
    if (start_thread) Py_RETURN_NONE;
    start_thread = Py_NewRef(function);
    if (start() == 0) Py_RETURN_NONE;
    Py_CLEAR(start_thread);
    return NULL;
}

PyObject *wsgi_work(PyObject *module, PyObject *nothing)
{
    struct thread thread;
    bool woken = true, has_run = false;
    (void)module, (void)nothing;
    sem_init(&thread.wake, 0, 0);
    for (;;) {
        struct wsgi_call *call;
        struct thread *other = NULL;
        PyThreadState *state;
        bool start;
        pthread_mutex_lock(&lock);
        if (woken) waking = woken = false;
        if (has_run) running--;
        call = next_call();
        has_run = call != NULL;
        start = call && needs_thread();
        if (call && first) other = thread_to_wake();
        if (!call) {
            thread.next = idle;
            idle = &thread;
        }
        pthread_mutex_unlock(&lock);
        if (other) sem_post(&other->wake);
        if (start) start_another();
        if (call) {
            wsgi_run(call);
            continue;
        }
        state = PyEval_SaveThread();
        while (sem_wait(&thread.wake) != 0) continue;
        PyEval_RestoreThread(state);
        woken = true;
    }
}
