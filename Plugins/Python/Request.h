/* Request.h: a scope of the host in Python: the coroutine object that wraps the application's own. */
#ifndef REQUEST_H
#define REQUEST_H

#include "Application.h"
#include "Head.h"

#pragma GCC visibility push(hidden)

/* What an HTTP response has sent. */
enum phase { PHASE_NONE, PHASE_HEAD_HELD, PHASE_BODY, PHASE_TRAILERS, PHASE_COMPLETE };

struct request {
    PyObject_HEAD
    asgi_id id;
    asgi_receive receive;
    asgi_send send;
    uint32_t type;
    const asgi_scope *host_scope;    /* the host's memory, valid until the scope has ended; NULL for a lifespan */
    struct application *application; /* owned */
    PyObject *scope;                 /* the dict, until the application is called */
    PyObject *coroutine;             /* the application's, or an iterator of its awaitable */
    PyObject *task;                  /* while it is not done */
    struct request *next_released;
    int releases; /* references to drop; above 0 it is in that list */

    PyObject *waiters;  /* list of futures, in the order of the receive calls; NULL at first */
    PyObject *kept;     /* list of events that nobody has taken; NULL at first */
    bool receiving;     /* a receive of the host is pending, and owns a reference */
    bool disconnected;  /* the disconnect event has arrived */
    bool body_received; /* the last part of the body has arrived */

    struct head *head; /* in PHASE_HEAD_HELD */
    enum phase phase;
    bool trailers;    /* trailers follow the body */
    bool no_trailers; /* the client takes no trailers: those of the application are ignored */
    bool failed_send; /* a send has raised ClientDisconnected */

    bool finished;        /* the scope has ended for the host */
    bool cancelled;       /* the bridge has cancelled the task */
    PyObject *drained;    /* list of the futures of sends that the host refused as too much; NULL without one */
    int pending_sends;
};

/* Creates the type. [GIL] Returns 0; -1 with an exception set. */
int request_create_type(void);

/* Returns a new request for a scope; NULL with an exception set. [GIL] */
struct request *request_new(struct application *application, uint32_t type, asgi_id id, asgi_receive receive,
                            asgi_send send);

/* Starts the task of a request or a WebSocket. [GIL] On the loop thread, in a turn. */
void request_start(const asgi_scope *scope, asgi_receive receive, asgi_send send);

/* Ends the scope for the host, once. [GIL] */
void request_finish(struct request *request, asgi_result result);

/* Cancels the task because the client has disconnected, if the application wants that. [GIL] */
void request_client_left(struct request *request);

/* Drops a reference on the loop thread, in the next turn that something else causes. Without the GIL. */
void request_release_later(struct request *request);
/* Drops those references. [GIL] */
void request_release(void);

#pragma GCC visibility pop

#endif
