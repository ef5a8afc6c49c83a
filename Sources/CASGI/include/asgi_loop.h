/* asgi_loop.h: the extension "asgi.loop/1": the event loops of the process. SPDX-License-Identifier: Apache-2.0
 *
 *     static const asgi_string name = ASGI_STRING("asgi.loop/1");
 *     const asgi_loop *loop = scope->host->extension(scope->id, &name);   // NULL: this host lacks it
 *
 * For libraries with an asynchronous interface (libcurl, libpq), and for event loops that run as guests on these loops.
 *
 * asgi.h includes this header, and explains threads, ownership and results.
 */
#ifndef ASGI_LOOP_H
#define ASGI_LOOP_H

#include "asgi.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Conditions of a descriptor, for watch. */
#define ASGI_READABLE 1u /* data can be read, or the other side has closed */
#define ASGI_WRITABLE 2u /* data can be written */
#define ASGI_PERSISTENT 4u /* the watch continues until it is cancelled */

/* The functions of the extension. They belong to the host, and are valid for the life of the process. */
typedef struct asgi_loop {
    uint32_t size;
    uint32_t count; /* number of event loops; they are numbered from 0 */

    /* Returns the number of the calling thread's event loop; -1 if the thread is not an event loop. [any] */
    int32_t (*current)(void);

    /* Runs a completion on an event loop, never inside this call. [any]
     *
     *   id       The id of the lifespan scope: the work belongs to the application, and is cancelled when its lifespan
     *            ends.
     *   loop     The number of the loop.
     *   then     Called on that loop. Gets ASGI_DONE; ASGI_CANCELLED if the lifespan has ended before. Posted from the
     *            same loop, it runs after the events that are ready now, and before the loop waits again: use it for
     *            work at the end of a turn of the loop. Posted from a completion that was itself posted, it runs in the
     *            next turn, after the sockets were polled.
     *
     * Returns
     *   ASGI_PENDING  `then` follows.
     *   ASGI_INVALID  There is no such loop, or `id` is not that of a lifespan scope. */
    asgi_result (*post)(asgi_id id, uint32_t loop, asgi_then then, void *context);

    /* Waits for a condition of a descriptor, once or with ASGI_PERSISTENT each time. [any] To continue after a watch
     * without that flag, call it again from `then`, after reading or writing the data that was ready.
     *
     *   id          The id of the lifespan scope; or of an HTTP or WebSocket scope, with the scope's own loop as
     *               `loop`.
     *   loop        The number of the loop on which `then` is called.
     *   file        The descriptor, which remains the caller's. It may be watched more than once. Cancel its watches
     *               before you close it; the completion of a cancelled one still follows (host->cancel), so what
     *               `context` points at must outlive the descriptor.
     *   conditions  ASGI_READABLE, ASGI_WRITABLE or both. Any of them completes the watch, as does an error of the
     *               descriptor. With ASGI_PERSISTENT the watch continues: `then` is called in each turn of the loop in
     *               which the descriptor is ready.
     *   then        Called on the loop, never inside this call. Gets ASGI_DONE when the descriptor is ready, or
     *               ASGI_PENDING if the watch is persistent; ASGI_CANCELLED if the scope has ended or the watch was
     *               cancelled before; a persistent watch that is cancelled on its own loop is not called any more.
     *   watch       Receives the number of the watch, for host->cancel, before `then` can run; may be NULL.
     *
     * Returns
     *   ASGI_PENDING      `then` follows.
     *   ASGI_INVALID      The descriptor is not open, or `loop` or `conditions` is invalid.
     *   ASGI_UNSUPPORTED  The descriptor cannot be watched (a regular file is always ready).
     *   ASGI_FAILED       Another error of the system. */
    asgi_result (*watch)(asgi_id id, uint32_t loop, int32_t file, uint32_t conditions, asgi_then then, void *context,
                         uint64_t *watch);

    /* Starts a timer on an event loop. [any] As host->after; `id` and `loop` as in watch. */
    asgi_result (*after)(asgi_id id, uint32_t loop, uint64_t microseconds, asgi_then then, void *context, uint64_t *timer);
} asgi_loop;

#ifdef __cplusplus
}
#endif
#endif
