/* Worker.c: the threads of lanes, and the jobs that they run.
 *
 * Threads come from one stock and return to it, so that an executor for one request (asgiref's thread-sensitive context)
 * costs no new thread. The GIL protects all data here, since a thread needs it to run a job anyway; only the semaphores
 * are used without it. */
#include "Worker.h"
#include "Guest.h"
#include "Interpreter.h"
#include "Names.h"
#include "Lane.h"
#include "Turn.h"
#include <stdlib.h>

/* Idle threads that are kept for the next executor. */
#define MOST_SPARE 32

static PyObject *start_thread;
static struct worker *spare, *signals; /* signals: loop thread only */
static int spare_count;
static struct job *results, *last_result;

void job_free(struct job *job)
{
    Py_XDECREF(job->future);
    Py_XDECREF(job->function);
    Py_XDECREF(job->arguments);
    Py_XDECREF(job->value);
    free(job);
}

/* Returns a thread to the stock. [GIL] One that is too many leaves when it is woken or asks next. */
static void put_into_stock(struct worker *worker)
{
    worker->lane = NULL;
    worker->next = spare;
    spare = worker;
    spare_count++;
}

static void signal_worker(struct worker *worker)
{
    if (turn_is_loop_thread()) {
        worker->next_signal = signals;
        signals = worker;
    } else
        sem_post(&worker->wake);
}

void lanes_signal(void)
{
    while (signals) {
        struct worker *worker = signals;
        signals = worker->next_signal;
        sem_post(&worker->wake);
    }
}

int worker_get(struct lane *lane)
{
    struct worker *worker = lane->idle;
    PyObject *capsule, *result;
    if (worker) {
        lane->idle = worker->next;
        Py_INCREF((PyObject *)lane);
        signal_worker(worker);
        return 0;
    }
    if (lane->threads >= lane->limit) return 0;
    if ((worker = spare)) {
        spare = worker->next;
        spare_count--;
        worker->lane = (struct lane *)Py_NewRef((PyObject *)lane);
        lane->threads++;
        signal_worker(worker);
        return 0;
    }
    worker = calloc(1, sizeof *worker);
    if (!worker) {
        PyErr_NoMemory();
        return -1;
    }
    sem_init(&worker->wake, 0, 0);
    worker->lane = (struct lane *)Py_NewRef((PyObject *)lane);
    lane->threads++;
    capsule = PyCapsule_New(worker, "roost.worker", NULL);
    result = capsule ? call_with(start_thread, capsule) : NULL;
    Py_XDECREF(capsule);
    Py_XDECREF(result);
    if (result) return 0;
    lane->threads--;
    Py_DECREF((PyObject *)lane);
    sem_destroy(&worker->wake);
    free(worker);
    return -1;
}

struct job *job_next(struct lane *lane)
{
    struct job *job = lane->first;
    if (job && !(lane->first = job->next)) lane->last = NULL;
    return job;
}

/* Runs a job, and queues its result for the loop. [GIL] */
static void run(struct job *job)
{
    PyObject *cancelled = job->future ? call_method(job->future, names.cancelled) : NULL;
    if (cancelled == Py_True) {
        Py_DECREF(cancelled);
        job_free(job);
        return;
    }
    Py_XDECREF(cancelled);
    job->value = PyObject_CallObject(job->function, job->arguments);
    if (!job->value) {
        job->failed = true;
        job->value = exception_take();
    }
    Py_CLEAR(job->function);
    Py_CLEAR(job->arguments);
    if (!job->future) {
        job_free(job);
        return;
    }
    job->next = NULL;
    if (last_result) last_result->next = job;
    else
        results = job;
    last_result = job;
}

void worker_dismiss(struct lane *lane)
{
    while (lane->idle) {
        struct worker *worker = lane->idle;
        lane->idle = worker->next;
        lane->threads--;
        put_into_stock(worker);
    }
}

/* Ends a thread's work for a lane that has no job left: the thread becomes idle, and may be in the stock then. [GIL] */
static void become_idle(struct worker *worker)
{
    struct lane *lane = worker->lane;
    worker->next = lane->idle;
    lane->idle = worker;
    if (lane->closed) worker_dismiss(lane);
    Py_DECREF((PyObject *)lane);
}

PyObject *lane_work(PyObject *module, PyObject *capsule)
{
    struct worker *worker = PyCapsule_GetPointer(capsule, "roost.worker");
    bool leaves = false;
    (void)module;
    if (!worker) return NULL;
    while (!leaves) {
        struct lane *lane = worker->lane;
        struct job *job = lane ? job_next(lane) : NULL;
        PyThreadState *state;
        bool more = false;
        if (job) {
            run(job);
            more = lane->first != NULL;
            if (--lane->pending == 0)
                while (lane->waiting > 0) lane->waiting--, sem_post(&lane->empty);
        }
        if (lane && !more) become_idle(worker);
        if (worker->lane == NULL && spare_count > MOST_SPARE && spare == worker) {
            spare = worker->next;
            spare_count--;
            leaves = true;
        }
        more = more || leaves;
        bool tell = results != NULL;
        state = PyEval_SaveThread();
        /* The loop is told only after the GIL was given back: it would wait for it. */
        if (tell) turn_request();
        while (!more && sem_wait(&worker->wake) != 0) continue;
        PyEval_RestoreThread(state);
    }
    sem_destroy(&worker->wake);
    free(worker);
    Py_RETURN_NONE;
}

bool lanes_have_results(void)
{
    return results != NULL;
}

/* Completes a future with an exception, as concurrent.futures does. [GIL] */
static void fail(PyObject *future, PyObject *exception)
{
    PyObject *error;
    if (!PyErr_GivenExceptionMatches(exception, PyExc_StopIteration)) {
        future_complete(future, names.set_exception, exception);
        return;
    }
    /* A future refuses StopIteration. */
    error = PyObject_CallFunction(PyExc_RuntimeError, "s", "the function of an executor raised StopIteration");
    if (!error) {
        PyErr_WriteUnraisable(future);
        return;
    }
    PyException_SetCause(error, Py_NewRef(exception));
    future_complete(future, names.set_exception, error);
    Py_DECREF(error);
}

void lanes_deliver(void)
{
    while (results) {
        struct job *job = results;
        if (!(results = job->next)) last_result = NULL;
        if (job->failed) fail(job->future, job->value);
        else
            future_complete(job->future, names.set_result, job->value);
        job_free(job);
    }
}

PyObject *lane_threads(PyObject *module, PyObject *start)
{
    (void)module;
    replace(&start_thread, Py_NewRef(start));
    Py_RETURN_NONE;
}
