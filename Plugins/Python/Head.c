/* Head.c: a status and header fields that the application sent, held back until the first part of the body. */
#include "Head.h"
#include <stdlib.h>
#include <string.h>

#define MOST_FREE 32
#define LARGEST_FREE 16384

static struct head *free_heads; /* [GIL] */
static int free_count;

void head_free(struct head *head)
{
    if (!head) return;
    if (free_count < MOST_FREE && head->room <= LARGEST_FREE) {
        head->next = free_heads;
        free_heads = head;
        free_count++;
        return;
    }
    free(head->fields);
    free(head->bytes);
    free(head);
}

static struct head *get(void)
{
    struct head *head = free_heads;
    if (head) {
        free_heads = head->next;
        free_count--;
    } else if (!(head = calloc(1, sizeof *head)))
        return NULL;
    head->status = 0;
    head->count = head->size = 0;
    return head;
}

static bool grow(void **memory, size_t *capacity, size_t needed, size_t unit)
{
    size_t more = *capacity ? *capacity : 16;
    void *grown;
    if (needed <= *capacity) return true;
    while (more < needed) more *= 2;
    if (!(grown = realloc(*memory, more * unit))) {
        PyErr_NoMemory();
        return false;
    }
    *memory = grown;
    *capacity = more;
    return true;
}

/* asgi.md 1.8: a name or value with CR, LF, NUL or another control character raises before anything is written. */
static bool valid(const char *data, size_t size, bool name)
{
    size_t at;
    for (at = 0; at < size; at++) {
        unsigned char byte = (unsigned char)data[at];
        if (name ? byte <= ' ' || byte == ':' || byte >= 0x7f : (byte < ' ' && byte != '\t') || byte == 0x7f) return false;
    }
    return !name || size > 0;
}

/* Appends bytes, and sets the string to their offset, which becomes an address when all are there. */
static bool append(struct head *head, asgi_string *string, PyObject *object, bool name)
{
    char *data;
    Py_ssize_t size;
    if (!PyBytes_Check(object)) {
        PyErr_Format(PyExc_TypeError, "the %s of a header field must be bytes, not %R", name ? "name" : "value",
                     (PyObject *)Py_TYPE(object));
        return false;
    }
    if (PyBytes_AsStringAndSize(object, &data, &size) < 0) return false;
    if (!valid(data, (size_t)size, name)) {
        PyErr_Format(PyExc_ValueError, "invalid %s of a header field: %R", name ? "name" : "value", object);
        return false;
    }
    if (!grow((void **)&head->bytes, &head->room, head->size + (size_t)size + 1, 1)) return false;
    memcpy(head->bytes + head->size, data, (size_t)size);
    string->data = (const char *)head->size;
    string->size = (size_t)size;
    head->size += (size_t)size;
    return true;
}

/* Appends one field. [GIL] */
static bool add(struct head *head, PyObject *item, const char *name)
{
    PyObject *pair = NULL;
    asgi_header *field;
    bool added;
    if (!grow((void **)&head->fields, &head->capacity, head->count + 1, sizeof *head->fields)) return false;
    field = &head->fields[head->count++];
    if (name) {
        PyObject *bytes = PyBytes_FromString(name);
        added = bytes && append(head, &field->name, bytes, true) && append(head, &field->value, item, false);
        Py_XDECREF(bytes);
        return added;
    }
    pair = PyTuple_CheckExact(item) ? Py_NewRef(item) : PySequence_Tuple(item);
    if (!pair) return false;
    if (PyTuple_Size(pair) != 2) {
        PyErr_Format(PyExc_ValueError, "a header field must be [name, value], not %R", item);
        added = false;
    } else
        added = append(head, &field->name, PyTuple_GetItem(pair, 0), true) &&
                append(head, &field->value, PyTuple_GetItem(pair, 1), false);
    Py_DECREF(pair);
    return added;
}

struct head *head_new(PyObject *headers, const char *name)
{
    struct head *head = get();
    PyObject *iterator = NULL, *item = NULL;
    size_t at;
    bool added = true;
    if (!head) {
        PyErr_NoMemory();
        return NULL;
    }
    if (headers && PyList_CheckExact(headers)) {
        Py_ssize_t index;
        for (index = 0; added && index < PyList_Size(headers); index++) {
            item = Py_NewRef(PyList_GetItem(headers, index));
            added = add(head, item, name);
            Py_DECREF(item);
        }
    } else if (headers && headers != Py_None) {
        if (PyUnicode_Check(headers) || PyBytes_Check(headers) || PyDict_Check(headers)) {
            PyErr_Format(PyExc_TypeError, "header fields must be an iterable of [name, value], not %R",
                         (PyObject *)Py_TYPE(headers));
            added = false;
        } else
            iterator = PyObject_GetIter(headers);
        while (iterator && added && (item = PyIter_Next(iterator))) {
            added = add(head, item, name);
            Py_DECREF(item);
        }
        Py_XDECREF(iterator);
    }
    if (!added || PyErr_Occurred()) {
        head_free(head);
        return NULL;
    }
    for (at = 0; at < head->count; at++) {
        head->fields[at].name.data = head->bytes + (size_t)head->fields[at].name.data;
        head->fields[at].value.data = head->bytes + (size_t)head->fields[at].value.data;
    }
    return head;
}
