/* asgi_loop.h: the extension "asgi.loop/1": the event loops of the process. SPDX-License-Identifier: Apache-2.0
 *
 *     static const asgi_string name = ASGI_STRING("asgi.loop/1");
 *     const asgi_loop *loop = scope->host->extension(scope->id, &name);   // NULL: this host does not have it
 *
 * For libraries with an asynchronous interface (libcurl, libpq), and for event loops that run as guests on these loops.
 * asgi.h includes this header, and explains threads, owners and results.
 */
#ifndef ASGI_LOOP_H
#define ASGI_LOOP_H

#include "asgi.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Conditions of a descriptor, for watch. */
#define ASGI_READABLE 1u /* there is something to read, or the other side has ended */
#define ASGI_WRITABLE 2u /* something can be written */

/* The functions of the extension. The host's, valid for the life of the process. */
typedef struct asgi_loop {
    uint32_t size;
    uint32_t count; /* number of loops; they are numbered from 0 */

    /* Returns the number of the calling thread's loop; -1: the thread is no loop. [any] */
    int32_t (*current)(void);

    /* Runs `then` with ASGI_DONE on a loop, without a request. [any] ASGI_PENDING, or an error.
     * id       the lifespan's: the work belongs to the application, and is cancelled when its lifespan ends.
     * loop     its number; ASGI_INVALID: there is no such loop.
     * When called on that loop, `then` runs after the events that are ready now and before the loop waits again: use it for
     * work that belongs at the end of a turn of the loop. */
    asgi_result (*post)(asgi_id id, uint32_t loop, asgi_then then, void *context);

    /* Runs `then` once on a loop, never inside this call: with ASGI_DONE when a descriptor is ready, with ASGI_CANCELLED
     * when the scope has ended before, or host->cancel was called. [any] ASGI_PENDING, or an error. To go on watching, call
     * it again from `then`, after reading or writing the data that was ready.
     * id          the lifespan's; or a request's or WebSocket's, whose own loop `loop` then has to be.
     * file        the caller's descriptor; cancel the watch before you close it. ASGI_INVALID: not open. ASGI_UNSUPPORTED:
     *             it cannot be watched (a regular file is always ready). A descriptor may be watched more than once.
     * conditions  ASGI_READABLE, ASGI_WRITABLE or both: any of them is enough, as is an error of the descriptor.
     * watch       receives the number of the watch, for host->cancel, before `then` can run; may be NULL. */
    asgi_result (*watch)(asgi_id id, uint32_t loop, int32_t file, uint32_t conditions, asgi_then then, void *context,
                         uint64_t *watch);

    /* Starts a timer on a loop: as host->after, with the rules of `id` and `loop` in watch. [any] */
    asgi_result (*after)(asgi_id id, uint32_t loop, uint64_t milliseconds, asgi_then then, void *context, uint64_t *timer);
} asgi_loop;

#ifdef __cplusplus
}
#endif
#endif
