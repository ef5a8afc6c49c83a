/* Application.h: an application of the host in Python, and the ASGI function of the module. */
#ifndef APPLICATION_H
#define APPLICATION_H

#include "Bridge.h"

#pragma GCC visibility push(hidden)

/* The Python object `Application`: what roost/application.py needs of one lifespan of the host. */
struct application {
    PyObject_HEAD
    asgi_id id;             /* of the lifespan scope */
    PyObject *function;     /* attribute `function`: the ASGI 3 callable, or the WSGI application */
    PyObject *environ;      /* attribute `environ`: the entries that all environ dicts of a WSGI application have */
    char is_wsgi;           /* attribute `is_wsgi`; read without the GIL */
    PyObject *state;        /* attribute `state`: the lifespan's dict */
    PyObject *version;      /* attribute `version`: "3.0" or "2.0" */
    PyObject *receive;      /* methods of the lifespan scope */
    PyObject *send;
    char cancel_on_disconnect;
    PyObject *root_path;    /* of the last scope, which has mostly the same */
    PyObject *asgi;         /* the scopes' dict `asgi`, to be copied */
    struct application *next; /* of the live applications */
};

/* The module's function `application` and `asgi_module_info`, for roost_provide. Without the GIL. */
asgi_result application_called(const asgi_scope *scope, asgi_receive receive, asgi_send send);
const asgi_module *application_info(void);

/* Creates the type. [GIL] Returns 0; -1 with an exception set. */
int application_create_type(PyObject *module);

/* on_application(start): sets the function start(application) for each lifespan of the host. [GIL] */
PyObject *application_set_start(PyObject *module, PyObject *start);

/* Starts the scopes that arrived since the last turn. [GIL] On the loop thread. */
void application_start_staged(void);

#pragma GCC visibility pop

#endif
