/* Library.c: libRoost.so, the host as a library, opened by its path. */
#include "Library.h"
#include "Application.h"
#include "Turn.h"
#include <dlfcn.h>
#include <stdlib.h>

typedef struct roost_host roost_host;

static struct {
    int (*provide)(const char *name, asgi_result (*application)(const asgi_scope *, asgi_receive, asgi_send),
                   const asgi_module *(*info)(void));
    int (*run)(const char *settings, void (*started)(roost_host *, void *), void *context);
    int (*worker)(int count, char **arguments);
    void (*quit)(roost_host *);
    int (*port)(const roost_host *);
    const char *(*error)(void);
} library;
static roost_host *running;
static bool asked_to_quit;
static bool starting; /* run() was called, and the server does not accept connections yet */
static PyObject *on_started;

static PyObject *raise_error(void)
{
    const char *reason = library.error ? library.error() : NULL;
    return PyErr_Format(PyExc_RuntimeError, "%s", reason ? reason : "libRoost.so gives no reason");
}

PyObject *library_open(PyObject *module, PyObject *path)
{
    const char *name = PyUnicode_AsUTF8AndSize(path, NULL);
    void *handle;
    (void)module;
    if (!name) return NULL;
    handle = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (!handle) return PyErr_Format(PyExc_OSError, "%s", dlerror());
    *(void **)&library.provide = dlsym(handle, "roost_provide");
    *(void **)&library.run = dlsym(handle, "roost_run");
    *(void **)&library.worker = dlsym(handle, "roost_worker");
    *(void **)&library.quit = dlsym(handle, "roost_quit");
    *(void **)&library.port = dlsym(handle, "roost_port");
    *(void **)&library.error = dlsym(handle, "roost_error");
    if (!library.provide || !library.error) return PyErr_Format(PyExc_OSError, "%s is not the library of Roost", name);
    if (library.provide("python", application_called, application_info) != 0) return raise_error();
    Py_RETURN_NONE;
}

/* roost_run's notice, on the loop thread. Takes the GIL. */
static void started(roost_host *server, void *context)
{
    PyObject *result;
    PyGILState_STATE state = PyGILState_Ensure();
    int port = library.port(server);
    (void)context;
    starting = false;
    running = server;
    /* The request to quit came during the start. */
    if (asked_to_quit) {
        library.quit(server);
        running = NULL;
    }
    result = PyObject_CallFunction(on_started, "i", port);
    if (!result) PyErr_WriteUnraisable(on_started);
    Py_XDECREF(result);
    PyGILState_Release(state);
}

PyObject *library_run(PyObject *module, PyObject *arguments)
{
    const char *settings;
    int result;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "sO:run", &settings, &on_started)) return NULL;
    if (!library.run || !library.port || !library.quit)
        return PyErr_Format(PyExc_RuntimeError, "open() a library with roost_run first");
    asked_to_quit = false;
    starting = true;
    turn_begin();
    result = library.run(settings, started, NULL);
    turn_end();
    starting = false;
    running = NULL;
    if (result != 0) return raise_error();
    Py_RETURN_NONE;
}

PyObject *library_worker(PyObject *module, PyObject *arguments)
{
    Py_ssize_t count = PyList_Size(arguments), at;
    char **list;
    int result;
    (void)module;
    if (count < 0) return NULL;
    if (!library.worker) return PyErr_Format(PyExc_RuntimeError, "open() a library with roost_worker first");
    if (!(list = calloc((size_t)count + 1, sizeof *list))) return PyErr_NoMemory();
    for (at = 0; at < count; at++) {
        list[at] = (char *)PyUnicode_AsUTF8AndSize(PyList_GetItem(arguments, at), NULL);
        if (!list[at]) {
            free(list);
            return NULL;
        }
    }
    turn_begin();
    result = library.worker((int)count, list);
    turn_end();
    free(list);
    return result == 0 ? Py_NewRef(Py_None) : raise_error();
}

PyObject *library_quit(PyObject *module, PyObject *nothing)
{
    (void)module, (void)nothing;
    if (asked_to_quit) Py_RETURN_TRUE;
    if (!running && !starting) Py_RETURN_FALSE;
    asked_to_quit = true;
    if (!running) Py_RETURN_TRUE;
    library.quit(running);
    running = NULL; /* the host must not be used afterwards */
    Py_RETURN_TRUE;
}
