/* Lane.c: the type `Lane`: a queue of jobs that stands for an executor. Worker.c has its threads. */
#include "Lane.h"
#include "Interpreter.h"
#include "Names.h"
#include "Turn.h"
#include "Worker.h"
#include <stdlib.h>

static PyTypeObject *lane_type;

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
    if (worker_get(lane) == 0) Py_RETURN_NONE;
    if (lane->threads > 0) {
        PyErr_Clear(); /* the job waits for a thread that the lane has */
        Py_RETURN_NONE;
    }
    lane->first = lane->last = NULL;
    lane->pending = 0;
    job_free(job);
    return NULL;
}

/* shutdown(wait, cancel): refuses further jobs. [GIL] wait: returns when all jobs are done. cancel: drops queued jobs. */
static PyObject *lane_shutdown(PyObject *self, PyObject *arguments)
{
    struct lane *lane = (struct lane *)self;
    int wait, cancel;
    if (!PyArg_ParseTuple(arguments, "pp:shutdown", &wait, &cancel)) return NULL;
    lane->closed = true;
    worker_dismiss(lane);
    while (cancel && lane->first) {
        struct job *job = job_next(lane);
        /* A job without a future of the loop has one of concurrent.futures as its first argument. */
        PyObject *future = job->future ? job->future : PyTuple_GetItem(job->arguments, 0);
        PyObject *result = future ? call_method(future, names.cancel) : NULL;
        if (!result) PyErr_WriteUnraisable(job->function);
        Py_XDECREF(result);
        job_free(job);
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

/* busy(): whether a job is queued or running. [GIL] */
static PyObject *lane_busy(PyObject *self, PyObject *nothing)
{
    (void)nothing;
    return PyBool_FromLong(((struct lane *)self)->pending > 0);
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
    worker_dismiss(lane);
    sem_destroy(&lane->empty);
    PyObject_Free(self);
    Py_DECREF(type);
}

int lanes_create(PyObject *module)
{
    static PyMethodDef methods[] = {
        {"put", (PyCFunction)(void (*)(void))lane_put, METH_FASTCALL, "put(future, function, arguments): queues a job."},
        {"shutdown", lane_shutdown, METH_VARARGS, "shutdown(wait, cancel): refuses further jobs."},
        {"busy", lane_busy, METH_NOARGS, "busy(): whether a job is queued or running."},
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
