/* WSGIBody.h: the body of a WSGI request, which a thread waits for. */
#ifndef WSGI_BODY_H
#define WSGI_BODY_H

#include "WSGICall.h"

#pragma GCC visibility push(hidden)

/* Creates the type. [GIL] Returns 0; -1 with an exception set. */
int wsgi_body_create_type(void);

/* wsgi_streams(whole, stream): sets the types of `wsgi.input`. [GIL]
 *   whole   whole(bytes): a body that has arrived
 *   stream  stream(body): a body whose method `receive` returns its next part, b"" at its end */
PyObject *wsgi_set_streams(PyObject *module, PyObject *arguments);

/* Returns the object `wsgi.input` of a request. A new reference; NULL with an exception set. [GIL] */
PyObject *wsgi_input(const struct wsgi_call *call);

#pragma GCC visibility pop

#endif
