/* Receive.c: events from the host, and the receive calls that wait for them.
 *
 * The host has one pending receive for each scope, and it cannot be cancelled. An application may have several (Django
 * listens for the disconnect beside reading the body) and may cancel them. The waiters get the events in the order of
 * their calls; an event that no waiter takes is kept for the next call; the disconnect is for all. */
#include "Receive.h"
#include "Event.h"
#include "Guest.h"
#include "Interpreter.h"
#include "Names.h"
#include "Turn.h"

static void received(void *context, asgi_id id, asgi_result result, const asgi_event *event);

static void keep(struct request *request, PyObject *event, bool first)
{
    if (!request->kept && !(request->kept = PyList_New(0))) goto failed;
    if (PyList_Insert(request->kept, first ? 0 : PyList_Size(request->kept), event) == 0) return;
failed:
    PyErr_WriteUnraisable((PyObject *)request);
}

/* Takes the first object of a list. [GIL] A new reference; NULL if there is none. */
static PyObject *shift(PyObject *list)
{
    PyObject *first;
    if (!list || PyList_Size(list) == 0) return NULL;
    first = Py_NewRef(PyList_GetItem(list, 0));
    PyList_SetSlice(list, 0, 1, NULL);
    return first;
}

/* Gives an event to the first waiter that still waits, else keeps it. [GIL] */
static void deliver(struct request *request, PyObject *event, bool first)
{
    PyObject *waiter;
    while ((waiter = shift(request->waiters))) {
        bool taken = future_complete(waiter, names.set_result, event);
        Py_DECREF(waiter);
        if (taken) return;
    }
    keep(request, event, first);
}

/* Gives each waiter a disconnect event of its own. [GIL] */
static void deliver_disconnect(struct request *request, PyObject *event)
{
    PyObject *waiter;
    while ((waiter = shift(request->waiters))) {
        PyObject *copy = PyDict_Copy(event);
        if (copy) future_complete(waiter, names.set_result, copy);
        else
            PyErr_WriteUnraisable(waiter);
        Py_XDECREF(copy);
        Py_DECREF(waiter);
    }
}

/* Whether a waiter still waits; forgets those that do not. [GIL] */
static bool is_awaited(struct request *request)
{
    while (request->waiters && PyList_Size(request->waiters) > 0) {
        PyObject *done = call_method(PyList_GetItem(request->waiters, 0), names.done);
        bool waits = done == Py_False;
        if (!done) PyErr_WriteUnraisable((PyObject *)request);
        Py_XDECREF(done);
        if (waits) return true;
        PyList_SetSlice(request->waiters, 0, 1, NULL);
    }
    return false;
}

/* Notes what an event says about the client. [GIL] */
static void note(struct request *request, const asgi_event *event)
{
    if (event_is_disconnect(event)) request->disconnected = true;
    else if (request->type == ASGI_HTTP && !(event->flags & ASGI_MORE))
        request->body_received = true;
}

/* Asks the host. [GIL] Returns 1 and sets `dict`; 0 if the receive is pending; -1 with an exception set. */
static int ask(struct request *request, PyObject **dict)
{
    asgi_event event = asgi_event_of(0);
    asgi_result result;
    Py_INCREF((PyObject *)request);
    result = request->receive(request->id, &event, received, request);
    if (result == ASGI_PENDING) {
        request->receiving = true;
        return 0;
    }
    Py_DECREF((PyObject *)request);
    /* A scope that has ended has no client either. */
    if (result != ASGI_DONE) event = event_lost(request->type);
    note(request, &event);
    *dict = event_dict(&event);
    return *dict ? 1 : -1;
}

/* The completion of a receive, on the loop thread. Takes the GIL. */
static void received(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    struct request *request = context;
    asgi_event lost = event_lost(request->type);
    PyObject *dict;
    (void)id;
    request->receiving = false;
    if (result != ASGI_DONE && request->finished && !request->waiters) {
        request_release_later(request);
        return;
    }
    turn_enter();
    if (result != ASGI_DONE) event = &lost;
    note(request, event);
    dict = event_dict(event);
    if (!dict) PyErr_WriteUnraisable((PyObject *)request);
    else if (request->disconnected) {
        deliver_disconnect(request, dict);
        request_client_left(request);
    } else {
        deliver(request, dict, false);
        while (!request->receiving && !request->disconnected && is_awaited(request)) {
            PyObject *next = NULL;
            int asked = ask(request, &next);
            if (asked > 0 && request->disconnected) deliver_disconnect(request, next);
            else if (asked > 0)
                deliver(request, next, false);
            else if (PyErr_Occurred())
                PyErr_WriteUnraisable((PyObject *)request);
            Py_XDECREF(next);
        }
        receive_ahead(request);
    }
    Py_XDECREF(dict);
    Py_DECREF((PyObject *)request);
}

int receive_begin(struct request *request, PyObject **event, PyObject **future)
{
    if (!is_awaited(request)) {
        if ((*event = shift(request->kept))) return 1;
        if (!request->receiving) {
            int asked = ask(request, event);
            if (asked > 0) receive_ahead(request);
            if (asked != 0) return asked;
        }
    }
    if (!request->waiters && !(request->waiters = PyList_New(0))) return -1;
    *future = guest_future();
    return *future && PyList_Append(request->waiters, *future) == 0 ? 0 : -1;
}

void receive_return(struct request *request, PyObject *future)
{
    PyObject *done, *cancelled, *event = NULL;
    if (request->finished) return;
    done = call_method(future, names.done);
    cancelled = call_method(future, names.cancelled);
    if (done == Py_True && cancelled == Py_False) event = call_method(future, names.result);
    Py_XDECREF(done);
    Py_XDECREF(cancelled);
    if (event) deliver(request, event, true);
    else if (PyErr_Occurred())
        PyErr_WriteUnraisable((PyObject *)request);
    Py_XDECREF(event);
}

void receive_ahead(struct request *request)
{
    /* Only a request whose body is complete, or of which no event is kept, is read in advance. */
    if (!request->application->cancel_on_disconnect || request->type != ASGI_HTTP) return;
    while (!request->finished && !request->receiving && !request->disconnected &&
           (request->body_received || !request->kept || PyList_Size(request->kept) == 0)) {
        PyObject *event = NULL;
        int asked = ask(request, &event);
        if (asked > 0 && !request->disconnected) keep(request, event, false);
        Py_XDECREF(event);
        if (asked < 0) PyErr_WriteUnraisable((PyObject *)request);
        if (asked <= 0) return;
    }
    if (request->disconnected) request_client_left(request);
}
