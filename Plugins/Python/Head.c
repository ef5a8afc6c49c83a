/* Head.c: a status and header fields that the application sent, held back until the first part of the body. */
#include "Head.h"
#include "Values.h"
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

/* Appends bytes, and sets the string to their offset, which becomes an address when all are there. `object`: for the
 * message of an error. */
static bool append(struct head *head, asgi_string *string, const char *data, Py_ssize_t size, bool name, PyObject *object)
{
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

static bool append_bytes(struct head *head, asgi_string *string, PyObject *object, bool name)
{
    char *data;
    Py_ssize_t size;
    if (!PyBytes_Check(object)) {
        PyErr_Format(PyExc_TypeError, "the %s of a header field must be bytes, not %R", name ? "name" : "value",
                     (PyObject *)Py_TYPE(object));
        return false;
    }
    return PyBytes_AsStringAndSize(object, &data, &size) == 0 && append(head, string, data, size, name, object);
}

/* The same for a str, whose characters are bytes (PEP 3333, "A Note On String Types"). */
static bool append_text(struct head *head, asgi_string *string, PyObject *object, bool name)
{
    PyObject *bytes;
    bool appended;
    if (!PyUnicode_Check(object)) {
        PyErr_Format(PyExc_TypeError, "the %s of a header field must be a str, not %R", name ? "name" : "value",
                     (PyObject *)Py_TYPE(object));
        return false;
    }
    if (text_is_ascii(object)) {
        Py_ssize_t size;
        const char *data = PyUnicode_AsUTF8AndSize(object, &size);
        return append(head, string, data, size, name, object);
    }
    bytes = PyUnicode_AsLatin1String(object);
    appended = bytes && append_bytes(head, string, bytes, name);
    Py_XDECREF(bytes);
    return appended;
}

/* Makes room for a field. Returns NULL with an exception set. */
static asgi_header *new_field(struct head *head)
{
    if (!grow((void **)&head->fields, &head->capacity, head->count + 1, sizeof *head->fields)) return NULL;
    return &head->fields[head->count++];
}

/* Turns the offsets of the strings into addresses. */
static struct head *with_addresses(struct head *head)
{
    size_t at;
    for (at = 0; at < head->count; at++) {
        head->fields[at].name.data = head->bytes + (size_t)head->fields[at].name.data;
        head->fields[at].value.data = head->bytes + (size_t)head->fields[at].value.data;
    }
    return head;
}

/* Appends one field. [GIL] */
static bool add(struct head *head, PyObject *item, const char *name)
{
    PyObject *pair = NULL;
    asgi_header *field = new_field(head);
    bool added;
    if (!field) return false;
    if (name)
        return append(head, &field->name, name, (Py_ssize_t)strlen(name), true, item) &&
               append_bytes(head, &field->value, item, false);
    pair = PyTuple_CheckExact(item) ? Py_NewRef(item) : PySequence_Tuple(item);
    if (!pair) return false;
    if (PyTuple_Size(pair) != 2) {
        PyErr_Format(PyExc_ValueError, "a header field must be [name, value], not %R", item);
        added = false;
    } else
        added = append_bytes(head, &field->name, PyTuple_GetItem(pair, 0), true) &&
                append_bytes(head, &field->value, PyTuple_GetItem(pair, 1), false);
    Py_DECREF(pair);
    return added;
}

struct head *head_new(PyObject *headers, const char *name)
{
    struct head *head = get();
    PyObject *iterator = NULL, *item = NULL;
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
    return with_addresses(head);
}

struct head *head_of_texts(PyObject *headers)
{
    struct head *head = get();
    Py_ssize_t index;
    bool added = PyList_Check(headers);
    if (!head) {
        PyErr_NoMemory();
        return NULL;
    }
    if (!added)
        PyErr_Format(PyExc_TypeError, "header fields must be a list of (name, value), not %R", (PyObject *)Py_TYPE(headers));
    for (index = 0; added && index < PyList_Size(headers); index++) {
        PyObject *pair = PyList_GetItem(headers, index);
        asgi_header *field = new_field(head);
        if (field && (!PyTuple_Check(pair) || PyTuple_Size(pair) != 2)) {
            PyErr_Format(PyExc_TypeError, "a header field must be (name, value), not %R", pair);
            field = NULL;
        }
        added = field && append_text(head, &field->name, PyTuple_GetItem(pair, 0), true) &&
                append_text(head, &field->value, PyTuple_GetItem(pair, 1), false);
    }
    if (added) return with_addresses(head);
    head_free(head);
    return NULL;
}
