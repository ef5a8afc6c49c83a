/* Headers.c: the list of a request's header fields. */
#include "Names.h"
#include "Scope.h"
#include <stdlib.h>

/* A name that the host knows has one address for the life of the process: its bytes object is found by the offset in the
 * block of all names. */
static PyObject **known;
static const char *block;
static size_t block_size;

/* Finds the host's block of names. [GIL] */
static bool find_block(void)
{
    const asgi_string *last;
    if (!ASGI_HAS(host, field_name_count) || host->field_name_count == 0) return true;
    last = &host->field_names[host->field_name_count - 1];
    block = host->field_names[0].data;
    block_size = (size_t)(last->data + last->size - block);
    known = calloc(block_size, sizeof *known);
    if (known) return true;
    block = NULL;
    PyErr_NoMemory();
    return false;
}

/* Returns the bytes of a name. A new reference. [GIL] */
static PyObject *name_of(asgi_string name)
{
    size_t at = (size_t)(name.data - block);
    if (!known || name.data < block || at >= block_size) return PyBytes_FromStringAndSize(name.data, (Py_ssize_t)name.size);
    if (!known[at]) known[at] = PyBytes_FromStringAndSize(name.data, (Py_ssize_t)name.size);
    return Py_XNewRef(known[at]);
}

PyObject *scope_headers(const asgi_scope *scope)
{
    PyObject *list;
    size_t at;
    if (!known && !find_block()) return NULL;
    if (!(list = PyList_New((Py_ssize_t)scope->header_count))) return NULL;
    for (at = 0; at < scope->header_count; at++) {
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
