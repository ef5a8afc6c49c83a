/* What the parts of the test module share. SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <asgi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One HTTP request or WebSocket. Lives until `over`. */
typedef struct call {
    const asgi_scope *scope;
    asgi_receive receive;
    asgi_send send;
    size_t count;       /* bytes received, or parts sent */
    size_t rest;        /* parts to be sent */
    int has_started;    /* the response was started, or the WebSocket accepted */
    int has_ended;      /* nothing more will be sent */
    struct call *asker; /* the request for /release that waits for the next part of this one */
    struct call *next;
} call;

static inline void over(call *c, asgi_result result)
{
    c->scope->host->finish(c->scope->id, result);
    free(c);
}

static inline int has_extension(const asgi_scope *scope, const char *name)
{
    for (size_t i = 0; i < scope->extension_count; i++)
        if (asgi_equal(scope->extensions[i], name)) return 1;
    return 0;
}

/* Logs a word with the path and the query of the scope: "disconnected /wait?7". */
void say(const asgi_scope *scope, const char *word, size_t number);

/* The scope as JSON, with a character for each byte. The caller frees its data. */
asgi_string scope_text(const asgi_scope *scope);

/* Responses, each by the path of its name. They return the result of the application. */
asgi_result size(call *c);
asgi_result file(call *c);
asgi_result hints(call *c);
asgi_result trailers(call *c);
asgi_result fields(call *c);
asgi_result nothing(call *c);

/* Calls that end by themselves. The result is that of the step before. */
void cut(call *c);
void parts(call *c);
void echo_on(call *c, asgi_result result);
void socket_on(call *c, asgi_result result);
void slow(call *c);
void release_slow(call *c);
