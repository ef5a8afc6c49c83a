/* Message.c: the fields of an event that an application sends (asgi.md 1.1: a missing key or a wrong type raises, an
 * additional key never does). */
#include "Message.h"
#include "Names.h"

static PyObject *types; /* dict from name to enum message_type */

int message_create_names(void)
{
    static const char *const list[] = {
        "http.response.start", "http.response.body", "http.response.trailers", "http.response.early_hint",
        "http.response.push", "http.response.pathsend", "http.response.zerocopysend", "websocket.accept", "websocket.send",
        "websocket.close", "websocket.http.response.start", "websocket.http.response.body", "lifespan.startup.complete",
        "lifespan.startup.failed", "lifespan.shutdown.complete", "lifespan.shutdown.failed"};
    size_t at;
    types = PyDict_New();
    for (at = 0; types && at < sizeof list / sizeof *list; at++) {
        PyObject *name = PyUnicode_InternFromString(list[at]), *number = PyLong_FromSize_t(at + 1);
        if (!name || !number || PyDict_SetItem(types, name, number) < 0) return -1;
        Py_DECREF(name);
        Py_DECREF(number);
    }
    return types ? 0 : -1;
}

enum message_type message_type_of(PyObject *message)
{
    PyObject *type, *number;
    if (!PyDict_Check(message)) {
        PyErr_Format(PyExc_TypeError, "an ASGI event must be a dict, not %R", (PyObject *)Py_TYPE(message));
        return MESSAGE_UNKNOWN;
    }
    type = message_require(message, names.type);
    if (!type) return MESSAGE_UNKNOWN;
    if (!PyUnicode_Check(type)) {
        PyErr_Format(PyExc_TypeError, "the type of an ASGI event must be a str, not %R", (PyObject *)Py_TYPE(type));
        return MESSAGE_UNKNOWN;
    }
    number = PyDict_GetItemWithError(types, type);
    if (number) return (enum message_type)PyLong_AsLong(number);
    if (!PyErr_Occurred()) PyErr_Format(PyExc_ValueError, "unknown ASGI event type %R", type);
    return MESSAGE_UNKNOWN;
}

PyObject *message_get(PyObject *message, PyObject *key)
{
    PyObject *value = PyDict_GetItemWithError(message, key);
    return value == Py_None ? NULL : value;
}

PyObject *message_require(PyObject *message, PyObject *key)
{
    PyObject *value = PyDict_GetItemWithError(message, key);
    if (!value && !PyErr_Occurred()) {
        PyObject *type = PyDict_GetItemWithError(message, names.type);
        PyErr_Format(PyExc_KeyError, "the ASGI event %R has no %R", type ? type : message, key);
    }
    return value;
}

int message_flag(PyObject *message, PyObject *key)
{
    PyObject *value = PyDict_GetItemWithError(message, key);
    if (!value) return PyErr_Occurred() ? -1 : 0;
    return value == Py_True ? 1 : value == Py_False ? 0 : PyObject_IsTrue(value);
}

/* Reads an int of the field `key`. [GIL] Returns 0; -1 with an exception set. */
static int read_int(PyObject *key, PyObject *object, int64_t least, int64_t most, int64_t *value)
{
    int overflow = 0;
    if (!PyLong_Check(object)) {
        PyErr_Format(PyExc_TypeError, "%R must be an int, not %R", key, (PyObject *)Py_TYPE(object));
        return -1;
    }
    *value = PyLong_AsLongLongAndOverflow(object, &overflow);
    if (*value == -1 && PyErr_Occurred()) return -1;
    if (!overflow && *value >= least && *value <= most) return 0;
    PyErr_Format(PyExc_ValueError, "%R is out of range: %R", key, object);
    return -1;
}

int message_int(PyObject *message, PyObject *key, int64_t least, int64_t most, int64_t *value)
{
    PyObject *object = message_get(message, key);
    if (!object) return PyErr_Occurred() ? -1 : 0;
    return read_int(key, object, least, most, value);
}

int message_status(PyObject *message, int32_t *status)
{
    PyObject *object = message_require(message, names.status);
    int64_t number;
    /* The host itself sends 1xx. */
    if (!object || read_int(names.status, object, 200, 999, &number) < 0) return -1;
    *status = (int32_t)number;
    return 0;
}

int message_text(PyObject *message, PyObject *key, asgi_string *text)
{
    PyObject *object = message_get(message, key);
    Py_ssize_t size;
    if (!object) return PyErr_Occurred() ? -1 : 0;
    if (!PyUnicode_Check(object)) {
        PyErr_Format(PyExc_TypeError, "%R must be a str, not %R", key, (PyObject *)Py_TYPE(object));
        return -1;
    }
    text->data = PyUnicode_AsUTF8AndSize(object, &size);
    if (!text->data) return -1;
    text->size = (size_t)size;
    return 0;
}

int message_bytes(PyObject *message, PyObject *key, struct message_bytes *bytes)
{
    char *data;
    Py_ssize_t size;
    PyObject *object = message_get(message, key);
    bytes->data = (asgi_string){NULL, 0};
    bytes->buffer.obj = NULL;
    bytes->object = object;
    if (!object) return PyErr_Occurred() ? -1 : 0;
    if (PyBytes_Check(object)) {
        if (PyBytes_AsStringAndSize(object, &data, &size) < 0) return -1;
        bytes->data = (asgi_string){data, (size_t)size};
        return 0;
    }
    if (PyUnicode_Check(object) || !PyObject_CheckBuffer(object)) {
        PyErr_Format(PyExc_TypeError, "%R must be bytes, bytearray or memoryview, not %R", key, (PyObject *)Py_TYPE(object));
        return -1;
    }
    if (PyObject_GetBuffer(object, &bytes->buffer, PyBUF_SIMPLE) < 0) {
        bytes->buffer.obj = NULL;
        return -1;
    }
    bytes->data = (asgi_string){bytes->buffer.buf, (size_t)bytes->buffer.len};
    return 0;
}

void message_bytes_free(struct message_bytes *bytes)
{
    if (bytes->buffer.obj) PyBuffer_Release(&bytes->buffer);
}
