/* WSGIResponse.h: the response to a WSGI request: the callables `start_response` and `write`, and the events of the host. */
#ifndef WSGI_RESPONSE_H
#define WSGI_RESPONSE_H

#include "Head.h"
#include "WSGICall.h"

#pragma GCC visibility push(hidden)

/* The Python object `start_response`. */
struct response {
    PyObject_HEAD
    asgi_id id;
    asgi_send send;
    struct head *head;      /* of start_response, until it is sent; NULL without one */
    int64_t content_length; /* -1 if the application has set none */
    int64_t sent;           /* bytes of the body */
    bool is_started;        /* the head was sent */
    bool is_complete;       /* the last part was sent, or given to the call */
};

/* Creates the type. [GIL] Returns 0; -1 with an exception set. */
int wsgi_response_create_type(void);

/* Returns the response to a call; NULL with an exception set. [GIL] */
struct response *wsgi_response_new(const struct wsgi_call *call);

/* Sends a part of the body that others may follow, and waits while pending output exceeds the high-water mark. [GIL] The
 * wait releases the GIL. Sends nothing for an empty part. Returns 0; -1 with an exception set. */
int wsgi_response_send(struct response *response, PyObject *part);
/* Completes the response with its last part, or without one if it is NULL. [GIL] A response of one part becomes the answer
 * of the call. Returns 0; -1 with an exception set. */
int wsgi_response_complete(struct response *response, struct wsgi_call *call, PyObject *part);
/* Completes the response with a part of a file, from its offset on. [GIL] Returns 0; -1 with an exception set. */
int wsgi_response_send_file(struct response *response, int descriptor, int64_t offset, int64_t count);

#pragma GCC visibility pop

#endif
