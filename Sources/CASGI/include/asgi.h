/* asgi.h: ASGI for shared libraries. SPDX-License-Identifier: Apache-2.0
 *
 * A module is a shared library that exports one function:
 *
 *     #include <asgi.h>
 *
 *     asgi_result application(const asgi_scope *scope, asgi_receive receive, asgi_send send)
 *     {
 *         (void)receive;
 *         if (scope->type != ASGI_HTTP) return ASGI_UNSUPPORTED;
 *         return asgi_respond(scope, send, 200, "text/plain", asgi_text("Hello, World!"));
 *     }
 *
 *     cc -shared -fPIC -o libhello.so hello.c
 *
 * The terms are those of ASGI 3.0 (https://asgi.readthedocs.io). The host calls `application` once for each scope: an
 * HTTP request, a WebSocket, or the lifespan of the application. The application gets events with `receive` and sends
 * events with `send`. This header is the complete contract between host and module, and its comments are the manual. It
 * includes asgi_helpers.h and the headers of five extensions (asgi_applications.h, asgi_broadcast.h, asgi_loop.h,
 * asgi_shutdown.h, asgi_state.h), so one #include suffices.
 *
 * TERMS
 *   host         The server that loads modules and calls them. Its functions are in asgi_host.
 *   application  A module that is mounted with settings. One module can be mounted as several applications.
 *   generation   One version of an application, from its startup to its shutdown. A reload replaces a generation by
 *                another.
 *   completion   A function of the module that the host calls when a call that returned ASGI_PENDING is complete.
 *
 * THREADS. A tag names the threads that may call a function, or those on which the host calls it:
 *   [loop]      The thread of the event loop that the scope lives on. The host calls `application` and completions
 *               there. It must not block: all other connections of the loop would wait.
 *   [control]   The control thread of the application. The host calls `application` there for the lifespan scope. It
 *               may block. With ASGI_ONE_LOOP it is the event loop of the application, and must not block.
 *   [any]       Any thread, at any time, also after the scope has ended: the result is then ASGI_STALE.
 * A "blocking thread" below is any thread that is not an event loop of the host.
 *
 * OWNERSHIP. Pointers are borrowed unless a comment says otherwise; the comment states how long they are valid. Neither
 * side frees memory of the other. No C++ exception, panic or longjmp may cross the interface.
 *
 * RE-ENTRANCY. The host never calls a function of the module from inside a host function on the same thread. A call
 * from another thread than the scope's can be completed on the loop before it returns: initialize the memory that
 * `context` points at before the call.
 *
 * SIZES. asgi_string and asgi_header never change. Every other struct begins with its size and grows only at its end.
 * Set `size` to the sizeof of each struct that you pass. Check ASGI_HAS before you read a field that was added later. A
 * struct that is larger than the reader knows is accepted, and missing fields read as zero. Ignore unknown event types
 * and flags that you receive; the host answers unknown ones that you send with ASGI_UNSUPPORTED. */
#ifndef ASGI_H
#define ASGI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version of this contract. A host refuses a module of another ABI. Version 0 is a draft: ASGI_DRAFT increases with
 * every incompatible change, and a host refuses a module of another draft, too. */
#define ASGI_ABI 0
#define ASGI_DRAFT 4

/* Exports a function from the module. */
#if defined(__GNUC__) || defined(__clang__)
#define ASGI_EXPORT __attribute__((visibility("default")))
#else
#define ASGI_EXPORT
#endif

/* ---- Results --------------------------------------------------------------------------------------------------- */

/* The result of a call, and what a completion gets. Below zero it is an error. "No effect" means that the host did
 * nothing, calls no completion, and does not call `release`. */
typedef int32_t asgi_result;

#define ASGI_DONE 0           /* success; no completion follows                                                       */
#define ASGI_PENDING 1        /* accepted; the completion follows, exactly once                                       */
#define ASGI_STALE (-1)       /* the scope has ended; no effect                                                       */
#define ASGI_GONE (-2)        /* the client has disconnected; the application must still end the scope                */
#define ASGI_CANCELLED (-3)   /* to a completion or a waiting call: the scope ended, or host->cancel was called       */
#define ASGI_INVALID (-4)     /* invalid argument, or an event that is malformed or out of order; no effect; the host
                                 logs the reason for an event                                                         */
