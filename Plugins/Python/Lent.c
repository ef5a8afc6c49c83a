/* Lent.c: bytes objects whose memory is lent to the host as the body of a response. */
#include "Lent.h"
#include "Turn.h"
#include <stdlib.h>

/* A copy of fewer bytes costs less than the turn that drops the reference. */
#define LENT_SIZE 65536

static PyObject **returned; /* loop thread only */
static size_t count, capacity;

/* Also the host's `release`, mostly without the GIL: the next turn drops the reference. */
void lent_return(void *bytes)
{
    if (count == capacity) {
        size_t more = capacity ? capacity * 2 : 64;
        PyObject **grown = realloc(returned, more * sizeof *grown);
        if (!grown) return; /* the object leaks rather than the server stops */
        returned = grown;
        capacity = more;
    }
    returned[count++] = bytes;
    turn_request();
}

bool lent_is_worthwhile(PyObject *bytes, size_t size)
{
    return size >= LENT_SIZE && PyBytes_CheckExact(bytes);
}

void lend_bytes(asgi_event *event, PyObject *bytes)
{
    event->release = lent_return;
    event->release_context = bytes;
}

void lend(asgi_event *event, const struct message_bytes *bytes)
{
    event->body = bytes->data;
    if (lent_is_worthwhile(bytes->object, bytes->data.size)) lend_bytes(event, Py_NewRef(bytes->object));
}

void lend_failed(asgi_event *event)
{
    if (event->release) Py_DECREF((PyObject *)event->release_context);
}

void lent_release(void)
{
    while (count) Py_DECREF(returned[--count]);
}
