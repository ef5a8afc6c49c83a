/* WSGIRun.c: the call of a WSGI application for one request, from its environ to its end (PEP 3333). */
#include "WSGIRun.h"
#include "Interpreter.h"
#include "Report.h"
#include "Values.h"
#include "WSGIBody.h"
#include "WSGIEnviron.h"
#include "WSGIOutput.h"
#include "WSGIResponse.h"
#include <sys/stat.h>

static PyObject *file_wrapper, *plain_file;

PyObject *wsgi_set_file_wrapper(PyObject *module, PyObject *arguments)
{
    PyObject *type, *function;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "OO:wsgi_file_wrapper", &type, &function)) return NULL;
    replace(&file_wrapper, Py_NewRef(type));
    replace(&plain_file, Py_NewRef(function));
    Py_RETURN_NONE;
}

/* Calls the application. [GIL] Returns the iterable of its body; NULL with an exception set. */
static PyObject *call_application(const struct wsgi_call *call, PyObject *function, struct response *response)
{
    PyObject *input = wsgi_input(call), *environ = input ? wsgi_environ(call, input) : NULL, *body = NULL;
    if (environ) {
        PyObject *arguments[2] = {environ, (PyObject *)response};
        body = interpreter.vectorcall(function, arguments, 2, NULL);
    }
    Py_XDECREF(environ);
    Py_XDECREF(input);
    return body;
}

/* Returns the descriptor of a regular file, and where it is read; -1 for an object that is none. [GIL] */
static int regular_file(PyObject *filelike, int64_t *offset, int64_t *count)
{
    PyObject *file = call_with(plain_file, filelike), *number = NULL, *place = NULL;
    int descriptor = -1;
    struct stat status;
    if (file && file != Py_None) number = call_method(file, names.fileno);
    if (number) descriptor = PyObject_AsFileDescriptor(number);
    if (descriptor >= 0) place = call_method(file, names.tell);
    if (place) *offset = PyLong_AsLongLong(place);
    Py_XDECREF(file);
    Py_XDECREF(number);
    Py_XDECREF(place);
    /* An object that only looks like a file is read by its method. */
    if (PyErr_Occurred()) {
        PyErr_Clear();
        return -1;
    }
    if (*offset < 0 || fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode) || *offset > status.st_size) return -1;
    *count = status.st_size - *offset;
    return descriptor;
}

/* Sends the file of a file wrapper. [GIL] Returns 1; 0 if it must be iterated; -1 with an exception set. */
static int send_file(struct response *response, const struct wsgi_call *call, PyObject *body)
{
    PyObject *filelike;
    int64_t offset = -1, count = 0;
    int descriptor;
    if (!call->sends_files || (PyObject *)Py_TYPE(body) != file_wrapper) return 0;
    if (!(filelike = PyObject_GetAttr(body, names.filelike))) return -1;
    descriptor = regular_file(filelike, &offset, &count);
    Py_DECREF(filelike);
    if (descriptor < 0 || count == 0) return 0;
    return wsgi_response_send_file(response, descriptor, offset, count) == 0 ? 1 : -1;
}

/* Sends the parts of a list or tuple as one. [GIL] Returns 0; -1 with an exception set. */
static int send_list(struct response *response, struct wsgi_call *call, PyObject *body)
{
    Py_ssize_t count = PySequence_Size(body);
    PyObject *part = NULL;
    int sent;
    if (count == 1) part = PySequence_GetItem(body, 0);
    else if (count > 1)
        part = call_method_with(names.empty_bytes, names.join, body);
    if (count < 0 || (count > 0 && !part)) return -1;
    sent = wsgi_response_complete(response, call, part);
    Py_XDECREF(part);
    return sent;
}

/* Sends the parts of an iterable as they come. [GIL] Returns 0; -1 with an exception set. */
static int send_parts(struct response *response, struct wsgi_call *call, PyObject *body)
{
    PyObject *iterator = PyObject_GetIter(body), *part;
    int sent = iterator ? 0 : -1;
    while (sent == 0 && (part = PyIter_Next(iterator))) {
        Py_ssize_t size = PyBytes_Check(part) ? PyBytes_Size(part) : 0;
        /* The iteration ends with the first part after the complete body: an iterator may be endless. */
        if (response->is_complete && size > 0) {
            Py_DECREF(part);
            break;
        }
        /* The part that reaches the content-length is the last; the client gets it before the iterator's end. */
        if (size > 0 && !response->is_complete && response->content_length >= 0 &&
            response->sent + size >= response->content_length) {
            sent = wsgi_response_complete(response, call, part);
            if (sent == 0) wsgi_output_answer(call);
        } else if (!response->is_complete)
            sent = wsgi_response_send(response, part);
        Py_DECREF(part);
    }
    Py_XDECREF(iterator);
    if (sent < 0 || PyErr_Occurred()) return -1;
    return wsgi_response_complete(response, call, NULL);
}

/* Sends the body. [GIL] Returns 0; -1 with an exception set. */
static int send_body(struct response *response, struct wsgi_call *call, PyObject *body)
{
    int sent;
    if (PyList_CheckExact(body) || PyTuple_CheckExact(body)) return send_list(response, call, body);
    sent = send_file(response, call, body);
    return sent == 0 ? send_parts(response, call, body) : sent < 0 ? -1 : 0;
}

/* Calls the iterable's method close, if it has one. [GIL] */
static void close_body(const struct wsgi_call *call, PyObject *body)
{
    PyObject *close, *result;
    if (PyList_CheckExact(body) || PyTuple_CheckExact(body)) return;
    if (!(close = PyObject_GetAttr(body, names.close))) {
        PyErr_Clear();
        return;
    }
    result = PyObject_CallNoArgs(close);
    if (!result) log_exception(call->scope.id, "exception in the method close of the response");
    Py_XDECREF(result);
    Py_DECREF(close);
}

/* Reports the current exception. [GIL] Returns the result for the scope. */
static asgi_result failed(const struct wsgi_call *call)
{
    PyObject *exception = exception_take();
    asgi_result result = ASGI_FAILED;
    if (host->alive(call->scope.id) != ASGI_DONE && report_is_disconnect(exception)) result = ASGI_GONE;
    else
        report_failure(call->scope.id, exception);
    Py_DECREF(exception);
    return result;
}

void wsgi_run(struct wsgi_call *call)
{
    struct application *application = call->application;
    struct response *response = wsgi_response_new(call);
    /* A context of its own: variables that the application sets end with the request. */
    PyObject *context = response ? interpreter.context_copy() : NULL, *body = NULL;
    asgi_result result = ASGI_DONE;
    if (context && interpreter.context_enter(context) == 0) {
        body = call_application(call, application->function, response);
        if (!body || send_body(response, call, body) < 0) result = failed(call);
        if (body) {
            wsgi_output_answer(call);
            close_body(call, body);
            Py_DECREF(body);
        }
        if (interpreter.context_exit(context) < 0) log_exception(call->scope.id, "the context of a request could not be left");
    } else
        result = failed(call);
    wsgi_output_finish(call, result);
    Py_XDECREF(context);
    Py_XDECREF((PyObject *)response);
    Py_DECREF((PyObject *)application);
}
