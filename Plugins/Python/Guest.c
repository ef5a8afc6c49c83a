/* Guest.c: the event loop of Python, run step by step: uvloop by libuv's functions, asyncio by its private ones. */
#include "Guest.h"
#include "Interpreter.h"
#include "Names.h"
#include "Turn.h"
#include <dlfcn.h>
#include <math.h>
#include <sys/epoll.h>
#include <time.h>

#define UV_RUN_NOWAIT 2

PyObject *guest_loop;

static struct {
    int (*run)(void *, int);
    int (*backend_timeout)(const void *);
    void (*update_time)(void *);
    void *loop;
} uv; /* of uvloop's library; loop is NULL for asyncio */
static int descriptor = -1;
static PyObject *step;           /* asyncio's _run_once, or the public way; NULL for uvloop */
static bool public_way;          /* step returns the seconds to wait */
static double public_wait;       /* in seconds; below zero for none */
static PyObject *ready_queue;    /* asyncio's deque of handles */
static PyObject *loop_call_soon; /* the loop's own method */
static PyObject *create_future;
static PyObject *task_type, *task_keywords;
static PyTypeObject *step_type; /* the type of a task's step; NULL until the first task */
static bool debugging;
static bool capturing;          /* the next step of a task on the loop thread is kept */
static PyObject *captured, *captured_context;

static bool attach_uv(PyObject *library, PyObject *capsule)
{
    const char *path = PyUnicode_AsUTF8AndSize(library, NULL);
    void *handle = path ? dlopen(path, RTLD_NOW | RTLD_NOLOAD) : NULL;
    if (!path) return false;
    if (handle) {
        *(void **)&uv.run = dlsym(handle, "uv_run");
        *(void **)&uv.backend_timeout = dlsym(handle, "uv_backend_timeout");
        *(void **)&uv.update_time = dlsym(handle, "uv_update_time");
    }
    if (!uv.run || !uv.backend_timeout || !uv.update_time) {
        PyErr_Format(PyExc_ImportError, "%s does not export libuv; install another uvloop or use --loop asyncio", path);
        return false;
    }
    uv.loop = PyCapsule_GetPointer(capsule, NULL);
    return uv.loop != NULL;
}

PyObject *guest_attach(PyObject *module, PyObject *const *arguments, Py_ssize_t count)
{
    PyObject *asyncio;
    int epoll;
    (void)module;
    if (count != 6) return PyErr_Format(PyExc_TypeError, "attach takes 6 arguments");
    if (guest_loop) return PyErr_Format(PyExc_RuntimeError, "the process has an event loop already");
    epoll = PyObject_AsFileDescriptor(arguments[1]);
    if (epoll < 0) return NULL;
    if (arguments[4] != Py_None && arguments[3] == Py_None && !attach_uv(arguments[4], arguments[5])) return NULL;
    if (!uv.loop) {
        public_way = arguments[3] != Py_None;
        step = public_way ? Py_NewRef(arguments[3]) : PyObject_GetAttrString(arguments[0], "_run_once");
        if (!step) return NULL;
        if (!public_way && !(ready_queue = PyObject_GetAttr(arguments[0], names._ready))) return NULL;
    }
    asyncio = PyImport_ImportModule("asyncio");
    task_type = asyncio ? PyObject_GetAttrString(asyncio, "Task") : NULL;
    Py_XDECREF(asyncio);
    task_keywords = PyTuple_Pack(1, names.loop);
    create_future = PyObject_GetAttr(arguments[0], names.create_future);
    if (!task_type || !task_keywords || !create_future) return NULL;
    loop_call_soon = Py_NewRef(arguments[2]);
    guest_loop = Py_NewRef(arguments[0]);
    descriptor = epoll;
    Py_RETURN_NONE;
}

PyObject *guest_debug(PyObject *module, PyObject *enabled)
{
    (void)module;
    debugging = PyObject_IsTrue(enabled) == 1;
    Py_RETURN_NONE;
}

PyObject *guest_call_soon(PyObject *module, PyObject *const *arguments, Py_ssize_t count, PyObject *keywords)
{
    (void)module;
    /* A finalizer or another thread may call call_soon while a task is made: only a step of a task is kept. Which task's
     * does not matter, since the caller runs it and the loop runs the other. */
    if (capturing && count == 1 && (!step_type || Py_TYPE(arguments[0]) == step_type) && turn_is_loop_thread()) {
        capturing = false;
        captured = Py_NewRef(arguments[0]);
        captured_context = keywords && PyTuple_Size(keywords) == 1 ? Py_NewRef(arguments[1]) : NULL;
        Py_RETURN_NONE;
    }
    return interpreter.vectorcall(loop_call_soon, arguments, (size_t)count, keywords);
}

