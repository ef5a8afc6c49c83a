/* Lent.h: bytes objects whose memory is lent to the host as the body of a response. */
#ifndef LENT_H
#define LENT_H

#include "Message.h"

#pragma GCC visibility push(hidden)

/* Sets the body of an event. [GIL] A large bytes object is lent, and the event keeps a reference; the host copies others. */
void lend(asgi_event *event, const struct message_bytes *bytes);
/* Takes a bytes object back whose event the host has not accepted. [GIL] */
void lend_failed(asgi_event *event);

/* Whether a bytes object of this size is lent rather than copied. */
bool lent_is_worthwhile(PyObject *bytes, size_t size);
/* Lends a bytes object as the body of an event, which takes over the reference. */
void lend_bytes(asgi_event *event, PyObject *bytes);
/* Drops a reference without the GIL, in the next turn. On the loop thread. */
void lent_return(void *bytes);

/* Drops the references that the host has returned. On the loop thread. [GIL] */
void lent_release(void);

#pragma GCC visibility pop

#endif
