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
 * The words are ASGI's (https://asgi.readthedocs.io, version 3.0): the host calls `application` once for every scope, a
 * request, a WebSocket, or the lifespan of the application; the application takes events with `receive` and gives
 * events with `send`. This header is the whole contract, and these comments are its manual. It includes a header for each
 * extension (asgi_loop.h, asgi_broadcast.h, asgi_shutdown.h, asgi_state.h) and asgi_helpers.h, so one #include suffices.
 *
 * THREADS. Each function says who may call it:
 *   [loop]     the event-loop thread that the scope lives on: where `application` and completions of requests run.
 *              It must never block: all other connections of that loop would wait.
 *   [control]  the application's control thread: where the lifespan scope is called. Blocking is fine there. With
 *              ASGI_ONE_LOOP it is the application's loop instead, and must not block.
 *   [any]      any thread at any time, also after the scope has ended (the answer is then ASGI_STALE).
 *
 * OWNERS. What a pointer points at is borrowed unless its comment says otherwise, and its comment says until when.
 * Neither side frees the other side's memory. No C++ exception, no panic and no longjmp crosses the interface.
 *
 * NO RE-ENTRANCY. The host calls nothing of the module from inside a host function on the same thread. (A call from a
 * foreign thread may be completed on the loop before the caller has its answer: publish what `context` points at first.)
 *
 * GROWTH. asgi_string and asgi_header never change. Every other struct begins with its size and only grows at its end:
 * set `size` to sizeof the struct in what you hand over; ask ASGI_HAS before reading a field that was added later. A
 * struct that is larger than the reader knows is accepted; what is missing reads as zero. Unknown event types and flags
 * that you receive are to be ignored; unknown ones that you send are answered with ASGI_UNSUPPORTED.
 */
#ifndef ASGI_H
#define ASGI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version of this contract. A host refuses a module of another ABI. Version 0 is a draft: while it lasts,
 * ASGI_DRAFT is raised by every incompatible change, and a host refuses another draft too. */
#define ASGI_ABI 0
#define ASGI_DRAFT 3

#if defined(__GNUC__) || defined(__clang__)
#define ASGI_EXPORT __attribute__((visibility("default")))
#else
#define ASGI_EXPORT
#endif

/* ---- Results --------------------------------------------------------------------------------------------------- */

typedef int32_t asgi_result;

#define ASGI_DONE 0           /* it is done; no completion follows                                                   */
#define ASGI_PENDING 1        /* taken; the completion follows, exactly once                                         */
#define ASGI_STALE (-1)       /* the scope is over                                                                   */
#define ASGI_GONE (-2)        /* the client is gone; the scope still has to be ended                                 */
#define ASGI_CANCELLED (-3)   /* to a completion: the scope ended while this was outstanding                         */
#define ASGI_INVALID (-4)     /* not allowed here, or malformed: nothing was taken; of an event the log says why      */
#define ASGI_UNSUPPORTED (-5) /* this host, or this connection, does not have it; nothing was taken                  */
#define ASGI_BUSY (-6)        /* a receive is outstanding already                                                    */
#define ASGI_FULL (-7)        /* a limit is reached; nothing was taken                                               */
#define ASGI_WOULD_BLOCK (-8) /* nothing is there, and this thread may not wait                                      */
#define ASGI_FAILED (-9)      /* it failed; what an application returns for "an exception was raised"                */

/* ---- Strings and headers: these two never grow ----------------------------------------------------------------- */

/* Bytes, not NUL-terminated. `data` may be NULL when `size` is 0. */
typedef struct asgi_string {
    const char *data;
    size_t size;
} asgi_string;

/* A header field. Names are lower-case, in requests and in responses; order and duplicates are kept. */
typedef struct asgi_header {
    asgi_string name;
    asgi_string value;
} asgi_header;

/* ---- Scopes, events, completions ------------------------------------------------------------------------------- */

/* The id of a scope: not a pointer. An id is never used twice in a process, 0 is never one, and an id whose scope is
 * over is answered with ASGI_STALE by every function: it may be kept for any length of time. */
typedef uint64_t asgi_id;

typedef struct asgi_event asgi_event;
typedef struct asgi_host asgi_host;

