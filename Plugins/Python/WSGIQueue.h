/* WSGIQueue.h: the requests that wait for a thread, and the threads that call WSGI applications. */
#ifndef WSGI_QUEUE_H
#define WSGI_QUEUE_H

#include "WSGICall.h"

#pragma GCC visibility push(hidden)

/* Queues a request of a WSGI application, or answers it with 503 if too many wait. On the loop thread, without the GIL.
 * Returns the result for `application`. */
asgi_result wsgi_queue_put(const asgi_scope *scope, asgi_receive receive, asgi_send send);

/* Drops the requests of an application that has ended. [GIL] */
void wsgi_queue_drop(struct application *application);

/* wsgi_threads(start, threads, waiting): sets the function start() that starts a thread which calls wsgi_work, the
 * largest number of threads, and of requests that wait for one; and starts a thread. [GIL] Later calls change the numbers. */
PyObject *wsgi_threads(PyObject *module, PyObject *arguments);
/* wsgi_work(): the function of a thread; does not return. [GIL] */
PyObject *wsgi_work(PyObject *module, PyObject *nothing);

/* Starts a thread if a request waits for one. [GIL] In a turn. */
void wsgi_queue_start_thread(void);

#pragma GCC visibility pop

#endif
