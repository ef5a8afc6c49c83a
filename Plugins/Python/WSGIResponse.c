/* WSGIResponse.c: the response to a WSGI request: the callables `start_response` and `write`, and the events of the host
 * (PEP 3333, "The start_response() Callable", "Handling the Content-Length Header"). */
#include "WSGIResponse.h"
#include "Interpreter.h"
#include "Send.h"
#include "Values.h"
#include "WSGIOutput.h"
#include <strings.h>

static PyTypeObject *response_type;

struct response *wsgi_response_new(const struct wsgi_call *call)
{
    struct response *response = PyObject_New(struct response, response_type);
    if (!response) return NULL;
    response->id = call->scope.id;
    response->send = call->send;
    response->head = NULL;
    response->content_length = -1;
    response->sent = 0;
    response->is_started = response->is_complete = false;
    return response;
}

/* Sends an event, and waits while too much output is pending. [GIL] Returns 0; -1 with an exception set. */
static int send(struct response *response, const asgi_event *event)
{
    PyThreadState *state = PyEval_SaveThread();
    asgi_result result = response->send(response->id, event, NULL, NULL);
    PyEval_RestoreThread(state);
    if (result >= 0) return 0;
    if (result == ASGI_GONE || result == ASGI_STALE || result == ASGI_CANCELLED)
        PyErr_SetString(client_disconnected, "the client has disconnected");
    else
        PyErr_SetString(PyExc_RuntimeError, "the server has refused the response; the log has the reason");
    return -1;
}

/* Sends the head. [GIL] Returns 0; -1 with an exception set. */
static int send_head(struct response *response)
{
    asgi_event event = asgi_event_of(ASGI_HTTP_RESPONSE_START);
    int sent;
    if (response->is_started) return 0;
    event.status = response->head->status;
    event.headers = response->head->fields;
    event.header_count = response->head->count;
    sent = send(response, &event);
    if (sent < 0) return sent;
    head_free(response->head);
    response->head = NULL;
    response->is_started = true;
    return 0;
}

/* Checks that the application has called start_response. [GIL] Returns false with an exception set. */
static bool has_head(const struct response *response)
{
    if (response->head || response->is_started) return true;
    PyErr_SetString(PyExc_RuntimeError, "the application has not called start_response");
    return false;
}

/* Checks that a part may be sent, counts it, and cuts the bytes above the content-length. [GIL] Returns a new reference;
 * NULL with an exception set. */
static PyObject *count_part(struct response *response, PyObject *part)
{
    PyObject *bytes;
    int64_t size, left = INT64_MAX;
    if (!has_head(response)) return NULL;
    if (PyBytes_Check(part)) bytes = Py_NewRef(part);
    else if (PyUnicode_Check(part) || !PyObject_CheckBuffer(part))
        return PyErr_Format(PyExc_TypeError, "a part of the body must be bytes, not %R", (PyObject *)Py_TYPE(part));
    else if (!(bytes = PyBytes_FromObject(part)))
        return NULL;
    size = PyBytes_Size(bytes);
    if (response->content_length >= 0) left = response->content_length - response->sent;
    if (size > left) {
        char *data = PyBytes_AsString(bytes);
        replace(&bytes, data ? PyBytes_FromStringAndSize(data, (Py_ssize_t)left) : NULL);
        size = left;
    }
    response->sent += size;
    return bytes;
}

/* Sends a part of the body, which is NULL for none, after the head. [GIL] Returns 0; -1 with an exception set. */
static int send_part(struct response *response, PyObject *bytes, uint32_t flags)
{
    asgi_event event = asgi_event_of(ASGI_HTTP_RESPONSE_BODY);
    char *data;
    Py_ssize_t size;
    event.flags = flags;
    if (bytes) {
        if (PyBytes_AsStringAndSize(bytes, &data, &size) < 0) return -1;
        event.body = (asgi_string){data, (size_t)size};
    }
    return send_head(response) < 0 ? -1 : send(response, &event);
}

int wsgi_response_send(struct response *response, PyObject *part)
{
    PyObject *bytes = count_part(response, part);
    int sent = bytes ? 0 : -1;
    if (bytes && PyBytes_Size(bytes) > 0) sent = send_part(response, bytes, ASGI_MORE);
    Py_XDECREF(bytes);
    return sent;
}

int wsgi_response_complete(struct response *response, struct wsgi_call *call, PyObject *part)
{
    PyObject *bytes = NULL;
    int completed;
    if (response->is_complete) return 0;
    if (!has_head(response)) return -1;
    if (part && !(bytes = count_part(response, part))) return -1;
    response->is_complete = true;
    if (response->is_started) completed = send_part(response, bytes, 0);
    else {
        call->answer = wsgi_answer_new(response->head, bytes);
        completed = call->answer ? 0 : -1;
        head_free(response->head);
        response->head = NULL;
        response->is_started = true;
    }
    Py_XDECREF(bytes);
    return completed;
}