/* A completion. [loop] of the scope; for the lifespan scope [control].
 * context  what was passed with it.
 * result   ASGI_DONE, or why not: ASGI_GONE (a send whose client left), ASGI_CANCELLED (the scope ended first); to a
 *          receive from another thread than the scope's ASGI_BUSY.
 * event    of a receive that is ASGI_DONE: the event, valid until this returns; its bytes are valid until the next
 *          receive or the end of the scope. NULL otherwise.
 * It may call everything, also receive and send of the same scope. */
typedef void (*asgi_then)(void *context, asgi_id id, asgi_result result, const asgi_event *event);

/* receive: asks for the next event. [any]
 * event    the caller's, its `size` set; filled when the answer is ASGI_DONE. The host keeps no pointer to it. The
 *          bytes it points at are the host's, valid until the next receive or the end of the scope.
 * then     called with the event when the answer is ASGI_PENDING. One receive at a time: a second gets ASGI_BUSY.
 *          NULL: on a thread that is no loop of the host the call blocks until the event is there; on a loop it
 *          answers ASGI_WOULD_BLOCK when nothing is there.
 * On another thread than the scope's own and with a `then`, the answer is always ASGI_PENDING (or an error).
 * When the client is gone, and when the response is complete, the event is the disconnect, as often as asked.
 * The host reads from the client only what the application receives, plus one small window. A receive cannot be
 * cancelled: a caller that no longer waits keeps the event that comes for the next one. */
typedef asgi_result (*asgi_receive)(asgi_id id, asgi_event *event, asgi_then then, void *context);

/* send: gives an event. [any]
 * event    the caller's, valid for the call: headers and bodies are copied in it, unless the event carries `release`.
 * then     called when the answer is ASGI_PENDING: taken, but wait for it before sending more (back-pressure). A caller
 *          that does not wait may go on until a hard limit (1 MiB by default) is unsent: then ASGI_FULL, nothing is taken.
 *          One event of any size is taken whole while less than that is unsent. A response start never waits.
 *          NULL: on a thread that is no loop of the host the call blocks until it would have been called; on a loop it
 *          means "do not tell me".
 * ASGI_INVALID: an event out of order or malformed; the host's log names event and state. From another thread the order is
 * found out later: then the answer was ASGI_DONE or ASGI_PENDING, the log says what was wrong, `release` is called, and the
 * scope's next call from another thread is answered with ASGI_INVALID. */
typedef asgi_result (*asgi_send)(asgi_id id, const asgi_event *event, asgi_then then, void *context);

/* Types of scopes. A WebSocket of an application that has none, so that it answers ASGI_UNSUPPORTED, is rejected with 403. */
#define ASGI_HTTP 1u      /* one request                                   "http"      */
#define ASGI_WEBSOCKET 2u /* one WebSocket                                 "websocket" */
#define ASGI_LIFESPAN 3u  /* the application itself, from start to stop    "lifespan"  */

/* TLS facts of a connection (ASGI's tls extension 0.2). */
typedef struct asgi_tls {
    uint32_t size;
    uint32_t version;               /* 0x0303, 0x0304, ...; 0: not known                           */
    uint32_t cipher_suite;          /* 16-bit number of the IANA registry; 0: not known            */
    uint32_t client_chain_count;    /* certificates of the client, leaf first                      */
    asgi_string server_certificate; /* PEM, or empty                                               */
    const asgi_string *client_chain;
    asgi_string client_name;        /* RFC 4514 distinguished name, or empty                       */
    asgi_string client_error;       /* a certificate was given but did not verify: why             */
} asgi_tls;

/* A scope. The host's; it, its strings and its arrays are valid until the scope is over and the last of its completions
 * has returned. Texts are UTF-8 where ASGI says str, else bytes. */
