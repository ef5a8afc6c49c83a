/* FieldNames.h: the names of request header fields that the host knows, as objects that are made once. */
#ifndef FIELD_NAMES_H
#define FIELD_NAMES_H

#include "Bridge.h"

#pragma GCC visibility push(hidden)

/* Objects for the names that the host knows, by the place of a name in the host's block of names. */
struct field_names {
    PyObject **objects; /* NULL at first */
};

/* Returns the place of the object for a name; NULL for a name that the host does not know, or with an exception set. The
 * object is NULL at first: the caller makes it. [GIL] */
PyObject **field_name_object(struct field_names *names, asgi_string name);

/* Whether the host knows a name, whose memory is valid for the life of the process then. */
bool field_name_is_known(asgi_string name);

#pragma GCC visibility pop

#endif
