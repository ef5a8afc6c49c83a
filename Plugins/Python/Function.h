/* Function.h: the functions `receive` and `send` of an application. */
#ifndef FUNCTION_H
#define FUNCTION_H

#include "Request.h"

#pragma GCC visibility push(hidden)

/* Creates the types. [GIL] Returns 0; -1 with an exception set. */
int function_create_types(void);

/* Returns `receive` or `send` of a request; NULL with an exception set. [GIL] */
PyObject *function_receive(struct request *request);
PyObject *function_send(struct request *request);

#pragma GCC visibility pop

#endif
