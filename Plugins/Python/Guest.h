/* Guest.h: the event loop of Python, run step by step: uvloop by libuv's functions, asyncio by its private ones. */
#ifndef GUEST_H
#define GUEST_H

#include "Bridge.h"

#pragma GCC visibility push(hidden)

/* The guest's loop; NULL before the first application. Borrowed. */
extern PyObject *guest_loop;

/* attach(loop, descriptor, call_soon, step, library, capsule): makes a loop the guest. [GIL]
 *   descriptor  its epoll descriptor
 *   call_soon   the loop's own method
 *   step        None: private functions. Otherwise a function that runs one iteration, and returns the seconds until the
 *               next one, or None
 *   library     the path of uvloop's library, or None for asyncio
 *   capsule     its uv_loop_t, or None */
PyObject *guest_attach(PyObject *module, PyObject *const *arguments, Py_ssize_t count);

/* call_soon(callback, *args, context=None): the class attribute `call_soon` of the guest. [GIL] It keeps the first step
 * of a task that guest_start makes, and passes every other call to the loop. */
PyObject *guest_call_soon(PyObject *module, PyObject *const *arguments, Py_ssize_t count, PyObject *keywords);

/* debug(enabled): the loop's debug mode has changed. [GIL] */
PyObject *guest_debug(PyObject *module, PyObject *enabled);

/* Creates a task for a coroutine, and runs its first step at once in the task's context. [GIL] The task is an ordinary
 * one. Returns a new reference; NULL with an exception set. */
PyObject *guest_start(PyObject *coroutine);

/* A new future of the loop. [GIL] */
PyObject *guest_future(void);

/* Completes a future unless it is done already. [GIL] Returns whether the future took it. Exceptions are reported. */
bool future_complete(PyObject *future, PyObject *name, PyObject *value);

/* Runs one iteration of the guest, which does not block. [GIL] */
void guest_step(void);
/* Returns the microseconds until the guest's next callback; 0: now; -1: none. [GIL] */
int64_t guest_wait(void);
/* Whether the guest's descriptor is ready. */
bool guest_is_readable(void);
/* The guest's epoll descriptor; -1 before the first application. */
int guest_descriptor(void);

#pragma GCC visibility pop

#endif
