/* Send.c: events from an application to the host: results and back-pressure. */
#include "Send.h"
#include "Guest.h"
#include "Interpreter.h"
#include "Lent.h"
#include "Names.h"
#include "Turn.h"
#include <errno.h>
#include <stdlib.h>

/* A send that the host has accepted and that waits for pending output to go out. */
struct pending {
    struct pending *next;
    struct request *request; /* owned */
    PyObject *future;        /* owned */
};

PyObject *client_disconnected;
static struct pending *free_pending; /* [GIL] */

PyObject *send_set_exception(PyObject *module, PyObject *type)
{
    (void)module;
    replace(&client_disconnected, Py_NewRef(type));
    Py_RETURN_NONE;
}

int send_disconnected(struct request *request)
{
    request->failed_send = true;
    PyErr_SetString(client_disconnected, "the client has disconnected");
    return -1;
}

int send_out_of_order(PyObject *message, const char *reason)
{
    PyErr_Format(PyExc_RuntimeError, "unexpected ASGI event %R: %s", PyDict_GetItemWithError(message, names.type), reason);
    return -1;
}

bool send_is_retry(PyObject *result)
{
    return result == Py_Ellipsis;
}

/* Completes the future of a send with an exception. [GIL] */
static void fail(struct request *request, PyObject *future, asgi_result result)
{
    PyObject *exception;
    if (result == ASGI_GONE || result == ASGI_CANCELLED || result == ASGI_STALE) {
        request->failed_send = true;
        exception = PyObject_CallFunction(client_disconnected, "s", "the client has disconnected");
    } else
        exception = PyObject_CallFunction(PyExc_OSError, "s", "the host could not send an event; the log has the reason");
    if (exception) future_complete(future, names.set_exception, exception);
    else
        PyErr_WriteUnraisable(future);
    Py_XDECREF(exception);
}

/* Has the refused sends tried again, in their order. [GIL] */
static void retry(struct request *request)
{
    PyObject *drained = request->drained;
    Py_ssize_t at;
    request->drained = NULL;
    for (at = 0; drained && at < PyList_Size(drained); at++)
        future_complete(PyList_GetItem(drained, at), names.set_result, Py_Ellipsis);
    Py_XDECREF(drained);
}

static void free_pending_send(struct pending *pending)
{
    Py_CLEAR(pending->future);
    Py_DECREF((PyObject *)pending->request);
    pending->next = free_pending;
    free_pending = pending;
}

/* The completion of a send, on the loop thread. Takes the GIL. */
static void sent(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    struct pending *pending = context;
    struct request *request = pending->request;
    (void)id, (void)event;
    turn_enter();
    request->pending_sends--;
    if (pending->future && result == ASGI_DONE) future_complete(pending->future, names.set_result, Py_None);
    else if (pending->future)
        fail(request, pending->future, result);
    retry(request);
    free_pending_send(pending);
}

static struct pending *new_pending(struct request *request)
{
    struct pending *pending = free_pending;
    if (pending) free_pending = pending->next;
    else if (!(pending = malloc(sizeof *pending))) {
        PyErr_NoMemory();
        return NULL;
    }
    pending->future = NULL;
    pending->request = (struct request *)Py_NewRef((PyObject *)request);
    return pending;
}

/* Raises the exception for a result of the host; or lets the send wait, if the host has too much of this scope. */
static int refused(struct request *request, asgi_result result, PyObject **future)
{
    switch (result) {
    case ASGI_GONE:
    case ASGI_STALE: return send_disconnected(request);
    case ASGI_INVALID:
        PyErr_SetString(PyExc_RuntimeError, "the server rejected the ASGI event as malformed or out of order; the log has "
                                            "the reason");
        return -1;
    case ASGI_UNSUPPORTED:
        PyErr_SetString(PyExc_RuntimeError, "the ASGI event is not supported on this connection; see scope['extensions']");
        return -1;
    case ASGI_FULL:
        if (request->pending_sends > 0) {
            if (!request->drained && !(request->drained = PyList_New(0))) return -1;
            /* Each has a future of its own, since the application may cancel one of several sends. */
            *future = guest_future();
            return *future && PyList_Append(request->drained, *future) == 0 ? SEND_REFUSED : -1;
        }
        errno = ENOBUFS;
        PyErr_SetFromErrno(PyExc_OSError);
        return -1;
    default: PyErr_SetString(PyExc_OSError, "the server could not send the file; the log has the reason"); return -1;
    }
}

int send_event(struct request *request, asgi_event *event, bool waits, PyObject **future)
{
    struct pending *pending = waits ? new_pending(request) : NULL;
    asgi_result result;
    if (waits && !pending) {
        lend_failed(event);
        return -1;
    }
    result = request->send(request->id, event, pending ? sent : NULL, pending);
    if (result == ASGI_PENDING && pending) {
        request->pending_sends++;
        pending->future = guest_future();
        *future = Py_XNewRef(pending->future);
        return *future ? 0 : -1;
    }
    if (pending) free_pending_send(pending);
    if (result >= 0) return 1;
    lend_failed(event);
    return refused(request, result, future);
}

int send_with_headers(struct request *request, asgi_event *event, PyObject *headers, const char *name, PyObject **future)
{
    struct head *head = head_new(headers, name);
    int sent;
    if (!head) return -1;
    event->headers = head->fields;
    event->header_count = head->count;
    sent = send_event(request, event, false, future);
    head_free(head);
    return sent;
}

int send_begin(struct request *request, PyObject *message, PyObject **result, PyObject **future)
{
    enum message_type type = message_type_of(message);
    int sent;
    if (type == MESSAGE_UNKNOWN) return -1;
    if (request->type == ASGI_HTTP && type <= HTTP_RESPONSE_ZEROCOPYSEND) sent = send_http(request, type, message, future);
    else if (request->type == ASGI_WEBSOCKET && type >= WEBSOCKET_ACCEPT && type <= WEBSOCKET_HTTP_RESPONSE_BODY)
        sent = send_websocket(request, type, message, future);
    else if (request->type == ASGI_LIFESPAN && type >= LIFESPAN_STARTUP_COMPLETE)
        sent = send_lifespan(request, type, message, future);
    else
        sent = send_out_of_order(message, "it belongs to another type of scope");
    if (sent > 0) *result = Py_NewRef(Py_None);
    return sent == SEND_REFUSED ? 0 : sent;
}