typedef struct asgi_scope {
    uint32_t size;
    uint32_t type;               /* ASGI_HTTP, ...; return ASGI_UNSUPPORTED for one you do not know                  */
    asgi_id id;                  /* goes with every call about this scope                                            */
    const asgi_host *host;       /* valid for the life of the process; use the one that came with the scope at hand,
                                    and the lifespan's for what belongs to the application                           */
    void *state;                 /* what lifespan.startup.complete carried; NULL without one, and in the lifespan    */
    asgi_string asgi_version;    /* "3.0"                                                                            */
    asgi_string spec_version;    /* "2.5"; lifespan: "2.0"                                                           */
    asgi_string http_version;    /* "1.0", "1.1", "2", "3"                                                           */
    asgi_string method;          /* as received: letter case counts; empty for a WebSocket                           */
    asgi_string scheme;          /* "http", "https", "ws", "wss"                                                     */
    asgi_string path;            /* percent-decoded, UTF-8, begins with root_path                                    */
    asgi_string raw_path;        /* bytes as received, without the query: not decoded, and without the part of
                                    root_path that a proxy in front has removed (--root-path)                        */
    asgi_string query_string;    /* as received, without the '?'                                                     */
    asgi_string root_path;       /* where the application is mounted, "" or "/wiki"                                  */
    const asgi_header *headers;
    size_t header_count;
    asgi_string client_host;     /* address of the client; empty: not known (a Unix socket)                          */
    asgi_string server_host;     /* address the client reached, or the path of the Unix socket                       */
    int32_t client_port;         /* -1: none                                                                         */
    int32_t server_port;         /* -1: none (a Unix socket)                                                         */
    const asgi_string *subprotocols; /* of a WebSocket's client, in its order                                        */
    size_t subprotocol_count;
    const asgi_string *extensions;   /* ASGI's names of what this connection can do: "http.response.pathsend", ...   */
    size_t extension_count;
    const asgi_tls *tls;         /* NULL without TLS                                                                 */
} asgi_scope;

/* Types of events. Received of a request: */
#define ASGI_HTTP_REQUEST 0x101u     /* body, flags ASGI_MORE; headers: the trailers, with the last one               */
#define ASGI_HTTP_DISCONNECT 0x102u  /* the client is gone, or the response is complete                               */
/* sent: */
#define ASGI_HTTP_RESPONSE 0x110u       /* status, headers, body: a whole response in one event; nothing may follow   */
#define ASGI_HTTP_RESPONSE_START 0x111u /* status, headers, flags ASGI_TRAILERS; may be held back until the first body */
#define ASGI_HTTP_RESPONSE_BODY 0x112u  /* body, flags ASGI_MORE                                                      */
/* sent, where scope->extensions names them ("http.response.trailers", ...): */
#define ASGI_HTTP_RESPONSE_TRAILERS 0x113u     /* headers, flags ASGI_MORE                                            */
#define ASGI_HTTP_RESPONSE_EARLY_HINT 0x114u   /* headers: the links, each a value; their names are ignored           */
#define ASGI_HTTP_RESPONSE_PUSH 0x115u         /* text: the path; headers                                             */
#define ASGI_HTTP_RESPONSE_PATHSEND 0x116u     /* text: the absolute path of a file: the whole body                   */
#define ASGI_HTTP_RESPONSE_ZEROCOPYSEND 0x117u /* file, offset, count, flags ASGI_MORE: a part of the body            */
/* The files of both are regular ones; one that cannot be sent is answered with ASGI_FAILED, and nothing was taken.   */
#define ASGI_HTTP_RESPONSE_DEBUG 0x118u        /* body: JSON; for test clients only                                   */
/* received of a WebSocket: */
#define ASGI_WEBSOCKET_CONNECT 0x201u
#define ASGI_WEBSOCKET_RECEIVE 0x202u    /* body, flags ASGI_TEXT                                                     */
#define ASGI_WEBSOCKET_DISCONNECT 0x203u /* code, text: the reason                                                    */
/* sent: */
#define ASGI_WEBSOCKET_ACCEPT 0x210u /* text: the subprotocol, headers                                                */
#define ASGI_WEBSOCKET_SEND 0x211u   /* body, flags ASGI_TEXT                                                         */
#define ASGI_WEBSOCKET_CLOSE 0x212u  /* code (0 means 1000), text: the reason; before accept it rejects with 403      */
/* sent instead of accept, where scope->extensions names "websocket.http.response": */
#define ASGI_WEBSOCKET_HTTP_RESPONSE_START 0x213u /* status, headers                                                  */
#define ASGI_WEBSOCKET_HTTP_RESPONSE_BODY 0x214u  /* body, flags ASGI_MORE                                            */
/* received of the lifespan: */
#define ASGI_LIFESPAN_STARTUP 0x301u
#define ASGI_LIFESPAN_SHUTDOWN 0x302u
/* sent: */
#define ASGI_LIFESPAN_STARTUP_COMPLETE 0x310u  /* state: shown by every later scope of this application              */
#define ASGI_LIFESPAN_STARTUP_FAILED 0x311u    /* text: why; the start is refused with it. body: the key of the setting
                                                  at fault, or empty: the host then names its file and line            */
