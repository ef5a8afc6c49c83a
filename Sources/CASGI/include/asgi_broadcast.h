/* asgi_broadcast.h: the extension "asgi.broadcast/1": one message to many WebSockets. SPDX-License-Identifier: Apache-2.0
 *
 *     static const asgi_string name = ASGI_STRING("asgi.broadcast/1");
 *     const asgi_broadcast *broadcast = scope->host->extension(scope->id, &name);   // NULL: this host does not have it
 *
 * Messages go to groups of WebSockets of one application; each message is encoded once. A group has a name of 1 to 255
 * bytes, which the application chooses. A group exists while a WebSocket is in it.
 * asgi.h includes this header, and explains threads, owners and results.
 */
#ifndef ASGI_BROADCAST_H
#define ASGI_BROADCAST_H

#include "asgi.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The functions of the extension. The host's, valid for the life of the process. */
typedef struct asgi_broadcast {
    uint32_t size;
    uint32_t group_limit; /* maximum number of groups of one WebSocket */

    /* Adds a WebSocket to a group. The WebSocket gets the group's messages once it is accepted, and leaves the group when
     * its scope ends. [any] ASGI_DONE, also for a member. ASGI_INVALID: no name, or the scope is no WebSocket. ASGI_FULL:
     * `group_limit` is reached; a call from another thread than the scope's loop logs that instead. */
    asgi_result (*join)(asgi_id id, const asgi_string *group);

    /* Removes a WebSocket from a group. [any] ASGI_DONE, also when it was no member. */
    asgi_result (*leave)(asgi_id id, const asgi_string *group);

    /* Sends a message to every member of a group. [any]
     * id       of any scope of the application, the lifespan's too.
     * event    ASGI_WEBSOCKET_SEND: body, flags ASGI_TEXT. Copied in the call; `release` is not supported.
     * except   the id of a member that does not get the message; 0: all members get it.
     * then     called when the answer is ASGI_PENDING: the message was taken, but many messages are on their way to other loops or
     *          processes: wait for it before sending more. NULL: on a thread that is no loop the call waits, as send does.
     * ASGI_DONE: taken. ASGI_FULL: too many messages are on their way; nothing was taken. Members get the messages of one thread in
     * order. A member whose client does not read is closed with 1013 when its pending output exceeds the limit: it gets no
     * message after one that it has missed. */
    asgi_result (*send)(asgi_id id, const asgi_string *group, const asgi_event *event, asgi_id except, asgi_then then,
                        void *context);
} asgi_broadcast;

#ifdef __cplusplus
}
#endif
#endif