#define ASGI_UNSUPPORTED (-5) /* not supported by this host or on this connection; no effect                          */
#define ASGI_BUSY (-6)        /* a receive of this scope is pending                                                   */
#define ASGI_FULL (-7)        /* a limit is reached; no effect                                                        */
#define ASGI_WOULD_BLOCK (-8) /* no event is available, and the calling thread must not block                         */
#define ASGI_FAILED (-9)      /* the operation failed; from an application: it raised an exception                    */

/* ---- Strings and headers: these two never grow ----------------------------------------------------------------- */

/* A byte string, not NUL-terminated. `data` may be NULL if `size` is 0. */
typedef struct asgi_string {
    const char *data;
    size_t size; /* in bytes */
} asgi_string;

/* A header field. Names are lower-case in requests; upper-case letters in the names of a response are written in lower
 * case. Order and duplicates are kept. A name that host->field_names lists has the same address in every request. */
typedef struct asgi_header {
    asgi_string name;
    asgi_string value;
} asgi_header;

/* ---- Scopes, events, completions ------------------------------------------------------------------------------- */

/* The id of a scope; not a pointer. A process never uses an id twice, and 0 is no id. Every function answers the id of
 * a scope that has ended with ASGI_STALE, so a module may keep an id for any length of time. */
typedef uint64_t asgi_id;

typedef struct asgi_event asgi_event;
typedef struct asgi_host asgi_host;

/* A completion. The host calls it on [loop] of the scope, for the lifespan scope on [control]; functions that call it
 * on another thread say so. It may call every function of the host, also receive and send of the same scope.
 *
 *   context  The pointer that the module passed with the completion.
 *   id       The id of the scope.
 *   result   ASGI_DONE, or the reason of the failure. ASGI_GONE: the client disconnected (send). ASGI_CANCELLED: the
 *            scope ended, or host->cancel was called. For calls from another thread than the scope's also ASGI_BUSY
 *            (receive) and the error of an invalid event (send).
 *   event    The event, for a receive with ASGI_DONE; valid until the completion returns. The memory that it points at
 *            is valid until the next receive or the end of the scope. NULL otherwise. */
typedef void (*asgi_then)(void *context, asgi_id id, asgi_result result, const asgi_event *event);

/* receive: gets the next event of a scope. [any]
 *
 *   event    The caller's, with its `size` set. The host fills it if the result is ASGI_DONE, and keeps no pointer to
 *            it. The memory that the event points at is the host's, valid until the next receive or the end of the
 *            scope.
 *   then     Called with the event if the result is ASGI_PENDING. NULL: a blocking thread waits in the call for the
 *            event, and gets the result that a completion would get; an event loop gets ASGI_WOULD_BLOCK instead.
 *   context  Passed to `then`.
 *
 * Returns
 *   ASGI_DONE         `event` is filled.
 *   ASGI_PENDING      `then` follows. On another thread than the scope's, with a `then`, this is the only success.
 *   ASGI_BUSY         A receive is pending: a scope has at most one. On another thread `then` may get it instead.
 *   ASGI_WOULD_BLOCK  No event is available, `then` is NULL, and the thread is an event loop.
 *   ASGI_INVALID      `event` is NULL, or its size does not reach `type`; or an earlier send was invalid (see send).
 *   ASGI_STALE        The scope has ended.
 *
 * After the client has disconnected, or the response is complete, every receive gets the disconnect event. The host
 * reads from the client only as much as the application receives, plus a small window (--limit-read-ahead, 64 KiB by
 * default). A pending receive cannot be cancelled: a caller that no longer waits must keep the event for its next
 * receive. */
typedef asgi_result (*asgi_receive)(asgi_id id, asgi_event *event, asgi_then then, void *context);

