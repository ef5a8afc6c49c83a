/* WSGIRun.h: the call of a WSGI application for one request, from its environ to its end. */
#ifndef WSGI_RUN_H
#define WSGI_RUN_H

#include "WSGICall.h"

#pragma GCC visibility push(hidden)

/* Calls the application, sends its response, and ends the scope. [GIL] On a thread of the queue. Takes over
 * the reference to the application, and frees the call. */
void wsgi_run(struct wsgi_call *call);

/* wsgi_file_wrapper(type, plain_file): sets the class `wsgi.file_wrapper`, whose attribute `filelike` is the file, and the
 * function that returns the file of the operating system behind such an object, or None. [GIL] */
PyObject *wsgi_set_file_wrapper(PyObject *module, PyObject *arguments);

#pragma GCC visibility pop

#endif
