/* Lane.c: lanes: queues of jobs for threads, as executors of the event loop.
 *
 * A lane stands for an executor. Its threads come from one stock and return to it, so that an executor for one request
 * (asgiref's thread-sensitive context) costs no new thread. The GIL protects all data here, since a thread needs it to
 * run a job anyway; only the semaphores are used without it. */
#include "Lane.h"
#include "Guest.h"
#include "Interpreter.h"
#include "Names.h"
#include "Turn.h"
#include <semaphore.h>
#include <stdlib.h>

/* Idle threads that are kept for the next executor. */
#define MOST_SPARE 32

struct job {
    struct job *next;
    PyObject *future;                        /* of the event loop; NULL if nobody waits */
    PyObject *function, *arguments, *value; /* value: the result or the exception */
    bool failed;
};

struct worker {
    sem_t wake;
    struct lane *lane; /* NULL in the stock; owned while the thread is not idle */
    struct worker *next, *next_signal;
    bool leaves;
};

struct lane {
    PyObject_HEAD
    struct job *first, *last;
    struct worker *idle;
    Py_ssize_t threads, limit, pending; /* pending: jobs that are queued or run */
    sem_t empty;                        /* posted when nothing is pending any more, for shutdown */
    Py_ssize_t waiting;
    bool closed;
};

static PyTypeObject *lane_type;
static PyObject *start_thread;
static struct worker *spare, *signals; /* signals: loop thread only */
static int spare_count;
static struct job *results, *last_result;

static void free_job(struct job *job)
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

/* Gets a thread for a lane: an idle one of its own, one of the stock, or a new one. [GIL] */
static int get_worker(struct lane *lane)
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

/* put(future, function, arguments): queues a job. [GIL] `future` is the loop's, or None. */
static PyObject *lane_put(PyObject *self, PyObject *const *arguments, Py_ssize_t count)
{
    struct lane *lane = (struct lane *)self;
    struct job *job;
    if (count != 3) return PyErr_Format(PyExc_TypeError, "put takes 3 arguments");
    if (lane->closed) return PyErr_Format(PyExc_RuntimeError, "cannot schedule new futures after shutdown");
    job = calloc(1, sizeof *job);
    if (!job) return PyErr_NoMemory();
    job->future = arguments[0] == Py_None ? NULL : Py_NewRef(arguments[0]);
    job->function = Py_NewRef(arguments[1]);
    job->arguments = Py_NewRef(arguments[2]);
    if (lane->last) lane->last->next = job;
    else
        lane->first = job;
    lane->last = job;
    lane->pending++;
    /* The job is queued first, since a new thread may run before the call that starts it returns. */
    if (get_worker(lane) == 0) Py_RETURN_NONE;
    if (lane->threads > 0) {
        PyErr_Clear(); /* the job waits for a thread that the lane has */
        Py_RETURN_NONE;
    }
    lane->first = lane->last = NULL;
    lane->pending = 0;
    free_job(job);
    return NULL;
}

static struct job *next_job(struct lane *lane)
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
        free_job(job);
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
        free_job(job);
        return;
    }
    job->next = NULL;
    if (last_result) last_result->next = job;
    else
        results = job;
    last_result = job;
}

/* Moves a lane's idle threads to the stock. [GIL] */
static void dismiss(struct lane *lane)
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
    if (lane->closed) dismiss(lane);
    Py_DECREF((PyObject *)lane);
}

PyObject *lane_work(PyObject *module, PyObject *capsule)
{
    struct worker *worker = PyCapsule_GetPointer(capsule, "roost.worker");
    (void)module;
    if (!worker) return NULL;
    while (!worker->leaves) {
        struct lane *lane = worker->lane;
        struct job *job = lane ? next_job(lane) : NULL;
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
            worker->leaves = true;
        }
        more = more || worker->leaves;
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
        free_job(job);
    }
}

/* shutdown(wait, cancel): refuses further jobs. [GIL] wait: returns when all jobs are done. cancel: drops queued jobs. */
static PyObject *lane_shutdown(PyObject *self, PyObject *arguments)
{
    struct lane *lane = (struct lane *)self;
    int wait, cancel;
    if (!PyArg_ParseTuple(arguments, "pp:shutdown", &wait, &cancel)) return NULL;
    lane->closed = true;
    dismiss(lane);
    while (cancel && lane->first) {
        struct job *job = next_job(lane);
        /* A job without a future of the loop has one of concurrent.futures as its first argument. */
        PyObject *future = job->future ? job->future : PyTuple_GetItem(job->arguments, 0);
        PyObject *result = future ? call_method(future, names.cancel) : NULL;
        if (!result) PyErr_WriteUnraisable(job->function);
        Py_XDECREF(result);
        free_job(job);
        lane->pending--;
    }
    if (wait && lane->pending) {
        PyThreadState *state;
        lane->waiting++;
        state = PyEval_SaveThread();
        if (turn_is_loop_thread()) lanes_signal();
        while (sem_wait(&lane->empty) != 0) continue;
        PyEval_RestoreThread(state);
    }
    Py_RETURN_NONE;
}

/* signal(): wakes the threads now instead of at the end of the turn. [GIL] For callers that may block on the result. */
static PyObject *lane_signal(PyObject *self, PyObject *nothing)
{
    (void)self, (void)nothing;
    if (turn_is_loop_thread()) lanes_signal();
    Py_RETURN_NONE;
}

static PyObject *lane_new(PyTypeObject *type, PyObject *arguments, PyObject *keywords)
{
    struct lane *lane;
    Py_ssize_t limit;
    (void)keywords;
    if (!PyArg_ParseTuple(arguments, "n:Lane", &limit)) return NULL;
    lane = PyObject_New(struct lane, type);
    if (!lane) return NULL;
    lane->first = lane->last = NULL;
    lane->idle = NULL;
    lane->threads = lane->pending = lane->waiting = 0;
    lane->limit = limit;
    lane->closed = false;
    sem_init(&lane->empty, 0, 0);
    return (PyObject *)lane;
}

static void lane_dealloc(PyObject *self)
{
    struct lane *lane = (struct lane *)self;
    PyTypeObject *type = Py_TYPE(self);
    dismiss(lane);
    sem_destroy(&lane->empty);
    PyObject_Free(self);
    Py_DECREF(type);
}

PyObject *lane_threads(PyObject *module, PyObject *start)
{
    (void)module;
    replace(&start_thread, Py_NewRef(start));
    Py_RETURN_NONE;
}

int lanes_create(PyObject *module)
{
    static PyMethodDef methods[] = {
        {"put", (PyCFunction)(void (*)(void))lane_put, METH_FASTCALL, "put(future, function, arguments): queues a job."},
        {"shutdown", lane_shutdown, METH_VARARGS, "shutdown(wait, cancel): refuses further jobs."},
        {"signal", lane_signal, METH_NOARGS, "signal(): wakes the threads now, not at the end of the turn."},
        {NULL, NULL, 0, NULL},
    };
    static PyType_Slot slots[] = {
        {Py_tp_doc, "Lane(threads): a queue of jobs for at most so many threads."},
        {Py_tp_new, lane_new},
        {Py_tp_dealloc, lane_dealloc},
        {Py_tp_methods, methods},
        {0, NULL},
    };
    static PyType_Spec spec = {"roost._bridge.Lane", sizeof(struct lane), 0, Py_TPFLAGS_DEFAULT, slots};
    lane_type = (PyTypeObject *)PyType_FromSpec(&spec);
    return lane_type ? PyModule_AddObjectRef(module, "Lane", (PyObject *)lane_type) : -1;
}
