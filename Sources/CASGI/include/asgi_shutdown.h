/* asgi_shutdown.h: the extension "asgi.shutdown/1": notice of a shutdown. SPDX-License-Identifier: Apache-2.0
 *
 *     static const asgi_string name = ASGI_STRING("asgi.shutdown/1");
 *     const asgi_shutdown *shutdown = scope->host->extension(scope->id, &name);   // NULL: this host does not have it
 *
 * The host stops, or this process is replaced. An application that serves WebSockets or endless streams learns of it while
 * its clients are still connected: it can finish the stream, or close with a code that tells the client when to reconnect.
 * Scopes that have not ended at the drain timeout see a disconnect (a WebSocket is closed with 1012). The lifespan's shutdown
 * comes after all requests. asgi.h includes this header, and explains threads, owners and results.
 */
#ifndef ASGI_SHUTDOWN_H
#define ASGI_SHUTDOWN_H

#include "asgi.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The functions of the extension. The host's, valid for the life of the process. */
typedef struct asgi_shutdown {
    uint32_t size;
    uint32_t reserved; /* 0 */

    /* Whether the shutdown has begun. [any] ASGI_DONE: it has. ASGI_PENDING: not yet. ASGI_STALE: the scope is over. */
    asgi_result (*begun)(asgi_id id);

    /* Runs `then` once with ASGI_DONE on the scope's loop (with the lifespan's id: on one loop, as with post) when the
     * shutdown begins, or at once when it has begun, never inside this call; with ASGI_CANCELLED when the scope ends before, or host->cancel was
     * called. [any] ASGI_PENDING, or an error.
     * notice   receives the number of the notice, for host->cancel, before `then` can run; may be NULL. */
    asgi_result (*notice)(asgi_id id, asgi_then then, void *context, uint64_t *notice);
} asgi_shutdown;

#ifdef __cplusplus
}
#endif
#endif
