/* asgi_state.h: the extension "asgi.state/1": state transfer between generations. SPDX-License-Identifier: Apache-2.0
 *
 * A module offers this extension (asgi_module.extension). The state of an application then passes from one generation to the
 * next, in the same process or in another. When the new generation has started, and before its first request, the host asks
 * the old one to save and the new one to restore. Changes of the old one after that are not transferred. There is no
 * guarantee: after a crash there is nothing to restore, and with several workers each transfers its own state.
 * asgi.h includes this header, and explains threads, owners and results.
 */
#ifndef ASGI_STATE_H
#define ASGI_STATE_H

#include "asgi.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The saved state of an application. */
typedef struct asgi_saved {
    uint32_t size;
    uint32_t version;   /* of the format: a number that the module chooses                                           */
    asgi_string format; /* the name that the module gives to the format of the bytes: "chat.rooms"                    */
    asgi_string bytes;
    /* Set by `save`: called once, on the thread of `save`, when the bytes were copied; may be NULL.                    */
    void (*release)(void *release_context);
    void *release_context;
} asgi_saved;

/* Flags of asgi_state. */
#define ASGI_STATE_RECONNECT 1u /* when another generation takes over, WebSockets of this one are closed with 1012 at once, so
                                   that their clients reconnect to the generation that has their state               */

/* The functions of the extension. The module's, valid for the life of the process. */
typedef struct asgi_state {
    uint32_t size;
    uint32_t flags;

    /* Fills `saved` with the state of the application. [control]
     * id      the lifespan's, for calls of the host; stale when the application has no lifespan.
     * state   what the application's lifespan.startup.complete carried.
     * saved   the host's, zero but for its `size`; what it points at belongs to the module until `release`.
     * ASGI_DONE. ASGI_UNSUPPORTED: there is no state. Any other result is logged, and the new generation starts without state.
     * More bytes than the host's limit (--limit-state, 1 MiB by default) are refused. */
    asgi_result (*save)(asgi_id id, void *state, asgi_saved *saved);

    /* Restores what an earlier generation has saved; `id` and `state` are those of the new generation. [control]
     * saved   borrowed for the call. ASGI_UNSUPPORTED: an unknown format or version, perhaps of a newer module; it is logged, and
     *         the application starts without state. */
    asgi_result (*restore)(asgi_id id, void *state, const asgi_saved *saved);
} asgi_state;

#ifdef __cplusplus
}
#endif
#endif
