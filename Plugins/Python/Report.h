/* Report.h: exceptions of applications: which are failures, and their messages in the host's log. */
#ifndef REPORT_H
#define REPORT_H

#include "Bridge.h"

#pragma GCC visibility push(hidden)

/* asyncio.CancelledError. */
extern PyObject *report_cancelled_error;

/* reporters(format, is_disconnect, awaitable): sets functions of roost/errors.py. [GIL]
 *   format         format(exception) returns the traceback as text
 *   is_disconnect  is_disconnect(exception) returns whether it is only the consequence of ClientDisconnected
 *   awaitable      awaitable(object) returns a coroutine that awaits the object */
PyObject *report_set(PyObject *module, PyObject *const *arguments, Py_ssize_t count);

/* Returns an iterator that awaits what an application has returned. [GIL] Steals the object. */
PyObject *report_awaitable(PyObject *object);

/* Whether an exception of the application is the bridge's own about a client that has disconnected. [GIL] */
bool report_is_disconnect(PyObject *exception);

/* Logs an exception that has left the application. [GIL] */
void report_failure(asgi_id id, PyObject *exception);
/* Logs that the application returned without a complete response. */
void report_incomplete(asgi_id id, bool started);

/* Writes a message to the host's log. [GIL] `text` is a str. */
void log_text(asgi_id id, int32_t level, PyObject *text);
/* Writes the current exception with its traceback to the host's log, and clears it. [GIL] */
void log_exception(asgi_id id, const char *what);

#pragma GCC visibility pop

#endif
