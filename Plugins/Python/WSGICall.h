/* WSGICall.h: a request for a WSGI application, from its arrival to its end, without Python objects. */
#ifndef WSGI_CALL_H
#define WSGI_CALL_H

#include "Application.h"

#pragma GCC visibility push(hidden)

/* A complete response, which the loop thread gives to the host. */
struct wsgi_answer {
    int32_t status;
    asgi_header *fields;
    size_t count;
    asgi_string body;
    PyObject *lent; /* a bytes object with the body; owned; NULL if the body is in this block */
};

struct wsgi_call {
    struct wsgi_call *next; /* in the queue of requests, later in that of answers */
    asgi_receive receive;
    asgi_send send;
    struct application *application; /* borrowed while the call is queued; the thread that takes it owns a reference */
    /* A copy, whose strings and header fields are in this block: the host may end the scope while a thread reads it.
     * Without extensions, subprotocols and TLS. */
    asgi_scope scope;
    bool sends_files;     /* the connection has http.response.zerocopysend */
    asgi_string body;     /* the part of the body that had arrived */
    bool more_body;       /* the rest of the body is still to be received */
    bool is_disconnected; /* the client had disconnected */

    bool is_refused;      /* the host has refused the answer; loop thread only */

    /* Of the output; its lock protects them. */
    struct wsgi_answer *answer; /* NULL without one */
    bool is_queued, is_finished;
    asgi_result result; /* with is_finished */
};

/* Copies a request, with the part of its body that has arrived. On the loop thread. Returns NULL if there is no memory. */
struct wsgi_call *wsgi_call_new(const asgi_scope *scope, asgi_receive receive, asgi_send send);
/* Frees a call without an answer. */
void wsgi_call_free(struct wsgi_call *call);

#pragma GCC visibility pop

#endif
