/* asgi_state.h: the extension "asgi.state/1": state transfer between generations. SPDX-License-Identifier: Apache-2.0
 *
 * A module offers this extension to the host (asgi_module.extension). The state of an application then passes from one
 * generation to the next, in the same process or in another. When the new generation has started, and before its first
 * request, the host calls `save` for the old generation and `restore` for the new one. Later changes of the old
 * generation are not transferred. There is no guarantee: after a crash there is no state to restore, and with several
 * workers each worker transfers its own.
 *
 * asgi.h includes this header, and explains threads, ownership and results.
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
    uint32_t version;   /* version of the format, a number that the module chooses                                    */
    asgi_string format; /* name of the format, which the module chooses: "chat.rooms"                                 */
    asgi_string bytes;  /* the state                                                                                  */

    /* Frees what `save` has allocated; set by `save`, may be NULL. The host calls it once, on the thread of `save`,
     * when it has copied the bytes. */
    void (*release)(void *release_context);
    void *release_context;
} asgi_saved;

/* Flags of asgi_state. */
#define ASGI_STATE_RECONNECT 1u /* close the WebSockets of a generation with 1012 as soon as another replaces it: their
                                   clients reconnect to the generation that has their state                          */

/* The functions of the extension. They belong to the module, and are valid for the life of the process. Each must
 * return within --timeout-lifespan (60 seconds by default), or it counts as failed. */
typedef struct asgi_state {
    uint32_t size;
    uint32_t flags;

    /* Saves the state of the application. [control] Called by the host.
     *
     *   id       The id of the lifespan scope, for calls of the host; stale if the application has no lifespan.
     *   state    `state` of the application's lifespan.startup.complete.
     *   saved    The host's, zero except for its `size`. The module fills it. What it points at belongs to the module,
     *            and must stay valid until `release`.
     *
     * Returns
     *   ASGI_DONE         `saved` is filled. The host refuses more bytes than its limit (--limit-state, 1 MiB by
     *                     default).
     *   ASGI_UNSUPPORTED  There is no state.
     *   Anything else     A failure: the host logs it, and the new generation starts without state. */
    asgi_result (*save)(asgi_id id, void *state, asgi_saved *saved);

    /* Restores the state that an earlier generation has saved. [control] Called by the host.
     *
     *   id       As in `save`, of the new generation.
     *   state    As in `save`, of the new generation.
     *   saved    The saved state; borrowed for the call.
     *
     * Returns
     *   ASGI_DONE         Restored.
     *   ASGI_UNSUPPORTED  The format or version is unknown, perhaps that of a newer module.
     *   Anything else     A failure.
     *
     * Unless the result is ASGI_DONE, the host logs it, and the application starts without state. */
    asgi_result (*restore)(asgi_id id, void *state, const asgi_saved *saved);
} asgi_state;

#ifdef __cplusplus
}
#endif
#endif