#define ASGI_LIFESPAN_SHUTDOWN_COMPLETE 0x312u
#define ASGI_LIFESPAN_SHUTDOWN_FAILED 0x313u   /* text: why                                                          */

/* Flags of events. */
#define ASGI_MORE 1u     /* more_body, more_trailers: this is not the last one        */
#define ASGI_TRAILERS 2u /* of a response start: trailers will follow the body        */
#define ASGI_TEXT 4u     /* of a WebSocket message: UTF-8 text, else binary           */

/* An event. Which fields a type uses stands beside the type; all others are zero. */
struct asgi_event {
    uint32_t size;
    uint32_t type;
    uint32_t flags;
    int32_t status;             /* HTTP status, 200 to 999 (1xx are the host's)                                      */
    int32_t code;               /* WebSocket close code                                                              */
    int32_t file;               /* a descriptor, duplicated in the call                                              */
    int64_t offset;             /* in `file`; -1: its current position, which moves past the bytes that are sent     */
    int64_t count;              /* bytes of `file`; -1: to its end                                                   */
    asgi_string body;
    asgi_string text;
    const asgi_header *headers;
    size_t header_count;
    void *state;
    /* Sent with a body: the body is borrowed instead of copied, and release(release_context) is called exactly once if
     * and only if the answer to send was not negative; on the scope's loop, never inside send, and also after the scope
     * has ended. */
    void (*release)(void *release_context);
    void *release_context;
};

/* ---- The host's functions -------------------------------------------------------------------------------------- */

/* Levels of log. */
#define ASGI_LOG_DEBUG 10
#define ASGI_LOG_INFO 20
#define ASGI_LOG_WARNING 30
#define ASGI_LOG_ERROR 40

struct asgi_host {
    uint32_t size;
    uint32_t abi;        /* ASGI_ABI of the host                    */
    asgi_string name;    /* "roost"                                 */
    asgi_string version; /* of the host                          */

    /* Writes a line to the host's log, with the application's name and the scope's id. [any]
     * message  UTF-8, borrowed for the call. A stale id is answered with ASGI_STALE; the line is written all the same. */
    asgi_result (*log)(asgi_id id, int32_t level, const asgi_string *message);

    /* Ends a scope whose `application` returned, or will return, ASGI_PENDING. [any]
     * result   ASGI_DONE: the coroutine returned; below zero: it raised; ASGI_GONE: the client had left.
     * The id is stale afterwards. Events that were sent before are delivered; pending calls complete with ASGI_CANCELLED. The
     * host ends a scope itself when its time is over; it reports that through pending calls only (a receive, a timer). */
    asgi_result (*finish)(asgi_id id, asgi_result result);

    /* Whether the client still waits for the response. [any] ASGI_DONE: yes. ASGI_GONE: the client left, or its response is
     * complete. ASGI_STALE. A cheap check for long computations. */
    asgi_result (*alive)(asgi_id id);

    /* Runs `then` with ASGI_DONE on the scope's loop, never inside this call. [any] ASGI_PENDING, or an error.
     * With the lifespan's id it runs on one loop, always the same: work of an application that belongs to no request. */
    asgi_result (*post)(asgi_id id, asgi_then then, void *context);

    /* Runs `job` with ASGI_DONE on the host's pool of threads, where blocking is fine. [any] ASGI_PENDING, ASGI_FULL when
     * the pool's queue is. Ended before it began, it is called there with ASGI_CANCELLED; a running one is left to
     * return. */
    asgi_result (*spawn)(asgi_id id, asgi_then job, void *context);

