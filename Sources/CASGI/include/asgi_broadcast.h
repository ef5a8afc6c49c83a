/* asgi_broadcast.h: the extension "asgi.broadcast/1": one message to many WebSockets.
 * SPDX-License-Identifier: Apache-2.0
 *
 *     static const asgi_string name = ASGI_STRING("asgi.broadcast/1");
 *     const asgi_broadcast *broadcast = scope->host->extension(scope->id, &name);   // NULL: this host lacks it
 *
 * Messages go to groups of WebSockets of one application. Each message is encoded once. The application chooses the
 * name of a group, 1 to 255 bytes. A group exists while it has a member. It spans the event loops of one process: with
 * several workers (--workers), a message reaches the members in the worker that sends it. Serve an application that
 * needs all of them by one worker, or by a worker group with one worker.
 *
 * asgi.h includes this header, and explains threads, ownership and results.
 */
#ifndef ASGI_BROADCAST_H
#define ASGI_BROADCAST_H

#include "asgi.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The functions of the extension. They belong to the host, and are valid for the life of the process. */
typedef struct asgi_broadcast {
    uint32_t size;
    uint32_t group_limit; /* maximum number of groups that a WebSocket can be in (--limit-groups) */

    /* Adds a WebSocket to a group. [any] The WebSocket gets the group's messages once it is accepted. It leaves the
     * group when its scope ends.
     *
     *   id       The id of the WebSocket scope.
     *   group    The name of the group; borrowed for the call.
     *
     * Returns
     *   ASGI_DONE     The WebSocket is a member, possibly since before.
     *   ASGI_INVALID  The name is empty or too long, or the scope is not a WebSocket.
     *   ASGI_FULL     The WebSocket is in `group_limit` groups already.
     *
     * On another thread than the scope's, the result is ASGI_DONE if the name is valid: the host joins the group later,
     * on the loop, and logs an error there. */
    asgi_result (*join)(asgi_id id, const asgi_string *group);

    /* Removes a WebSocket from a group. [any] Arguments and results as in join; ASGI_DONE also if it was not a
     * member. */
    asgi_result (*leave)(asgi_id id, const asgi_string *group);

    /* Sends a message to every member of a group. [any] The members get the messages of one thread in order.
     *
     *   id       The id of any scope of the application, also of the lifespan scope.
     *   group    The name of the group; borrowed for the call.
     *   event    ASGI_WEBSOCKET_SEND with `body` and the flag ASGI_TEXT. Copied in the call; `release` is not
     *            supported.
     *   except   The id of a member that does not get the message; 0 to send to all members.
     *   then     Called if the result is ASGI_PENDING. NULL: a blocking thread waits in the call, as in send; on an
     *            event loop no completion follows.
     *
     * Returns
     *   ASGI_DONE     Accepted.
     *   ASGI_PENDING  Accepted, but many messages are queued for other loops. Wait for the completion before you
     *                 send more.
     *   ASGI_FULL     Not accepted: too many messages are queued.
     *   ASGI_INVALID  Not accepted: the group or the event is invalid.
     *
     * A slow client, whose pending output reaches the limit (--limit-send), is closed with 1013. So a member never gets
     * messages after one that it missed. */
    asgi_result (*send)(asgi_id id, const asgi_string *group, const asgi_event *event, asgi_id except, asgi_then then,
                        void *context);
} asgi_broadcast;

#ifdef __cplusplus
}
#endif
#endif
