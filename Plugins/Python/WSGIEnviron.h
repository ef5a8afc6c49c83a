/* WSGIEnviron.h: the dict `environ` of a WSGI request. */
#ifndef WSGI_ENVIRON_H
#define WSGI_ENVIRON_H

#include "WSGICall.h"

#pragma GCC visibility push(hidden)

/* Returns the dict of a request: the application's `environ`, with the variables of this request and `wsgi.input`. A new
 * reference; NULL with an exception set. [GIL] */
PyObject *wsgi_environ(const struct wsgi_call *call, PyObject *input);

#pragma GCC visibility pop

#endif
