/* Library.h: libRoost.so, the host as a library, opened by its path. */
#ifndef LIBRARY_H
#define LIBRARY_H

#include "Bridge.h"

#pragma GCC visibility push(hidden)

/* open(path): opens the library and registers the module "builtin:python". [GIL] */
PyObject *library_open(PyObject *module, PyObject *path);
/* run(settings, started): serves on the calling thread until quit(). [GIL] started(port) is called when the server accepts
 * connections. */
PyObject *library_run(PyObject *module, PyObject *arguments);
/* worker(arguments): serves as a worker of the supervisor; does not return unless it cannot start. [GIL] */
PyObject *library_worker(PyObject *module, PyObject *arguments);
/* quit(): begins a graceful shutdown; returns whether the process has a host that can be asked. [GIL] */
PyObject *library_quit(PyObject *module, PyObject *nothing);

#pragma GCC visibility pop

#endif
