/* Coroutine.c: the protocol of coroutines for a request.
 *
 * asyncio runs a request as an ordinary task. The request calls the application inside the task, so that the application
 * sees its own context and the current task from the start; it passes every step on; and it ends the host's scope with
 * the result. */
#include "Coroutine.h"
#include "Function.h"
#include "Interpreter.h"
#include "Names.h"
#include "Report.h"

/* Calls the application and gets the iterator of what it returns. [GIL] Returns false with an exception set. */
static bool call_application(struct request *request)
{
    PyObject *arguments[3] = {request->scope, function_receive(request), function_send(request)};
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
        request_finish(request, ASGI_DONE);
        return;
    }
    report_incomplete(request->id, request->phase > PHASE_HEAD_HELD);
    request_finish(request, ASGI_FAILED);
}

/* Ends the scope after the application has raised the current exception. [GIL] Returns PYGEN_RETURN with None, since the
 * exception is reported; a cancellation ends the task. */
static PySendResult raised(struct request *request, PyObject **result)
{
    PyObject *exception = exception_take();
    *result = NULL;
    if (PyErr_GivenExceptionMatches(exception, report_cancelled_error)) {
        if (request->cancelled) request_finish(request, ASGI_GONE);
        else if (!request->finished) {
            report_failure(request->id, exception);
            request_finish(request, ASGI_FAILED);
        }
        exception_restore(exception);
        return PYGEN_ERROR;
    }
    if (PyErr_GivenExceptionMatches(exception, PyExc_GeneratorExit)) {
        request_finish(request, ASGI_FAILED);
        exception_restore(exception);
        return PYGEN_ERROR;
    }
    if ((request->failed_send || request->disconnected) && report_is_disconnect(exception))
        request_finish(request, ASGI_GONE);
    else {
        report_failure(request->id, exception);
        request_finish(request, ASGI_FAILED);
    }
    Py_DECREF(exception);
    *result = Py_NewRef(Py_None);
    return PYGEN_RETURN;
}

PySendResult coroutine_step(PyObject *self, PyObject *argument, PyObject **result)
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

PyObject *coroutine_send(PyObject *self, PyObject *argument)
{
    PyObject *value;
    PySendResult result = coroutine_step(self, argument, &value);
    return step_result(result, value);
}

PyObject *coroutine_throw(PyObject *self, PyObject *arguments)
{
    struct request *request = (struct request *)self;
    PyObject *result = NULL;
    PySendResult step;
    if (request->coroutine) {
        result = throw_into(request->coroutine, arguments);
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

PyObject *coroutine_close(PyObject *self, PyObject *nothing)
{
    struct request *request = (struct request *)self;
    PyObject *coroutine = request->coroutine, *result = NULL;
    (void)nothing;
    request->coroutine = NULL;
    Py_CLEAR(request->scope);
    if (coroutine) result = call_method(coroutine, names.close);
    Py_XDECREF(coroutine);
    request_finish(request, ASGI_FAILED);
    if (coroutine && !result) return NULL;
    Py_XDECREF(result);
    Py_RETURN_NONE;
}
