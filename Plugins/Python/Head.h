/* Head.h: a status and header fields that the application sent, held back until the first part of the body. */
#ifndef HEAD_H
#define HEAD_H

#include "Bridge.h"

#pragma GCC visibility push(hidden)

struct head {
    struct head *next;
    int32_t status;
    asgi_header *fields;
    size_t count, capacity; /* fields */
    char *bytes;            /* names and values */
    size_t size, room;      /* bytes */
};

/* Copies a list of header fields. [GIL] The application may change its list afterwards.
 *   headers  an iterable of [name, value], both bytes; NULL for none
 *   name     the one name of all fields, whose list has values only (early hints); NULL otherwise
 * Returns a head, which the caller gives to head_free; NULL with an exception set. */
struct head *head_new(PyObject *headers, const char *name);
/* The same for a list of (name, value), both str, as WSGI has it. [GIL] */
struct head *head_of_texts(PyObject *headers);
void head_free(struct head *head);

#pragma GCC visibility pop

#endif