/* send: sends an event of a scope. [any]
 *
 *   event    The caller's, valid during the call. The host copies headers and body, unless the event has a `release`.
 *   then     Called if the result is ASGI_PENDING. NULL: a blocking thread waits in the call, and gets the result that
 *            a completion would get; on an event loop no completion follows.
 *   context  Passed to `then`.
 *
 * Returns
 *   ASGI_DONE         Accepted.
 *   ASGI_PENDING      Accepted, but pending output exceeds the high-water mark (--limit-send-ahead, 64 KiB by default).
 *                     Wait for the completion before you send more (back-pressure). Never for ASGI_HTTP_RESPONSE_START,
 *                     nor for an event of the lifespan.
 *   ASGI_FULL         Not accepted: pending output has reached its limit (--limit-send, 1 MiB by default), or too many
 *                     files are being sent (--limit-files). An event of any size is accepted below the limit.
 *   ASGI_GONE         Not accepted: the client has disconnected.
 *   ASGI_INVALID      Not accepted: the event is malformed or out of order. The log names the event and the reason.
 *   ASGI_UNSUPPORTED  Not accepted: an unknown type or flag, or not available on this connection.
 *   ASGI_FAILED       Not accepted: the file cannot be sent. The log has the reason.
 *   ASGI_STALE        Not accepted: the scope has ended.
 *
 * The host writes at the end of a turn of the loop: what completions and applications send between two polls of the
 * sockets goes out together, one write per connection. It does not wait longer than half a millisecond, nor for
 * more than 64 KiB of small output.
 *
 * On another thread than the scope's, the host checks the order of events later, on the loop. If such an event is
 * invalid, send has returned ASGI_DONE or ASGI_PENDING before. The host then logs the reason, calls `release`,
 * completes a pending call with the error, and answers the next receive or send from another thread with
 * ASGI_INVALID. */
typedef asgi_result (*asgi_send)(asgi_id id, const asgi_event *event, asgi_then then, void *context);

/* Types of scopes, with ASGI's names. An application returns ASGI_UNSUPPORTED for a type that it does not know; the
 * host rejects a WebSocket with 403 then. */
#define ASGI_HTTP 1u      /* "http": one request                                                  */
#define ASGI_WEBSOCKET 2u /* "websocket": one WebSocket                                           */
#define ASGI_LIFESPAN 3u  /* "lifespan": the application itself, from its startup to its shutdown */

/* The TLS connection of a scope (ASGI's extension "tls", version 0.2). Valid as long as the scope. */
typedef struct asgi_tls {
    uint32_t size;
    uint32_t version;               /* 0x0303, 0x0304, ...; 0 if unknown                                      */
    uint32_t cipher_suite;          /* 16-bit number of the IANA registry; 0 if unknown                       */
    uint32_t client_chain_count;    /* number of certificates in client_chain                                 */
    asgi_string server_certificate; /* PEM; may be empty                                                      */
    const asgi_string *client_chain; /* certificates of the client, PEM, leaf first                           */
    asgi_string client_name;        /* RFC 4514 distinguished name of the client's certificate; may be empty  */
    asgi_string client_error;       /* why the client's certificate was not verified; empty without an error  */
} asgi_tls;

/* A scope. It belongs to the host. The struct, its strings and its arrays are valid until the scope has ended and
 * `application`, its jobs (host->spawn) and its completions have returned. Strings are UTF-8 where ASGI has a str, else
 * bytes. */
