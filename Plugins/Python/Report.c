/* Report.c: exceptions of applications: which are failures, and their messages in the host's log. */
#include "Report.h"
#include "Interpreter.h"
#include "Send.h"

PyObject *report_cancelled_error;
static PyObject *format, *is_disconnect, *awaitable, *coroutine_type;

PyObject *report_set(PyObject *module, PyObject *const *arguments, Py_ssize_t count)
{
    PyObject *asyncio, *types;
    (void)module;
    if (count != 3) return PyErr_Format(PyExc_TypeError, "reporters takes 3 arguments");
    replace(&format, Py_NewRef(arguments[0]));
    replace(&is_disconnect, Py_NewRef(arguments[1]));
    replace(&awaitable, Py_NewRef(arguments[2]));
    asyncio = PyImport_ImportModule("asyncio");
    types = PyImport_ImportModule("types");
    report_cancelled_error = asyncio ? PyObject_GetAttrString(asyncio, "CancelledError") : NULL;
    coroutine_type = types ? PyObject_GetAttrString(types, "CoroutineType") : NULL;
    Py_XDECREF(asyncio);
    Py_XDECREF(types);
    if (!report_cancelled_error || !coroutine_type) return NULL;
    Py_RETURN_NONE;
}

PyObject *report_awaitable(PyObject *object)
{
    PyObject *coroutine;
    if ((PyObject *)Py_TYPE(object) == coroutine_type) return object;
    coroutine = call_with(awaitable, object);
    Py_DECREF(object);
    return coroutine;
}

void log_text(asgi_id id, int32_t level, PyObject *text)
{
    Py_ssize_t size;
    asgi_string message;
    PyObject *bytes = PyUnicode_AsEncodedString(text, "utf-8", "backslashreplace");
    char *data;
    if (!bytes || PyBytes_AsStringAndSize(bytes, &data, &size) < 0) PyErr_WriteUnraisable(text);
    else {
        message.data = data;
        message.size = (size_t)size;
        host->log(id, level, &message);
    }
    Py_XDECREF(bytes);
}

/* Logs a line and the traceback of an exception as one message. [GIL] */
static void log_with_traceback(asgi_id id, const char *what, PyObject *exception)
{
    PyObject *traceback = call_with(format, exception);
    PyObject *text = traceback ? PyUnicode_FromFormat("%s\n%U", what, traceback) : NULL;
    if (text) log_text(id, ASGI_LOG_ERROR, text);
    else
        PyErr_WriteUnraisable(exception);
    Py_XDECREF(traceback);
    Py_XDECREF(text);
}

void log_exception(asgi_id id, const char *what)
{
    PyObject *exception = PyErr_Occurred() ? exception_take() : NULL;
    if (!exception) return;
    log_with_traceback(id, what, exception);
    Py_DECREF(exception);
}

bool report_is_disconnect(PyObject *exception)
{
    PyObject *result;
    bool disconnect;
    if ((PyObject *)Py_TYPE(exception) == client_disconnected) return true;
    result = call_with(is_disconnect, exception);
    disconnect = result == Py_True;
    if (!result) PyErr_WriteUnraisable(exception);
    Py_XDECREF(result);
    return disconnect;
}

void report_failure(asgi_id id, PyObject *exception)
{
    log_with_traceback(id, "exception in the application", exception);
}

void report_incomplete(asgi_id id, bool started)
{
    asgi_string text = asgi_text(started ? "application returned before its response was complete"
                                         : "application returned without a response");
    host->log(id, ASGI_LOG_ERROR, &text);
}
