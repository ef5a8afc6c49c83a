/* Lent.c: bytes objects whose memory is lent to the host as the body of a response. */
#include "Lent.h"
#include "Turn.h"
#include <stdlib.h>

/* A copy of fewer bytes costs less than the turn that drops the reference. */
#define LENT_SIZE 65536

static PyObject **returned; /* loop thread only */
static size_t count, capacity;

/* The host's `release`, on the loop thread, mostly without the GIL: the next turn drops the reference. */
static void release(void *object)
{
    if (count == capacity) {
        size_t more = capacity ? capacity * 2 : 64;
        PyObject **grown = realloc(returned, more * sizeof *grown);
        if (!grown) return; /* the object leaks rather than the server stops */
        returned = grown;
        capacity = more;
    }
    returned[count++] = object;
    turn_request();
}

void lend(asgi_event *event, const struct message_bytes *bytes)
{
    event->body = bytes->data;
    if (bytes->data.size < LENT_SIZE || !PyBytes_CheckExact(bytes->object)) return;
    event->release = release;
    event->release_context = Py_NewRef(bytes->object);
}

void lend_failed(asgi_event *event)
{
    if (event->release) Py_DECREF((PyObject *)event->release_context);
}

void lent_release(void)
{
    while (count) Py_DECREF(returned[--count]);
}