typedef struct asgi_scope {
    uint32_t size;
    uint32_t type;               /* ASGI_HTTP, ASGI_WEBSOCKET or ASGI_LIFESPAN                                       */
    asgi_id id;                  /* the argument `id` of every call about this scope                                 */
    const asgi_host *host;       /* the host's functions, valid for the life of the process; use those of the scope at
                                    hand, and those of the lifespan scope for what belongs to the application        */
    void *state;                 /* `state` of the application's lifespan.startup.complete; NULL without one, and in
                                    the lifespan scope                                                               */
    asgi_string asgi_version;    /* "3.0"                                                                            */
    asgi_string spec_version;    /* "2.5"; for the lifespan scope "2.0"                                              */
    asgi_string http_version;    /* "1.0", "1.1", "2" or "3"                                                         */
    asgi_string method;          /* as received, case-sensitive; empty for a WebSocket                               */
    asgi_string scheme;          /* "http", "https", "ws" or "wss"                                                   */
    asgi_string path;            /* percent-decoded, UTF-8; begins with root_path                                    */
    asgi_string raw_path;        /* as received: not decoded, without the query string, and without the part of
                                    root_path that a proxy in front has removed (--root-path)                        */
    asgi_string query_string;    /* as received, without the '?'                                                     */
    asgi_string root_path;       /* where the application is mounted: "" or "/wiki"                                  */
    const asgi_header *headers;  /* the request header fields, in order                                              */
    size_t header_count;
    asgi_string client_host;     /* address of the client; empty if unknown (a Unix socket)                          */
    asgi_string server_host;     /* address that the client reached, or the path of the Unix socket                  */
    int32_t client_port;         /* -1 if there is none                                                              */
    int32_t server_port;         /* -1 if there is none (a Unix socket)                                              */
    const asgi_string *subprotocols; /* subprotocols that a WebSocket's client offers, in its order                  */
    size_t subprotocol_count;
    const asgi_string *extensions;   /* ASGI's extensions on this connection: "http.response.pathsend", ...          */
    size_t extension_count;
    const asgi_tls *tls;         /* NULL without TLS                                                                 */
} asgi_scope;

/* ---- Events ----------------------------------------------------------------------------------------------------
 *
 * The comment of each type gives ASGI's name of the event, its direction, and the fields of asgi_event that it uses.
 * All other fields are zero. "flags" lists the flags that the event may have. */

/* "http.request", received: a part of the request body.
 *   body     The bytes of the part; may be empty.
 *   flags    ASGI_MORE: another part follows.
 *   headers  The trailers, with the last part. */
#define ASGI_HTTP_REQUEST 0x101u

/* "http.disconnect", received: the client has disconnected, or the response is complete. Repeated for every receive. */
#define ASGI_HTTP_DISCONNECT 0x102u

/* A complete response, sent: http.response.start and http.response.body in one event. No further event may follow.
 *   status   The HTTP status, 200 to 999.
 *   headers  The response header fields.
 *   body     The body. */
#define ASGI_HTTP_RESPONSE 0x110u

/* "http.response.start", sent. The host may hold it back until the first part of the body.
 *   status   The HTTP status, 200 to 999.
 *   headers  The response header fields.
 *   flags    ASGI_TRAILERS: trailers will follow the body. */
#define ASGI_HTTP_RESPONSE_START 0x111u

/* "http.response.body", sent after the start: a part of the response body.
 *   body     The bytes of the part; may be empty.
 *   flags    ASGI_MORE: another part follows. */
#define ASGI_HTTP_RESPONSE_BODY 0x112u

/* "http.response.trailers", sent after the last part of the body of a response that was started with ASGI_TRAILERS,
 * where scope->extensions has this name.
 *   headers  The trailers.
 *   flags    ASGI_MORE: more trailers follow. */
#define ASGI_HTTP_RESPONSE_TRAILERS 0x113u

/* "http.response.early_hint", sent before the first part of the body, where scope->extensions has this name: a response
 * 103 (Early Hints). Repeatable.
 *   headers  The links: each value is one `link` field. Names are ignored. */
#define ASGI_HTTP_RESPONSE_EARLY_HINT 0x114u

/* "http.response.push", sent where scope->extensions has this name: an HTTP/2 server push.
 *   text     The path.
 *   headers  The header fields of the request. */
#define ASGI_HTTP_RESPONSE_PUSH 0x115u

/* "http.response.pathsend", sent after the start, where scope->extensions has this name: a file as the complete body.
 * ASGI_FAILED if the file cannot be sent.
 *   text     The absolute path of a regular file.
 *   headers  With ASGI_CONDITIONAL: the response header fields.
 *   flags    ASGI_CONDITIONAL: the event is the complete response, without a start. */
#define ASGI_HTTP_RESPONSE_PATHSEND 0x116u

