/* Call.h: the awaitables that `receive` and `send` of an application return. */
#ifndef CALL_H
#define CALL_H

#include "Request.h"

#pragma GCC visibility push(hidden)

/* Creates the type. [GIL] Returns 0; -1 with an exception set. */
int call_create_type(void);

/* Returns a call of `send` with a message, or of `receive` if the message is NULL; NULL with an exception set. [GIL] */
PyObject *call_new(struct request *request, PyObject *message);

#pragma GCC visibility pop

#endif
