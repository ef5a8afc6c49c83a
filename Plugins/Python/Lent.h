/* Lent.h: bytes objects whose memory is lent to the host as the body of a response. */
#ifndef LENT_H
#define LENT_H

#include "Bridge.h"

#pragma GCC visibility push(hidden)

/* Bodies of at least this size are lent, smaller ones copied by the host: a copy of 64 KiB costs less than a turn. */
#define LENT_SIZE 65536

/* Lends a bytes object with an event, which keeps a reference. [GIL] */
void lend(asgi_event *event, PyObject *bytes);
/* Takes a bytes object back whose event the host has not accepted. [GIL] */
void lend_failed(asgi_event *event);

/* Drops the references that the host has returned. On the loop thread. [GIL] */
void lent_release(void);

#pragma GCC visibility pop

#endif