/* "http.response.zerocopysend", sent after the start, where scope->extensions has this name: a part of a file as a part
 * of the body. ASGI_FAILED if the file cannot be sent.
 *   file     The descriptor of a regular file.
 *   offset   The position of the first byte; -1: the current position of the descriptor.
 *   count    The number of bytes; -1: to the end of the file.
 *   text     With ASGI_CONDITIONAL: the name of the file, for its type; may be empty.
 *   headers  With ASGI_CONDITIONAL: the response header fields.
 *   flags    ASGI_MORE: another part of the body follows. ASGI_CONDITIONAL: the event is the complete response, without
 *            a start. */
#define ASGI_HTTP_RESPONSE_ZEROCOPYSEND 0x117u

/* "http.response.debug", sent where scope->extensions has this name: data for test clients.
 *   body     JSON. */
#define ASGI_HTTP_RESPONSE_DEBUG 0x118u

/* "websocket.connect", received: the first event of a WebSocket, once. */
#define ASGI_WEBSOCKET_CONNECT 0x201u

/* "websocket.receive", received: a message from the client.
 *   body     The message.
 *   flags    ASGI_TEXT: a text message; otherwise a binary one. */
#define ASGI_WEBSOCKET_RECEIVE 0x202u

/* "websocket.disconnect", received: the WebSocket has ended. Repeated for every receive.
 *   code     The close code; 1005 if the client's close frame had none, 1006 if the connection was lost.
 *   text     The reason; may be empty. */
#define ASGI_WEBSOCKET_DISCONNECT 0x203u

/* "websocket.accept", sent: accepts the handshake.
 *   text     The subprotocol, one that the client offers; empty for none.
 *   headers  Further header fields of the response; none may begin with "sec-websocket-". */
#define ASGI_WEBSOCKET_ACCEPT 0x210u

/* "websocket.send", sent: a message to the client.
 *   body     The message; UTF-8 if it is text.
 *   flags    ASGI_TEXT: a text message; otherwise a binary one. */
#define ASGI_WEBSOCKET_SEND 0x211u

/* "websocket.close", sent: closes the WebSocket; before ASGI_WEBSOCKET_ACCEPT it rejects the handshake with 403.
 *   code     The close code: 1000 to 1003, 1007 to 1014, 3000 to 4999; 0 means 1000.
 *   text     The reason: UTF-8, at most 123 bytes. */
#define ASGI_WEBSOCKET_CLOSE 0x212u

/* "websocket.http.response.start", sent instead of ASGI_WEBSOCKET_ACCEPT, where scope->extensions has
 * "websocket.http.response": begins a response that rejects the handshake.
 *   status   The HTTP status, 200 to 999.
 *   headers  The response header fields. */
#define ASGI_WEBSOCKET_HTTP_RESPONSE_START 0x213u

/* "websocket.http.response.body", sent after that start: a part of the response body.
 *   body     The bytes of the part; may be empty.
 *   flags    ASGI_MORE: another part follows. */
#define ASGI_WEBSOCKET_HTTP_RESPONSE_BODY 0x214u

/* "lifespan.startup", received: the first event of the lifespan. The application must send
 * ASGI_LIFESPAN_STARTUP_COMPLETE or ASGI_LIFESPAN_STARTUP_FAILED within --timeout-lifespan (60 seconds by default). */
#define ASGI_LIFESPAN_STARTUP 0x301u

/* "lifespan.shutdown", received after the last request of the application has ended. The application must send
 * ASGI_LIFESPAN_SHUTDOWN_COMPLETE or ASGI_LIFESPAN_SHUTDOWN_FAILED within --timeout-lifespan. */
#define ASGI_LIFESPAN_SHUTDOWN 0x302u

/* "lifespan.startup.complete", sent: the application is ready for requests.
 *   state    The module's pointer; `state` of every later scope of this application. */
#define ASGI_LIFESPAN_STARTUP_COMPLETE 0x310u

/* "lifespan.startup.failed", sent: the host does not start the application.
 *   text     The reason.
 *   body     The dotted key of the setting at fault: the host adds its file and line. Empty if it is no setting. */
#define ASGI_LIFESPAN_STARTUP_FAILED 0x311u

/* "lifespan.shutdown.complete", sent: the application has shut down. */
#define ASGI_LIFESPAN_SHUTDOWN_COMPLETE 0x312u