int wsgi_response_send_file(struct response *response, int descriptor, int64_t offset, int64_t count)
{
    asgi_event event = asgi_event_of(ASGI_HTTP_RESPONSE_ZEROCOPYSEND);
    if (!has_head(response)) return -1;
    if (response->content_length >= 0 && response->content_length - response->sent < count)
        count = response->content_length - response->sent;
    event.file = descriptor;
    event.offset = offset;
    event.count = count;
    response->is_complete = true;
    return send_head(response) < 0 ? -1 : send(response, &event);
}

/* Reads "200 OK". [GIL] Returns the status; -1 with an exception set. */
static int32_t status_of(PyObject *text)
{
    Py_ssize_t size;
    const char *data;
    int32_t status = 0;
    int at;
    if (!PyUnicode_Check(text)) {
        PyErr_Format(PyExc_TypeError, "the status must be a str, not %R", (PyObject *)Py_TYPE(text));
        return -1;
    }
    if (!(data = PyUnicode_AsUTF8AndSize(text, &size))) return -1;
    for (at = 0; at < 3 && at < size && data[at] >= '0' && data[at] <= '9'; at++) status = status * 10 + (data[at] - '0');
    /* The host itself sends 1xx. */
    if (at == 3 && status >= 200 && (size == 3 || data[3] == ' ')) return status;
    PyErr_Format(PyExc_ValueError, "the status must be like '200 OK', not %R", text);
    return -1;
}

/* Notes the content-length of a head. */
static void note_content_length(struct response *response)
{
    size_t at, digit;
    response->content_length = -1;
    for (at = 0; at < response->head->count; at++) {
        const asgi_header *field = &response->head->fields[at];
        if (field->name.size != 14 || strncasecmp(field->name.data, "content-length", 14) != 0) continue;
        response->content_length = 0;
        /* The host refuses a value that is no number. */
        for (digit = 0; digit < field->value.size && digit < 18; digit++)
            response->content_length = response->content_length * 10 + (field->value.data[digit] - '0');
    }
}

/* Raises the exception of exc_info: the head was sent, and cannot be replaced. [GIL] */
static void raise_again(PyObject *exc_info)
{
    PyObject *value = PyTuple_Check(exc_info) && PyTuple_Size(exc_info) == 3 ? PyTuple_GetItem(exc_info, 1) : NULL;
    if (value && PyExceptionInstance_Check(value)) exception_restore(Py_NewRef(value));
    else
        PyErr_Format(PyExc_TypeError, "exc_info must be sys.exc_info(), not %R", exc_info);
}

/* write(data): sends a part of the body. [GIL] */
static PyObject *write_part(PyObject *self, PyObject *part)
{
    struct response *response = (struct response *)self;
    if (response->is_complete) return PyErr_Format(PyExc_RuntimeError, "the response is complete");
    return wsgi_response_send(response, part) == 0 ? Py_NewRef(Py_None) : NULL;
}

/* start_response(status, headers, exc_info=None): returns write. [GIL] */
static PyObject *start_response(PyObject *self, PyObject *arguments, PyObject *keywords)
{
    static PyMethodDef write_method = {"write", write_part, METH_O, "write(data): sends a part of the body."};
    static char *names_of[] = {"status", "headers", "exc_info", NULL};
    struct response *response = (struct response *)self;
    PyObject *status, *headers, *exc_info = Py_None;
    struct head *head;
    int32_t number;
    if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "OO|O:start_response", names_of, &status, &headers, &exc_info))
        return NULL;
    if (response->is_started && exc_info != Py_None) {
        raise_again(exc_info);
        return NULL;
    }
    if (response->is_started || (response->head && exc_info == Py_None))
        return PyErr_Format(PyExc_AssertionError, "start_response was called already, and this call has no exc_info");
    if ((number = status_of(status)) < 0 || !(head = head_of_texts(headers))) return NULL;
    head_free(response->head);
    response->head = head;
    head->status = number;
    note_content_length(response);
    return PyCFunction_NewEx(&write_method, self, NULL);
}

static void dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    head_free(((struct response *)self)->head);
    PyObject_Free(self);
    Py_DECREF(type);
}

int wsgi_response_create_type(void)
{
    static PyType_Slot slots[] = {{Py_tp_dealloc, dealloc}, {Py_tp_call, start_response}, {0, NULL}};
    static PyType_Spec spec = {"roost._bridge.start_response", sizeof(struct response), 0,
                               Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, slots};
    response_type = (PyTypeObject *)PyType_FromSpec(&spec);
    return response_type ? 0 : -1;
}
