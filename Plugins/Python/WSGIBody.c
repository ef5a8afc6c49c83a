/* WSGIBody.c: the body of a WSGI request, which a thread waits for. */
#include "WSGIBody.h"
#include "Interpreter.h"
#include "Send.h"
#include "Turn.h"
#include "Values.h"
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>

/* The rest of a body. It does not refer to the call, since the application may keep it for longer. */
struct body {
    PyObject_HEAD
    asgi_id id;
    asgi_receive receive;
    PyObject *first; /* the part that came with the request, until it is received; NULL otherwise */
    bool more, is_disconnected;
};

/* A receive that a thread waits for. */
struct wait {
    sem_t done;
    char *data; /* a copy; NULL without one */
    size_t size;
    bool more, is_disconnected, has_no_memory;
};

static PyTypeObject *body_type;
static PyObject *whole_type, *stream_type;

PyObject *wsgi_set_streams(PyObject *module, PyObject *arguments)
{
    PyObject *whole, *stream;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "OO:wsgi_streams", &whole, &stream)) return NULL;
    replace(&whole_type, Py_NewRef(whole));
    replace(&stream_type, Py_NewRef(stream));
    Py_RETURN_NONE;
}

/* The completion of a receive, on the loop thread without the GIL. The event's memory is the host's, and valid only
 * here. */
static void received(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    struct wait *wait = context;
    (void)id;
    wait->is_disconnected = result != ASGI_DONE || event->type != ASGI_HTTP_REQUEST;
    if (!wait->is_disconnected) {
        wait->more = event->flags & ASGI_MORE;
        wait->size = event->body.size;
        if (wait->size && (wait->data = malloc(wait->size))) memcpy(wait->data, event->body.data, wait->size);
        wait->has_no_memory = wait->size && !wait->data;
    }
    sem_post(&wait->done);
}

/* Waits for the next part, which may be empty. [GIL] */
static PyObject *receive_part(struct body *body)
{
    struct wait wait = {.is_disconnected = true};
    asgi_event event = asgi_event_of(0);
    PyThreadState *state;
    PyObject *part;
    sem_init(&wait.done, 0, 0);
    state = PyEval_SaveThread();
    if (body->receive(body->id, &event, received, &wait) == ASGI_PENDING)
        while (sem_wait(&wait.done) != 0) continue;
    PyEval_RestoreThread(state);
    sem_destroy(&wait.done);
    body->more = wait.more;
    if (wait.is_disconnected) {
        body->is_disconnected = true;
        PyErr_SetString(client_disconnected, "the client has disconnected before its request was complete");
        return NULL;
    }
    if (wait.has_no_memory) return PyErr_NoMemory();
    part = bytes_of((asgi_string){wait.data, wait.size});
    free(wait.data);
    return part;
}

/* receive(): returns the next part of the body; b"" at its end. [GIL] */
static PyObject *body_receive(PyObject *self, PyObject *nothing)
{
    struct body *body = (struct body *)self;
    PyObject *part = body->first;
    (void)nothing;
    body->first = NULL;
    if (turn_is_loop_thread()) {
        Py_XDECREF(part);
        return PyErr_Format(PyExc_RuntimeError, "wsgi.input must not be read on the event loop of the server");
    }
    while ((!part || PyBytes_Size(part) == 0) && (body->more || body->is_disconnected)) {
        PyObject *next = receive_part(body);
        Py_XDECREF(part);
        if (!(part = next)) return NULL;
    }
    return part ? part : Py_NewRef(names.empty_bytes);
}

PyObject *wsgi_input(const struct wsgi_call *call)
{
    PyObject *first = bytes_of(call->body), *input;
    struct body *body;
    if (!first) return NULL;
    if (!call->more_body && !call->is_disconnected) {
        input = call_with(whole_type, first);
        Py_DECREF(first);
        return input;
    }
    if (!(body = PyObject_New(struct body, body_type))) {
        Py_DECREF(first);
        return NULL;
    }
    body->id = call->scope.id;
    body->receive = call->receive;
    body->first = first;
    body->more = call->more_body;
    body->is_disconnected = call->is_disconnected;
    input = call_with(stream_type, (PyObject *)body);
    Py_DECREF((PyObject *)body);
    return input;
}

static void dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    Py_XDECREF(((struct body *)self)->first);
    PyObject_Free(self);
    Py_DECREF(type);
}

int wsgi_body_create_type(void)
{
    static PyMethodDef methods[] = {
        {"receive", body_receive, METH_NOARGS, "receive(): returns the next part of the body; b\"\" at its end."},
        {NULL, NULL, 0, NULL},
    };
    static PyType_Slot slots[] = {{Py_tp_dealloc, dealloc}, {Py_tp_methods, methods}, {0, NULL}};
    static PyType_Spec spec = {"roost._bridge.Body", sizeof(struct body), 0,
                               Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, slots};
    body_type = (PyTypeObject *)PyType_FromSpec(&spec);
    return body_type ? 0 : -1;
}