/* "lifespan.shutdown.failed", sent: the shutdown failed; the host logs it.
 *   text     The reason. */
#define ASGI_LIFESPAN_SHUTDOWN_FAILED 0x313u

/* Flags of events. */
#define ASGI_MORE 1u     /* more_body or more_trailers: this event is not the last of its kind */
#define ASGI_TRAILERS 2u /* of a response start: trailers will follow the body                 */
#define ASGI_TEXT 4u     /* of a WebSocket message: UTF-8 text; otherwise binary               */

/* Of a file: the event is the complete response, and the host evaluates the conditions and the range of a GET or HEAD
 * (RFC 9110, sections 13 and 14). It sends 200, 206, 304, 412 or 416, with etag, last-modified, accept-ranges,
 * content-range and content-length, and a content-type by the file's name unless `headers` has one. If `headers` has an
 * etag or last-modified, the conditions are the module's: the host sends 200. */
#define ASGI_CONDITIONAL 8u

/* An event. */
struct asgi_event {
    uint32_t size;
    uint32_t type;              /* ASGI_HTTP_REQUEST, ...                                                            */
    uint32_t flags;
    int32_t status;             /* HTTP status, 200 to 999; the host itself sends 1xx                                */
    int32_t code;               /* WebSocket close code                                                              */
    int32_t file;               /* descriptor; the host duplicates it during the call                                */
    int64_t offset;             /* first byte of `file`; -1: its current position, which moves past the bytes sent   */
    int64_t count;              /* number of bytes of `file`; -1: to its end                                         */
    asgi_string body;
    asgi_string text;
    const asgi_header *headers;
    size_t header_count;
    void *state;

    /* Lends the body to the host instead of having it copied; may be NULL. The host calls release(release_context)
     * exactly once if the result of send is not negative, else never. [loop] of the scope, for the lifespan scope
     * [control]; never inside send, possibly after the scope has ended. The body must stay valid until then. */
    void (*release)(void *release_context);
    void *release_context;
};

/* ---- Functions of the host ------------------------------------------------------------------------------------- */

/* Levels of log messages. */
#define ASGI_LOG_DEBUG 10
#define ASGI_LOG_INFO 20
#define ASGI_LOG_WARNING 30
#define ASGI_LOG_ERROR 40

/* The functions of the host. Every function returns ASGI_STALE (or NULL) for a scope that has ended, and ASGI_INVALID
 * if a pointer that it needs is NULL. The lifespan scope's id is for work that belongs to the application and to no
 * request. */
struct asgi_host {
    uint32_t size;
    uint32_t abi;        /* ASGI_ABI of the host                    */
    asgi_string name;    /* "roost"                                 */
    asgi_string version; /* the version of the host                 */

    /* Writes a message to the host's log, with the name of the application and the id of the scope. [any]
     *
     *   level    ASGI_LOG_DEBUG, ...
     *   message  UTF-8, borrowed for the call. Newlines are kept: a traceback is one message.
     *
     * Returns
     *   ASGI_DONE   Written.
     *   ASGI_STALE  The scope has ended. The message is still written. */
    asgi_result (*log)(asgi_id id, int32_t level, const asgi_string *message);

    /* Ends a scope whose `application` has returned, or will return, ASGI_PENDING. [any]
     *
     *   result   ASGI_DONE: the application has finished. Below zero: it has failed (it raised an exception).
     *            ASGI_GONE: the client had disconnected, which is no failure.
     *
     * Returns
     *   ASGI_DONE     The scope has ended: its id is stale from here on.
     *   ASGI_INVALID  `result` is above zero.
     *   ASGI_STALE    The scope had ended before.
     *
     * Events that were sent before are delivered. Pending calls complete with ASGI_CANCELLED. The host itself ends a
     * scope at the drain timeout; the module learns of it by the completions of pending calls (a receive, a timer) and
     * by `ended`. */
    asgi_result (*finish)(asgi_id id, asgi_result result);