PyObject *guest_start(PyObject *coroutine)
{
    PyObject *arguments[2] = {coroutine, guest_loop}, *task, *callback, *context, *result;
    /* In debug mode the loop runs the step, so that it measures slow callbacks. */
    capturing = !debugging;
    task = interpreter.vectorcall(task_type, arguments, 1, task_keywords);
    capturing = false;
    callback = captured, context = captured_context;
    captured = captured_context = NULL;
    if (!callback) return task;
    if (!step_type) step_type = Py_TYPE(callback);
    if (context && interpreter.context_enter(context) < 0) result = NULL;
    else {
        result = PyObject_CallNoArgs(callback);
        if (context) {
            PyObject *exception = result ? NULL : exception_take();
            interpreter.context_exit(context);
            if (exception) exception_restore(exception);
        }
    }
    if (!result) PyErr_WriteUnraisable(callback);
    Py_XDECREF(result);
    Py_XDECREF(context);
    Py_DECREF(callback);
    return task;
}

PyObject *guest_future(void)
{
    return PyObject_CallNoArgs(create_future);
}

bool future_complete(PyObject *future, PyObject *name, PyObject *value)
{
    PyObject *done = call_method(future, names.done), *result = NULL;
    if (done == Py_False) {
        result = call_method_with(future, name, value);
        if (!result) PyErr_WriteUnraisable(future);
    } else if (!done)
        PyErr_WriteUnraisable(future);
    Py_XDECREF(done);
    Py_XDECREF(result);
    return result != NULL;
}

/* Runs the public way's step, and keeps its result. */
static void step_publicly(void)
{
    PyObject *result = PyObject_CallNoArgs(step);
    public_wait = 0;
    if (result) public_wait = result == Py_None ? -1 : PyFloat_AsDouble(result);
    Py_XDECREF(result);
}

/* A callback of the loop has raised SystemExit or KeyboardInterrupt, which ends the run of a loop; other exceptions go to
 * the loop's exception handler. [GIL] uvloop keeps it for its own run function, so it has no effect there. */
static void exited(void)
{
    PyObject *result;
    PyErr_WriteUnraisable(guest_loop);
    result = PyObject_CallMethod(guest_loop, "stop", NULL);
    if (!result) PyErr_WriteUnraisable(guest_loop);
    Py_XDECREF(result);
}

void guest_step(void)
{
    if (!guest_loop) return;
    if (uv.loop) {
        uv.run(uv.loop, UV_RUN_NOWAIT);
        return;
    }
    if (public_way) step_publicly();
    else
        Py_XDECREF(PyObject_CallNoArgs(step));
    if (PyErr_Occurred()) exited();
}

/* The seconds until asyncio's first timer; below zero without one. */
static double asyncio_wait(void)
{
    struct timespec time;
    PyObject *scheduled, *when = NULL;
    double at = -1;
    if (PyObject_Size(ready_queue) > 0) return 0;
    /* The loop replaces the list now and then. */
    scheduled = PyObject_GetAttr(guest_loop, names._scheduled);
    if (scheduled && PyList_Size(scheduled) > 0) when = PyObject_GetAttr(PyList_GetItem(scheduled, 0), names._when);
    if (when) {
        at = PyFloat_AsDouble(when);
        clock_gettime(CLOCK_MONOTONIC, &time);
        at -= (double)time.tv_sec + (double)time.tv_nsec / 1e9;
        if (at < 0) at = 0;
    }
    Py_XDECREF(when);
    Py_XDECREF(scheduled);
    if (PyErr_Occurred()) PyErr_WriteUnraisable(guest_loop);
    return at;
}

int64_t guest_wait(void)
{
    double seconds;
    if (!guest_loop) return -1;
    if (uv.loop) {
        int milliseconds;
        uv.update_time(uv.loop);
        milliseconds = uv.backend_timeout(uv.loop);
        return milliseconds < 0 ? -1 : (int64_t)milliseconds * 1000;
    }
    seconds = public_way ? public_wait : asyncio_wait();
    if (seconds < 0) return -1;
    if (seconds > 86400) seconds = 86400;
    return (int64_t)ceil(seconds * 1e6);
}

bool guest_is_readable(void)
{
    struct epoll_event event;
    return descriptor >= 0 && epoll_wait(descriptor, &event, 1, 0) > 0;
}

int guest_descriptor(void)
{
    return descriptor;
}
