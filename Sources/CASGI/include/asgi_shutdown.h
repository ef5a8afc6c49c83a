/* asgi_shutdown.h: the extension "asgi.shutdown/1": notice of a shutdown. SPDX-License-Identifier: Apache-2.0
 *
 *     static const asgi_string name = ASGI_STRING("asgi.shutdown/1");
 *     const asgi_shutdown *shutdown = scope->host->extension(scope->id, &name);   // NULL: this host lacks it
 *
 * A shutdown begins when the host stops, when its process is replaced, and when the generation of the application is
 * unmounted or replaced. An application that serves WebSockets or endless streams gets the notice while its clients are
 * still connected. It can finish the stream, or close with a code that tells the client when to reconnect. At the drain
 * timeout the remaining scopes get a disconnect event, and WebSockets are closed with 1012. The lifespan's shutdown
 * follows after all requests.
 *
 * asgi.h includes this header, and explains threads, ownership and results.
 */
#ifndef ASGI_SHUTDOWN_H
#define ASGI_SHUTDOWN_H

#include "asgi.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The functions of the extension. They belong to the host, and are valid for the life of the process. */
typedef struct asgi_shutdown {
    uint32_t size;
    uint32_t reserved; /* 0 */

    /* Returns whether the shutdown has begun. [any]
     *
     * Returns
     *   ASGI_DONE     It has.
     *   ASGI_PENDING  Not yet. No completion follows.
     *   ASGI_STALE    The scope has ended. */
    asgi_result (*begun)(asgi_id id);

    /* Requests a notice of the shutdown. [any]
     *
     *   then     Called once, on the scope's loop, never inside this call; for the lifespan scope on one event loop, as
     *            with host->post. Gets ASGI_DONE when the shutdown begins, or as soon as possible if it has begun;
     *            ASGI_CANCELLED if the scope has ended or the notice was cancelled before.
     *   notice   Receives the number of the notice, for host->cancel, before `then` can run; may be NULL.
     *
     * Returns
     *   ASGI_PENDING  `then` follows. */
    asgi_result (*notice)(asgi_id id, asgi_then then, void *context, uint64_t *notice);
} asgi_shutdown;

#ifdef __cplusplus
}
#endif
#endif