    /* Requests a notice of the end of a scope. [any]
     *
     *   then     Called once when the scope has ended, whether the module or the host ended it, after `application` and
     *            the jobs of the scope have returned and its other completions were called, and never inside this call.
     *            Gets the result that the scope ended with: ASGI_CANCELLED if the host ended it at the drain timeout.
     *            The memory of the scope is valid until `then` returns. For the lifespan scope, timers and posts may
     *            complete later, on their loops.
     *
     * Returns
     *   ASGI_PENDING  `then` follows.
     *   ASGI_BUSY     The scope has a notice already. On another thread than the scope's, `then` may get it instead. */
    asgi_result (*ended)(asgi_id id, asgi_then then, void *context);

    /* Returns whether the client still waits for the response. [any] Cheap enough to be called often in a long
     * computation.
     *
     * Returns
     *   ASGI_DONE  The client still waits.
     *   ASGI_GONE  The client has disconnected, or the response is complete. */
    asgi_result (*alive)(asgi_id id);

    /* Runs a completion on the scope's loop, never inside this call. [any] For the lifespan scope it runs on one event
     * loop, always the same. A completion that is posted from the scope's loop runs in the current turn of the loop,
     * before the loop waits; but one that is posted from a posted completion runs in the next turn, after the sockets
     * were polled. So a module that posts again and again does not stop the loop.
     *
     *   then     Gets ASGI_DONE; ASGI_CANCELLED if the scope has ended before.
     *
     * Returns
     *   ASGI_PENDING  `then` follows. */
    asgi_result (*post)(asgi_id id, asgi_then then, void *context);

    /* Runs a job on the host's thread pool, where it may block. [any]
     *
     *   job      Called on a thread of the pool. Gets ASGI_DONE; ASGI_CANCELLED if the scope has ended before it began.
     *            A job that runs when the scope ends is not interrupted.
     *
     * Returns
     *   ASGI_PENDING  `job` follows.
     *   ASGI_FULL     The queue of the pool is full (--limit-blocking), or the system has no thread. */
    asgi_result (*spawn)(asgi_id id, asgi_then job, void *context);

    /* Starts a timer. [any]
     *
     *   microseconds  The time after which `then` is called; at most ten years.
     *   then          Called on the scope's loop, never inside this call; for the lifespan scope on one event loop,
     *                 always the same. Gets ASGI_DONE; ASGI_CANCELLED if the scope has ended or the timer was cancelled
     *                 before.
     *   timer         Receives the number of the timer, for cancel, before `then` can run; may be NULL.
     *
     * Returns
     *   ASGI_PENDING  `then` follows. */
    asgi_result (*after)(asgi_id id, uint64_t microseconds, asgi_then then, void *context, uint64_t *timer);

    /* Moves a timer that has not run yet. [any] Its completion is not called for the earlier time.
     *
     *   timer         The number that `after` has given.
     *   microseconds  The time from now after which its completion is called.
     *
     * Returns
     *   ASGI_DONE     Moved.
     *   ASGI_INVALID  The scope has no such timer, or it has run already. */
    asgi_result (*move)(asgi_id id, uint64_t timer, uint64_t microseconds);

    /* Cancels a timer, a watch of asgi.loop/1 or a notice of asgi.shutdown/1. [any] Its completion gets ASGI_CANCELLED,
     * never inside this call. The completion of a persistent watch that is cancelled on its own loop is not called any
     * more.
     *
     *   timer    The number that after, watch or notice has given.
     *
     * Returns
     *   ASGI_DONE     Cancelled.
     *   ASGI_INVALID  The scope has no such timer, or it has run already. */
    asgi_result (*cancel)(asgi_id id, uint64_t timer);

    /* Returns a value of the application's settings. [any]
     *
     *   key      The dotted key: "pages.size" is `size` below `pages`. The empty key: all settings, as a JSON object.
     *            "roost.folder": the folder of the module's file. "roost.settings": the absolute path of the settings
     *            file, NULL if there is none.
     *
     * Returns the value: a string as it was written, any other value as JSON. NULL if there is no such key, or the
     * scope has ended. It belongs to the host, and is valid until the application's generation ends. */
    const asgi_string *(*setting)(asgi_id id, const asgi_string *key);

