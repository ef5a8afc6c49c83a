/* Request.c: a scope of the host in Python: its start, its end, and its type. Coroutine.c has its steps. */
#include "Request.h"
#include "Coroutine.h"
#include "Guest.h"
#include "Interpreter.h"
#include "Names.h"
#include "Receive.h"
#include "Report.h"
#include "Scope.h"
#include "Turn.h"

static PyTypeObject *request_type;
static struct request *released; /* loop thread only */

struct request *request_new(struct application *application, uint32_t type, asgi_id id, asgi_receive receive,
                            asgi_send send)
{
    struct request *request = PyObject_GC_New(struct request, request_type);
    if (!request) return NULL;
    request->id = id;
    request->receive = receive;
    request->send = send;
    request->type = type;
    request->host_scope = NULL;
    request->application = (struct application *)Py_NewRef((PyObject *)application);
    request->scope = request->coroutine = request->task = request->waiters = request->kept = request->drained = NULL;
    request->next_released = NULL;
    request->releases = 0;
    request->receiving = request->disconnected = request->body_received = false;
    request->head = NULL;
    request->phase = PHASE_NONE;
    request->trailers = request->no_trailers = request->failed_send = request->finished = request->cancelled = false;
    request->pending_sends = 0;
    PyObject_GC_Track(request);
    return request;
}

void request_release_later(struct request *request)
{
    if (request->releases++) return;
    request->next_released = released;
    released = request;
}

void request_release(void)
{
    while (released) {
        struct request *request = released;
        int count = request->releases;
        released = request->next_released;
        request->releases = 0;
        while (count--) Py_DECREF((PyObject *)request);
    }
}

/* Ends the scope for the host. [GIL] */
void request_finish(struct request *request, asgi_result result)
{
    if (request->finished) return;
    request->finished = true;
    head_free(request->head);
    request->head = NULL;
    host->finish(request->id, result);
    Py_CLEAR(request->task);
}

/* What introspection asks a coroutine for is the application's. [GIL] */
static PyObject *inner_attribute(PyObject *self, void *name)
{
    PyObject *coroutine = ((struct request *)self)->coroutine, *key = *(PyObject **)name, *value = NULL;
    if (coroutine) value = PyObject_GetAttr(coroutine, key);
    else if (key == names.__name__ || key == names.__qualname__)
        value = PyObject_GetAttr((PyObject *)((struct request *)self)->application->function, key);
    if (value) return value;
    PyErr_Clear();
    if (key == names.cr_running) Py_RETURN_FALSE;
    if (key == names.__name__ || key == names.__qualname__) return PyUnicode_FromString("application");
    Py_RETURN_NONE;
}

/* Cancels the task. [GIL] */
static void cancel_task(struct request *request)
{
    PyObject *cancelled;
    request->cancelled = true;
    cancelled = call_method(request->task, names.cancel);
    if (!cancelled) PyErr_WriteUnraisable(request->task);
    Py_XDECREF(cancelled);
}

/* The notice of the scope's end, on the loop thread. Takes the GIL only if the host has ended the scope. */
static void ended(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    struct request *request = context;
    (void)id, (void)event;
    if (request->finished || result != ASGI_CANCELLED) {
        request_release_later(request);
        return;
    }
    turn_enter();
    if (request->task) cancel_task(request);
    Py_DECREF((PyObject *)request);
}

void request_client_left(struct request *request)
{
    if (!request->application->cancel_on_disconnect || request->finished || request->cancelled || !request->task) return;
    /* After a complete response the disconnect event says nothing about the client. */
    if (request->type == ASGI_HTTP && request->phase >= PHASE_TRAILERS) return;
    cancel_task(request);
}

void request_start(const asgi_scope *scope, asgi_receive receive, asgi_send send)
{
    struct request *request = request_new(scope->state, scope->type, scope->id, receive, send);
    PyObject *task = NULL;
    if (request) request->host_scope = scope;
    if (request && (request->scope = scope_dict(scope, scope->state))) task = guest_start((PyObject *)request);
    if (!task) {
        log_exception(scope->id, "the request could not be started");
        host->finish(scope->id, ASGI_FAILED);
    } else if (!request->finished) {
        /* A task belongs to those who wait for it: the request keeps it alive, and the host the request. */
        request->task = Py_NewRef(task);
        Py_INCREF((PyObject *)request);
        if (host->ended(request->id, ended, request) != ASGI_PENDING) Py_DECREF((PyObject *)request);
        receive_ahead(request);
    }
    Py_XDECREF(task);
    Py_XDECREF((PyObject *)request);
}

static int traverse(PyObject *self, visitproc visit, void *arg)
{
    struct request *request = (struct request *)self;
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(request->scope);
    Py_VISIT(request->coroutine);
    Py_VISIT(request->task);
    Py_VISIT(request->waiters);
    Py_VISIT(request->kept);
    Py_VISIT(request->drained);
    return 0;
}

static int clear(PyObject *self)
{
    struct request *request = (struct request *)self;
    Py_CLEAR(request->scope);
    Py_CLEAR(request->coroutine);
    Py_CLEAR(request->task);
    Py_CLEAR(request->waiters);
    Py_CLEAR(request->kept);
    Py_CLEAR(request->drained);
    return 0;
}

static void dealloc(PyObject *self)
{
    struct request *request = (struct request *)self;
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    clear(self);
    head_free(request->head);
    Py_DECREF((PyObject *)request->application);
    PyObject_GC_Del(self);
    Py_DECREF(type);
}

int request_create_type(void)
{
    static PyMethodDef methods[] = {
        {"send", coroutine_send, METH_O, NULL},
        {"throw", coroutine_throw, METH_VARARGS, NULL},
        {"close", coroutine_close, METH_NOARGS, NULL},
        {NULL, NULL, 0, NULL},
    };
    static PyGetSetDef attributes[] = {
        {"__name__", inner_attribute, NULL, NULL, &names.__name__},
        {"__qualname__", inner_attribute, NULL, NULL, &names.__qualname__},
        {"cr_frame", inner_attribute, NULL, NULL, &names.cr_frame},
        {"cr_running", inner_attribute, NULL, NULL, &names.cr_running},
        {"cr_code", inner_attribute, NULL, NULL, &names.cr_code},
        {"cr_await", inner_attribute, NULL, NULL, &names.cr_await},
        {"cr_origin", inner_attribute, NULL, NULL, &names.cr_origin},
        {NULL, NULL, NULL, NULL, NULL},
    };
    static PyType_Slot slots[] = {
        {Py_tp_dealloc, dealloc},         {Py_tp_traverse, traverse},     {Py_tp_clear, clear},
        {Py_tp_methods, methods},         {Py_tp_getset, attributes},     {Py_am_await, PyObject_SelfIter},
        {Py_am_send, coroutine_step},     {0, NULL},
    };
    static PyType_Spec spec = {"roost._bridge.Request", sizeof(struct request), 0,
                               Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION, slots};
    request_type = (PyTypeObject *)PyType_FromSpec(&spec);
    return request_type ? 0 : -1;
}
