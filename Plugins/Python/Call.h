/* Call.h: the functions `receive` and `send` of an application, and the awaitables that they return. */
#ifndef CALL_H
#define CALL_H

#include "Request.h"

/* Creates the types. [GIL] Returns 0; -1 with an exception set. */
int call_create_types(PyObject *module);

/* Returns `receive` or `send` of a request; NULL with an exception set. [GIL] */
PyObject *call_receive_function(struct request *request);
PyObject *call_send_function(struct request *request);

#endif