    /* Returns the function table of an extension. [any]
     *
     *   name     The name with its revision: "asgi.loop/1".
     *
     * Returns the table, valid for the life of the process. NULL if this host does not have it, or the scope has
     * ended. */
    const void *(*extension)(asgi_id id, const asgi_string *name);

    /* Well-known names of header fields ("host", "content-type", ...), without duplicates. The name of a request header
     * field that is one of them points at its bytes here, so that a module can recognize it by its address. The bytes of
     * all names are one block of memory, which begins with the first name and ends with the last. Valid for the life of
     * the process. */
    const asgi_string *field_names;
    size_t field_name_count;
};

/* ---- Exports of a module --------------------------------------------------------------------------------------- */

/* The application. Required. The host calls it once for each scope: on [loop], for the lifespan scope on [control],
 * with ASGI_BLOCKING on a thread of the pool.
 *
 *   scope    The scope.
 *   receive  Gets the events of this scope.
 *   send     Sends the events of this scope.
 *
 * Returns
 *   ASGI_DONE     The application has finished with the scope, which ends here.
 *   ASGI_PENDING  The application continues, and ends the scope later with host->finish.
 *   ASGI_GONE     The client had disconnected. The scope ends; the host does not log it as a failure.
 *   Below zero    The application has failed (it raised an exception). The scope ends.
 *
 * A request that ends without a response gets 500. If its response header was sent but the body is not complete, the
 * host closes the connection, so that the client does not take a part for the whole. A WebSocket that is open is closed
 * with 1000, or with 1011 after a failure.
 *
 * Lifespan scope: ASGI_UNSUPPORTED before the first receive means that the application has no lifespan. Any other
 * failure before the startup is complete refuses the start. Save data and close files at lifespan.shutdown: the host
 * ends its process without running destructors and atexit(3) functions, since threads may still run. (`roost serve
 * --exit-handlers` runs them after all shutdowns, for tools that measure coverage or leaks.) */
ASGI_EXPORT asgi_result application(const asgi_scope *scope, asgi_receive receive, asgi_send send);

/* Flags of a module. */
#define ASGI_BLOCKING 1u           /* HTTP scopes are called on the thread pool, and may block; 503 if it is full    */
#define ASGI_BLOCKING_WEBSOCKET 2u /* the same for WebSocket scopes                                                  */
#define ASGI_ONE_LOOP 4u           /* all scopes live on one event loop: the host must have one (--threads 1)         */
#define ASGI_RELOAD_PROCESS 8u     /* a new generation needs a new process: Go, CPython                              */

/* The description of a module. It belongs to the module, is constant, and valid for the life of the process. */
typedef struct asgi_module {
    uint32_t size;
    uint32_t abi;         /* ASGI_ABI                                                                                */
    uint32_t draft;       /* ASGI_DRAFT                                                                              */
    uint32_t flags;       /* ASGI_BLOCKING, ...; 0 for none                                                          */
    asgi_string name;     /* "wiki"                                                                                  */
    asgi_string version;  /* "1.4.2"                                                                                 */
    asgi_string settings; /* the settings module to use if no other is named: "wiki.settings"; may be empty          */

    /* Returns an extension that the module offers to the host. [any] May be NULL.
     *
     *   name     The name with its revision, "asgi.state/1"; borrowed for the call.
     *
     * Returns the table of the extension, valid for the life of the process; NULL if the module does not offer it. */
    const void *(*extension)(const asgi_string *name);
} asgi_module;

/* Returns the description of the module; never NULL. Optional. [any] (A function, since some languages cannot export
 * data.)
 *
 * The host calls it when it loads the module, and before that in a child process: it must do nothing but return. A
 * module without it has no name and no flags. The host takes it for a module of the oldest ABI that is not a draft;
 * while all are drafts, of the host's own draft. */
ASGI_EXPORT const asgi_module *asgi_module_info(void);

#ifdef __cplusplus
}
#endif

/* ---- Extensions and helpers: a header for each, so that a module includes this one only ------------------------ */

#include "asgi_applications.h"
#include "asgi_broadcast.h"
#include "asgi_helpers.h"
#include "asgi_loop.h"
#include "asgi_shutdown.h"
#include "asgi_state.h"

#endif
