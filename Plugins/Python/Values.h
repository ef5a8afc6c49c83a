/* Values.h: strings of the host as Python objects, and dicts that are filled with new objects. */
#ifndef VALUES_H
#define VALUES_H

#include "Names.h"

/* Adds a value to a dict. [GIL] Steals the value, which may be NULL with an exception set. */
static inline bool dict_add(PyObject *dict, PyObject *key, PyObject *value)
{
    bool added = value && PyDict_SetItem(dict, key, value) == 0;
    Py_XDECREF(value);
    return added;
}

static inline PyObject *bytes_of(asgi_string string)
{
    return string.size ? PyBytes_FromStringAndSize(string.data, (Py_ssize_t)string.size) : Py_NewRef(names.empty_bytes);
}

static inline PyObject *text_of(asgi_string string)
{
    return PyUnicode_DecodeUTF8(string.data, (Py_ssize_t)string.size, "replace");
}

/* A string whose characters are the bytes (PEP 3333, "A Note On String Types"). */
static inline PyObject *latin1_of(asgi_string string)
{
    return PyUnicode_DecodeLatin1(string.data, (Py_ssize_t)string.size, NULL);
}

/* Whether all characters of a str are ASCII, so that its UTF-8 is itself. [GIL] */
static inline bool text_is_ascii(PyObject *text)
{
    Py_ssize_t size;
    if (PyUnicode_AsUTF8AndSize(text, &size)) return size == PyUnicode_GetLength(text);
    PyErr_Clear(); /* a lone surrogate */
    return false;
}

#endif
