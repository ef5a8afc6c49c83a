/* Receive.h: events from the host, and the receive calls that wait for them. */
#ifndef RECEIVE_H
#define RECEIVE_H

#include "Request.h"

#pragma GCC visibility push(hidden)

/* Gets the next event. [GIL] Returns 1 and sets `event`, a new reference; 0 and sets `future`, whose result will be the
 * event; -1 with an exception set. */
int receive_begin(struct request *request, PyObject **event, PyObject **future);

/* Keeps the event of a future whose receive was cancelled after the event had arrived. [GIL] */
void receive_return(struct request *request, PyObject *future);

/* Receives in advance until the client has disconnected or an event that must be kept arrives. [GIL] */
void receive_ahead(struct request *request);

#pragma GCC visibility pop

#endif
