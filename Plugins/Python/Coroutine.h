/* Coroutine.h: the protocol of coroutines for a request. */
#ifndef COROUTINE_H
#define COROUTINE_H

#include "Request.h"

#pragma GCC visibility push(hidden)

/* Runs a step (the slot am_send). [GIL] */
PySendResult coroutine_step(PyObject *self, PyObject *argument, PyObject **result);

/* The methods `send`, `throw` and `close`. [GIL] */
PyObject *coroutine_send(PyObject *self, PyObject *argument);
PyObject *coroutine_throw(PyObject *self, PyObject *arguments);
PyObject *coroutine_close(PyObject *self, PyObject *nothing);

#pragma GCC visibility pop

#endif
