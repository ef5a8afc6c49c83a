/* asgi_applications.h: the extension "asgi.applications/1": an application that wraps another.
 * SPDX-License-Identifier: Apache-2.0
 *
 *     static const asgi_string name = ASGI_STRING("asgi.applications/1");
 *     const asgi_applications *applications = scope->host->extension(scope->id, &name);   // NULL: this host lacks it
 *
 *     if (!is_allowed(scope)) return asgi_respond(scope, send, 403, "text/plain", asgi_text("Forbidden"));
 *     return applications->call(scope->id, NULL);                  // the next application handles the request
 *
 * It is ASGI's middleware: the settings name, for an application, those that wrap it (`wrapped-by`), the outermost
 * first. The host calls the outermost with each request and WebSocket. It answers itself, or it has the host call the
 * next application, possibly with other request header fields. It can change the header of the next application's
 * response. The body of the request and that of the response do not pass through it: they cost nothing, and a file is
 * still sent as a file.
 *
 * The next application has a scope of its own, with its own id, settings and state; its `root_path` and `path` are those
 * of its mount, as in the scope of the wrapping application.
 *
 * asgi.h includes this header, and explains threads, ownership and results.
 */
#ifndef ASGI_APPLICATIONS_H
#define ASGI_APPLICATIONS_H

#include "asgi.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How the next application is called. */
typedef struct asgi_call {
    uint32_t size;
    uint32_t reserved; /* 0 */

    /* Request header fields for the next application, copied in the call. Each replaces all fields of the client with
     * its name, so a client cannot forge them; `-` and `_` are the same in names here, as they are in CGI. Trailers of the request
     * are not changed. A field whose value has no `data` (NULL) only removes them. Names are
     * lower-case. Fields of the connection, of the body and of the handshake cannot be changed: connection,
     * content-length, expect, host, keep-alive, proxy-connection, te, trailer, transfer-encoding, upgrade and
     * sec-websocket-*. */
    const asgi_header *headers;
    size_t header_count;

    /* Called when the next application begins its response; may be NULL. [loop] It may send one event of the same type:
     * the response then begins with that status, those header fields and that subprotocol. If it sends nothing, the
     * event takes effect unchanged. Also called for an answer of the host in place of the application, except a
     * 500, and again if the beginning was refused and is sent again. Not called after the wrapping scope has ended. The
     * next application is in a call of its `send` meanwhile, so a module that wraps itself
     * must not hold a lock there.
     *
     *   context  The pointer below.
     *   id       The id of the wrapping application's scope.
     *   event    ASGI_HTTP_RESPONSE_START, also for a complete response; ASGI_WEBSOCKET_ACCEPT; or
     *            ASGI_WEBSOCKET_HTTP_RESPONSE_START. Valid until the function returns.
     *   send     The function `send` of the wrapping application's scope. */
    void (*start)(void *context, asgi_id id, const asgi_event *event, asgi_send send);
    void *context;
} asgi_call;

/* The functions of the extension. They belong to the host, and are valid for the life of the process. */
typedef struct asgi_applications {
    uint32_t size;
    uint32_t reserved; /* 0 */

    /* Has the host call the next application. [any] It is called in the current turn of the loop, after `application`,
     * or the function of the module that called this, has returned.
     *
     *   id       The id of the wrapping application's scope: an HTTP request or a WebSocket. Nothing was sent, and no
     *            receive is pending. A part of the body that was received is not received again.
     *   call     Borrowed for the call. NULL: the request is not changed.
     *
     * Returns
     *   ASGI_PENDING      Accepted. `application` must return ASGI_PENDING, or have returned it. The scope ends when the
     *                     next application's scope ends, with ASGI_DONE or ASGI_FAILED: host->ended reports it. Until
     *                     then sends are refused with ASGI_INVALID, and a receive waits for the disconnect event.
     *                     The scope may also be ended earlier with host->finish; the next application goes on.
     *   ASGI_UNSUPPORTED  There is no next application: the scope is a request at the wrapping application's own mount.
     *   ASGI_BUSY         A receive is pending.
     *   ASGI_INVALID      The next application was called before, or a header field is malformed or cannot be changed.
     *                     The log has the reason. On another thread than the scope's, only a header field is checked in
     *                     the call; anything else is logged later, and the host answers 500. */
    asgi_result (*call)(asgi_id id, const asgi_call *call);
} asgi_applications;

#ifdef __cplusplus
}
#endif
#endif
