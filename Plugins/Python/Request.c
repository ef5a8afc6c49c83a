/* Request.c: a scope of the host in Python: the coroutine object that wraps the application's own.
 *
 * asyncio runs it as an ordinary task. The object calls the application inside the task, so that the application sees its
 * own context and the current task from the start; it passes every step on; and it ends the host's scope with the result. */
#include "Request.h"
#include "Call.h"
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
    request->application = (struct application *)Py_NewRef((PyObject *)application);
    request->scope = request->coroutine = request->task = request->waiters = request->kept = request->drained = NULL;
    request->next_released = NULL;
    request->receiving = request->disconnected = request->body_received = false;
    request->head = NULL;
    request->phase = PHASE_NONE;
    request->trailers = request->failed_send = request->finished = request->cancelled = false;
    request->pending_sends = 0;
    PyObject_GC_Track(request);
    return request;
}

void request_release_later(struct request *request)
{
    request->next_released = released;
    released = request;
}

void request_release(void)
{
    while (released) {
        struct request *request = released;
        released = request->next_released;
        Py_DECREF((PyObject *)request);
    }
}

/* Ends the scope for the host. [GIL] */
static void finish(struct request *request, asgi_result result)
{
    if (request->finished) return;
    request->finished = true;
    head_free(request->head);
    request->head = NULL;
    host->finish(request->id, result);
    Py_CLEAR(request->task);
}

/* Calls the application and gets the iterator of what it returns. [GIL] Returns false with an exception set. */
static bool call_application(struct request *request)
{
    PyObject *arguments[3] = {request->scope, call_receive_function(request), call_send_function(request)};
    PyObject *result = NULL;
    if (arguments[1] && arguments[2]) result = interpreter.vectorcall(request->application->function, arguments, 3, NULL);
    Py_XDECREF(arguments[1]);
    Py_XDECREF(arguments[2]);
    Py_CLEAR(request->scope);
    if (result) request->coroutine = report_awaitable(result);
    return request->coroutine != NULL;
}

/* Ends the scope after the application has returned. [GIL] */
static void returned(struct request *request)
{
    bool incomplete = request->type == ASGI_HTTP && request->phase != PHASE_COMPLETE && !request->disconnected &&
                      !request->failed_send && !request->finished;
    if (!incomplete || host->alive(request->id) != ASGI_DONE) {
        finish(request, ASGI_DONE);
        return;
    }
    report_incomplete(request->id, request->phase > PHASE_HEAD_HELD);
    finish(request, ASGI_FAILED);
}

/* Ends the scope after the application has raised the current exception. [GIL] Returns PYGEN_RETURN with None, since the
 * exception is reported; a cancellation ends the task. */
static PySendResult raised(struct request *request, PyObject **result)
{
    PyObject *exception = exception_take();
    *result = NULL;
    if (PyErr_GivenExceptionMatches(exception, report_cancelled_error)) {
        if (request->cancelled) finish(request, ASGI_GONE);
        else if (!request->finished) {
            report_failure(request->id, exception);
            finish(request, ASGI_FAILED);
        }
        exception_restore(exception);
        return PYGEN_ERROR;
    }
    if (PyErr_GivenExceptionMatches(exception, PyExc_GeneratorExit)) {
        finish(request, ASGI_FAILED);
        exception_restore(exception);
        return PYGEN_ERROR;
    }
    if ((request->failed_send || request->disconnected) && report_is_disconnect(exception)) finish(request, ASGI_GONE);
    else {
        report_failure(request->id, exception);
        finish(request, ASGI_FAILED);
    }
    Py_DECREF(exception);
    *result = Py_NewRef(Py_None);
    return PYGEN_RETURN;
}

static PySendResult request_send(PyObject *self, PyObject *argument, PyObject **result)
{
    struct request *request = (struct request *)self;
    PySendResult step;
    if (!request->coroutine) {
        *result = NULL;
        if (request->finished || !request->scope) {
            PyErr_SetString(PyExc_RuntimeError, "cannot reuse already awaited coroutine");
            return PYGEN_ERROR;
        }
        if (!call_application(request)) return raised(request, result);
    }
    step = PyIter_Send(request->coroutine, argument, result);
    if (step == PYGEN_NEXT) return step;
    Py_CLEAR(request->coroutine);
    if (step == PYGEN_ERROR) return raised(request, result);
    returned(request);
    replace(result, Py_NewRef(Py_None));
    return step;
}

static PyObject *send_method(PyObject *self, PyObject *argument)
{
    PyObject *value;
    PySendResult result = request_send(self, argument, &value);
    return step_result(result, value);
}

static PyObject *throw_method(PyObject *self, PyObject *arguments)
{
    struct request *request = (struct request *)self;
    PyObject *method, *result = NULL;
    PySendResult step;
    if (request->coroutine) {
        method = PyObject_GetAttr(request->coroutine, names.throw);
        result = method ? PyObject_CallObject(method, arguments) : NULL;
        Py_XDECREF(method);
        if (result) return result;
        Py_CLEAR(request->coroutine);
        if (PyErr_ExceptionMatches(PyExc_StopIteration)) {
            returned(request);
            return NULL;
        }
    } else
        raise_thrown(arguments);
    Py_CLEAR(request->scope);
    step = raised(request, &result);
    return step_result(step, result);
}

static PyObject *close_method(PyObject *self, PyObject *nothing)
{
    struct request *request = (struct request *)self;
    PyObject *coroutine = request->coroutine, *result = NULL;
    (void)nothing;
    request->coroutine = NULL;
    Py_CLEAR(request->scope);
    if (coroutine) result = call_method(coroutine, names.close);
    Py_XDECREF(coroutine);
    finish(request, ASGI_FAILED);
    if (coroutine && !result) return NULL;
    Py_XDECREF(result);
    Py_RETURN_NONE;
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
    if (request->task) {
        PyObject *cancelled;
        request->cancelled = true;
        cancelled = call_method(request->task, names.cancel);
        if (!cancelled) PyErr_WriteUnraisable(request->task);
        Py_XDECREF(cancelled);
    }
    Py_DECREF((PyObject *)request);
}

void request_client_left(struct request *request)
{
    PyObject *cancelled;
    if (!request->application->cancel_on_disconnect || request->finished || request->cancelled || !request->task) return;
    /* After a complete response the disconnect event says nothing about the client. */
    if (request->type == ASGI_HTTP && request->phase >= PHASE_TRAILERS) return;
    request->cancelled = true;
    cancelled = call_method(request->task, names.cancel);
    if (!cancelled) PyErr_WriteUnraisable(request->task);
    Py_XDECREF(cancelled);
}

void request_start(const asgi_scope *scope, asgi_receive receive, asgi_send send)
{
    struct request *request = request_new(scope->state, scope->type, scope->id, receive, send);
    PyObject *task = NULL;
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

int request_create_type(PyObject *module)
{
    static PyMethodDef methods[] = {
        {"send", send_method, METH_O, NULL},
        {"throw", throw_method, METH_VARARGS, NULL},
        {"close", close_method, METH_NOARGS, NULL},
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
        {Py_am_send, request_send},       {Py_tp_iter, PyObject_SelfIter}, {0, NULL},
    };
    static PyType_Spec spec = {"roost._bridge.Request", sizeof(struct request), 0,
                               Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION, slots};
    (void)module;
    request_type = (PyTypeObject *)PyType_FromSpec(&spec);
    return request_type ? 0 : -1;
}
