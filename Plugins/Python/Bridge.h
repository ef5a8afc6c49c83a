/* Bridge.h: the headers and declarations that all files of the Python bridge share.
 *
 * The bridge is built against CPython's stable ABI of 3.11 (Py_LIMITED_API=0x030b0000).
 *
 * Every header hides its functions: the module exports PyInit__bridge only, so no other library can take their places.
 *
 * Locking: "[GIL]" in a comment means that the caller holds the global interpreter lock. A function without that tag
 * touches no Python object. Data of the bridge without a lock of its own is protected by the GIL or belongs to the loop
 * thread. */
#ifndef BRIDGE_H
#define BRIDGE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <asgi.h>
#include <stdbool.h>

#pragma GCC visibility push(hidden)

/* The host's functions and its event loops; set at the first lifespan, valid for the life of the process. */
extern const asgi_host *host;
extern const asgi_loop *loops;

#pragma GCC visibility pop

#endif
