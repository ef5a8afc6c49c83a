/* Lane.h: lanes: queues of jobs for threads, as executors of the event loop. */
#ifndef LANE_H
#define LANE_H

#include "Bridge.h"

#pragma GCC visibility push(hidden)

/* Creates the type `Lane`. [GIL] Returns 0; -1 with an exception set. */
int lanes_create(PyObject *module);

/* lane_threads(start): sets the function start(worker) that starts a thread which calls lane_work(worker). [GIL] */
PyObject *lane_threads(PyObject *module, PyObject *start);
/* lane_work(worker): the function of a thread; runs jobs until the thread is not needed any more. [GIL] */
PyObject *lane_work(PyObject *module, PyObject *worker);

/* Completes the futures of the jobs that are done. [GIL] */
void lanes_deliver(void);
/* Whether jobs are done whose futures are not complete. [GIL] */
bool lanes_have_results(void);
/* Wakes the threads that got jobs in this turn. On the loop thread, without the GIL, which they need first of all. */
void lanes_signal(void);

#pragma GCC visibility pop

#endif
