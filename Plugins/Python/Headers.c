/* Headers.c: the list of a request's header fields. */
#include "FieldNames.h"
#include "Scope.h"

/* Returns the bytes of a name. A new reference. [GIL] */
static PyObject *name_of(asgi_string name)
{
    static struct field_names known;
    PyObject **object = field_name_object(&known, name);
    if (!object) return PyErr_Occurred() ? NULL : PyBytes_FromStringAndSize(name.data, (Py_ssize_t)name.size);
    if (!*object) *object = PyBytes_FromStringAndSize(name.data, (Py_ssize_t)name.size);
    return Py_XNewRef(*object);
}

PyObject *scope_headers(const asgi_scope *scope)
{
    PyObject *list = PyList_New((Py_ssize_t)scope->header_count);
    size_t at;
    for (at = 0; list && at < scope->header_count; at++) {
        const asgi_header *field = &scope->headers[at];
        PyObject *pair = PyTuple_New(2), *name = name_of(field->name);
        PyObject *value = PyBytes_FromStringAndSize(field->value.data, (Py_ssize_t)field->value.size);
        if (!pair || !name || !value) {
            Py_XDECREF(pair);
            Py_XDECREF(name);
            Py_XDECREF(value);
            Py_DECREF(list);
            return NULL;
        }
        PyTuple_SetItem(pair, 0, name);
        PyTuple_SetItem(pair, 1, value);
        PyList_SetItem(list, (Py_ssize_t)at, pair);
    }
    return list;
}
