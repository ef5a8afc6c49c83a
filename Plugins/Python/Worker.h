/* Worker.h: the threads of lanes, and the jobs that they run. */
#ifndef WORKER_H
#define WORKER_H

#include "Bridge.h"
#include <semaphore.h>

#pragma GCC visibility push(hidden)

struct job {
    struct job *next;
    PyObject *future;                        /* of the event loop; NULL if nobody waits */
    PyObject *function, *arguments, *value; /* value: the result or the exception */
    bool failed;
};

struct worker {
    sem_t wake;
    struct lane *lane; /* NULL in the stock; owned while the thread is not idle */
    struct worker *next, *next_signal;
};

struct lane {
    PyObject_HEAD
    struct job *first, *last;
    struct worker *idle;
    Py_ssize_t threads, limit, pending; /* pending: jobs that are queued or run */
    sem_t empty;                        /* posted when nothing is pending any more, for shutdown */
    Py_ssize_t waiting;
    bool closed;
};

/* Gets a thread for a lane: an idle one of its own, one of the stock, or a new one. [GIL] Returns 0; -1 with an exception
 * set. */
int worker_get(struct lane *lane);
/* Moves a lane's idle threads to the stock. [GIL] */
void worker_dismiss(struct lane *lane);

/* Takes the next job of a lane; NULL if there is none. [GIL] */
struct job *job_next(struct lane *lane);
void job_free(struct job *job);

#pragma GCC visibility pop

#endif
