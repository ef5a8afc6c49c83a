/* Send.h: events from an application to the host. */
#ifndef SEND_H
#define SEND_H

#include "Message.h"
#include "Request.h"

#pragma GCC visibility push(hidden)

/* Sends an event. [GIL] Returns 1 and sets `result`; 0 and sets `future`, to wait for; -1 with an exception set. */
int send_begin(struct request *request, PyObject *message, PyObject **result, PyObject **future);

/* Whether a future's result means that the event must be sent again. */
bool send_is_retry(PyObject *result);

/* The result of a send that the host has refused as too much: the future's result is send_is_retry's. */
#define SEND_REFUSED -2

/* Gives an event to the host. [GIL] Results as send_begin, or SEND_REFUSED. `waits`: whether the application waits until
 * pending output is below the high-water mark. */
int send_event(struct request *request, asgi_event *event, bool waits, PyObject **future);
/* The same for an event with the header fields of a list, which head_new describes as `name`. */
int send_with_headers(struct request *request, asgi_event *event, PyObject *headers, const char *name, PyObject **future);

/* Send the events of a protocol. [GIL] Results as send_event. */
int send_http(struct request *request, enum message_type type, PyObject *message, PyObject **future);
int send_websocket(struct request *request, enum message_type type, PyObject *message, PyObject **future);
int send_lifespan(struct request *request, enum message_type type, PyObject *message, PyObject **future);

/* Raises ClientDisconnected. [GIL] Returns -1. */
int send_disconnected(struct request *request);
/* Raises RuntimeError for an event out of order. [GIL] Returns -1. */
int send_out_of_order(PyObject *message, const char *reason);

/* client_disconnected(type): sets the exception class. [GIL] */
PyObject *send_set_exception(PyObject *module, PyObject *type);
/* The class; NULL before it is set. */
extern PyObject *client_disconnected;

#pragma GCC visibility pop

#endif