    /* Runs `then` with ASGI_DONE on the scope's loop after some milliseconds, never inside this call; with ASGI_CANCELLED
     * when the scope ends before. With the lifespan's id it runs on one loop, always the same, as with post. [any]
     * ASGI_PENDING, or an error.
     * timer    receives the timer's number, for cancel, before it can fire; may be NULL. */
    asgi_result (*after)(asgi_id id, uint64_t milliseconds, asgi_then then, void *context, uint64_t *timer);

    /* Cancels a timer, a watch of asgi.loop/1 or a notice of asgi.shutdown/1: its `then` is called with ASGI_CANCELLED, never
     * inside this call. [any] ASGI_DONE. ASGI_INVALID: the scope has no such timer, or no longer. */
    asgi_result (*cancel)(asgi_id id, uint64_t timer);

    /* A value of the application's settings. [any]
     * key      dotted: "pages.size" is `size` below `pages`; the empty key: all of them, as a JSON object.
     * Texts come as they are, everything else as JSON. NULL: there is none, or the scope is over. The host's, valid
     * until the application's generation ends. "roost.folder" is the folder of the module's file, "roost.settings" the
     * path of the settings module's file, from the root (NULL: there is no file). */
    const asgi_string *(*setting)(asgi_id id, const asgi_string *key);

    /* A table of functions by name and revision, "asgi.loop/1". [any] NULL: this host does not have it, or the scope is
     * over. Valid for the life of the process. */
    const void *(*extension)(asgi_id id, const asgi_string *name);
};

/* ---- What a module exports ------------------------------------------------------------------------------------- */

/* The application. Required. [loop]; the lifespan scope [control].
 * Returns ASGI_DONE: it is finished with the scope. ASGI_PENDING: it goes on, and ends the scope with host->finish.
 * Below zero: it raised. Ending a request without a response is answered with 500; ending it after the head was sent
 * but before its body was complete closes the connection, so that no client takes a part for the whole.
 * ASGI_GONE means that the client had left: it is no failure, and is not logged as one.
 * Lifespan: ASGI_UNSUPPORTED before anything was received means "without lifespan"; any other failure refuses the start.
 * The lifespan's shutdown is the place to save and to close: a host ends its process without destructors and functions of atexit(3), since
 * threads may still run; `roost serve --exit-handlers` runs them after all shutdowns, for tools that measure coverage or leaks. */
ASGI_EXPORT asgi_result application(const asgi_scope *scope, asgi_receive receive, asgi_send send);

/* Flags of a module. */
#define ASGI_BLOCKING 1u           /* HTTP scopes are called on the pool of threads, where blocking is fine          */
#define ASGI_BLOCKING_WEBSOCKET 2u /* WebSockets too                                                                 */
#define ASGI_ONE_LOOP 4u           /* all scopes live on one loop                                                    */
#define ASGI_RELOAD_PROCESS 8u     /* a new generation needs a new process: Go, CPython                              */

/* The description of a module. The module's, constant, valid for the life of the process. */
typedef struct asgi_module {
    uint32_t size;
    uint32_t abi;         /* ASGI_ABI                                                                                */
    uint32_t draft;       /* ASGI_DRAFT                                                                              */
    uint32_t flags;
    asgi_string name;     /* "wiki"                                                                                  */
    asgi_string version;  /* "1.4.2"                                                                                 */
    asgi_string settings; /* the settings module when nobody names another: "wiki.settings"; or empty               */
    /* Returns the extension that the module offers to the host under a name and revision ("asgi.state/1"); NULL: none. [any]
     * The name is borrowed; the result is valid for the life of the process. */
    const void *(*extension)(const asgi_string *name);
} asgi_module;

/* The description. Optional, a function since some languages cannot export data. [any]; called at load time, and in a
 * child process before that: it must not do anything but return. A module without one has no name and no flags, and is
 * taken to be of the oldest ABI that is not a draft; while there is none, of the host's draft. */
ASGI_EXPORT const asgi_module *asgi_module_info(void);

#ifdef __cplusplus
}
#endif

/* ---- Extensions and helpers: a header for each, so that a module includes this one only ------------------------ */

#include "asgi_broadcast.h"
#include "asgi_helpers.h"
#include "asgi_loop.h"
#include "asgi_shutdown.h"
#include "asgi_state.h"

#endif
