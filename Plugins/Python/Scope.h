/* Scope.h: the dict `scope` of a request or a WebSocket. */
#ifndef SCOPE_H
#define SCOPE_H

#include "Application.h"

#pragma GCC visibility push(hidden)

/* Returns the dict of a scope. A new reference; NULL with an exception set. [GIL] */
PyObject *scope_dict(const asgi_scope *scope, struct application *application);

/* Returns the list of (name, value). A new reference; NULL with an exception set. [GIL] */
PyObject *scope_headers(const asgi_scope *scope);

#pragma GCC visibility pop

#endif
