/* Call.c: the awaitables that `receive` and `send` of an application return.
 *
 * They behave as the coroutine of an `async def`: nothing happens before they are awaited, create_task takes them, and they
 * can be cancelled. */
#include "Call.h"
#include "Guest.h"
#include "Interpreter.h"
#include "Names.h"
#include "Receive.h"
#include "Send.h"
#include "Turn.h"

#define MOST_FREE 64

enum call_state { CALL_NEW, CALL_WAITING, CALL_RETRYING, CALL_DONE };

struct call {
    PyObject_HEAD
    struct request *request; /* owned */
    PyObject *message;       /* of a send; NULL for a receive */
    PyObject *future;        /* while waiting */
    PyObject *iterator;      /* of the future */
    enum call_state state;
};

static PyTypeObject *call_type;
static struct call *free_calls[MOST_FREE]; /* [GIL] */
static int free_count;

PyObject *call_new(struct request *request, PyObject *message)
{
    struct call *call;
    if (free_count) {
        call = free_calls[--free_count];
        PyObject_Init((PyObject *)call, call_type);
    } else if (!(call = PyObject_New(struct call, call_type)))
        return NULL;
    call->request = (struct request *)Py_NewRef((PyObject *)request);
    call->message = Py_XNewRef(message);
    call->future = call->iterator = NULL;
    call->state = CALL_NEW;
    return (PyObject *)call;
}

/* Ends a wait. An event that has arrived but that the application does not get is kept for its next receive. [GIL] */
static void stop_waiting(struct call *call, bool taken)
{
    if (call->future && !call->message && !taken) receive_return(call->request, call->future);
    Py_CLEAR(call->iterator);
    Py_CLEAR(call->future);
    call->state = CALL_DONE;
}

static void call_dealloc(PyObject *self)
{
    struct call *call = (struct call *)self;
    PyTypeObject *type = Py_TYPE(self);
    if (call->state == CALL_WAITING) {
        PyObject *exception = PyErr_Occurred() ? exception_take() : NULL;
        stop_waiting(call, false);
        if (exception) exception_restore(exception);
    }
    Py_XDECREF(call->iterator);
    Py_XDECREF(call->future);
    Py_CLEAR(call->message);
    Py_CLEAR(call->request);
    if (free_count < MOST_FREE) free_calls[free_count++] = call;
    else
        PyObject_Free(self);
    Py_DECREF(type);
}

/* Does the work of a call. [GIL] Returns 1 with a result; 0 with a future to wait for; -1 with an exception set. */
static int begin(struct call *call, PyObject **result)
{
    if (!turn_is_loop_thread()) {
        PyErr_SetString(PyExc_RuntimeError, "receive and send must be awaited on the event loop of the server");
        return -1;
    }
    return call->message ? send_begin(call->request, call->message, result, &call->future)
                         : receive_begin(call->request, result, &call->future);
}

static PySendResult call_send(PyObject *self, PyObject *argument, PyObject **result)
{
    struct call *call = (struct call *)self;
    PySendResult step;
    *result = NULL;
    if (call->state == CALL_DONE) {
        PyErr_SetString(PyExc_RuntimeError, "cannot reuse already awaited coroutine");
        return PYGEN_ERROR;
    }
    for (;;) {
        if (call->state != CALL_WAITING) {
            int begun = begin(call, result);
            if (begun != 0) {
                call->state = CALL_DONE;
                return begun > 0 ? PYGEN_RETURN : PYGEN_ERROR;
            }
            call->iterator = PyObject_GetIter(call->future);
            call->state = CALL_WAITING;
            argument = Py_None;
        }
        step = call->iterator ? PyIter_Send(call->iterator, argument, result) : PYGEN_ERROR;
        if (step == PYGEN_NEXT) return step;
        stop_waiting(call, step == PYGEN_RETURN);
        /* The host refused a send as too much: it is tried again when pending output has gone out. */
        if (step != PYGEN_RETURN || !send_is_retry(*result)) return step;
        Py_CLEAR(*result);
        call->state = CALL_RETRYING;
    }
}

static PyObject *call_send_method(PyObject *self, PyObject *argument)
{
    PyObject *value;
    PySendResult result = call_send(self, argument, &value);
    return step_result(result, value);
}

static PyObject *call_next(PyObject *self)
{
    return call_send_method(self, Py_None);
}

static PyObject *call_throw(PyObject *self, PyObject *arguments)
{
    struct call *call = (struct call *)self;
    PyObject *result;
    if (call->state != CALL_WAITING || !call->iterator) {
        call->state = CALL_DONE;
        raise_thrown(arguments);
        return NULL;
    }
    result = throw_into(call->iterator, arguments);
    if (!result) {
        PyObject *exception = exception_take();
        stop_waiting(call, PyErr_GivenExceptionMatches(exception, PyExc_StopIteration));
        exception_restore(exception);
    }
    return result;
}

static PyObject *call_close(PyObject *self, PyObject *nothing)
{
    (void)nothing;
    if (((struct call *)self)->state == CALL_WAITING) stop_waiting((struct call *)self, false);
    ((struct call *)self)->state = CALL_DONE;
    Py_RETURN_NONE;
}

int call_create_type(void)
{
    static PyMethodDef methods[] = {
        {"send", call_send_method, METH_O, NULL},
        {"throw", call_throw, METH_VARARGS, NULL},
        {"close", call_close, METH_NOARGS, NULL},
        {NULL, NULL, 0, NULL},
    };
    static PyType_Slot slots[] = {
        {Py_tp_dealloc, call_dealloc}, {Py_tp_methods, methods},      {Py_am_await, PyObject_SelfIter},
        {Py_am_send, call_send},       {Py_tp_iter, PyObject_SelfIter}, {Py_tp_iternext, call_next},
        {0, NULL},
    };
    static PyType_Spec spec = {"roost._bridge.Call", sizeof(struct call), 0,
                               Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, slots};
    call_type = (PyTypeObject *)PyType_FromSpec(&spec);
    return call_type ? 0 : -1;
}
