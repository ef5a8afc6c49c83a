/* The module that the tests ask. Each path is one case. SPDX-License-Identifier: Apache-2.0 */
#include "Routes.h"

#ifndef VERSION
#define VERSION "1"
#endif

void say(const asgi_scope *scope, const char *word, size_t number)
{
    char line[512];
    snprintf(line, sizeof line, "%s %.*s?%.*s %zu", word, (int)scope->path.size, scope->path.data,
             (int)scope->query_string.size, scope->query_string.data ? scope->query_string.data : "", number);
    asgi_log(scope, ASGI_LOG_INFO, line);
}

static asgi_result show_scope(call *c)
{
    asgi_string text = scope_text(c->scope);
    asgi_result result = asgi_respond(c->scope, c->send, 200, "application/json", text);
    free((char *)text.data);
    return result;
}

static asgi_result version(call *c)
{
    return asgi_respond(c->scope, c->send, 200, "text/plain", asgi_text(VERSION));
}

static asgi_result fail(call *c)
{
    (void)c;
    return ASGI_FAILED;
}

/* ---- /wait: until the client disconnects ------------------------------------------------------------------------ */

static void wait_received(void *context, asgi_id id, asgi_result result, const asgi_event *event);

static void wait_on(call *c, asgi_result result, const asgi_event *event)
{
    asgi_event next = asgi_event_of(0);
    while (result == ASGI_DONE && event->type == ASGI_HTTP_REQUEST) {
        event = &next;
        result = c->receive(c->scope->id, &next, wait_received, c);
    }
    if (result == ASGI_PENDING) return;
    say(c->scope, "disconnected", 0);
    over(c, ASGI_GONE);
}

static void wait_received(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    (void)id;
    wait_on(context, result, event);
}

static void wait(call *c)
{
    asgi_event first = asgi_event_of(ASGI_HTTP_REQUEST);
    wait_on(c, ASGI_DONE, &first);
}

static void echo(call *c) { echo_on(c, ASGI_DONE); }

/* ---- The table -------------------------------------------------------------------------------------------------- */

/* A route either returns its result, or continues by itself. */
static const struct {
    const char *path;
    asgi_result (*run)(call *c);
    void (*begin)(call *c);
} routes[] = {
    {"/version", version, NULL}, {"/size", size, NULL}, {"/file", file, NULL}, {"/hints", hints, NULL},
    {"/trailers", trailers, NULL}, {"/fields", fields, NULL}, {"/nothing", nothing, NULL}, {"/cut", NULL, cut},
    {"/fail", fail, NULL}, {"/parts", NULL, parts}, {"/echo", NULL, echo}, {"/slow", NULL, slow},
    {"/release", NULL, release_slow}, {"/wait", NULL, wait}};

asgi_result application(const asgi_scope *scope, asgi_receive receive, asgi_send send)
{
    asgi_string path = asgi_path(scope);
    asgi_result (*run)(call *) = show_scope;
    void (*begin)(call *) = NULL;
    asgi_result result;
    call *c;
    if (scope->type == ASGI_LIFESPAN) return ASGI_UNSUPPORTED;
    c = calloc(1, sizeof *c);
    *c = (call){.scope = scope, .receive = receive, .send = send};
    if (scope->type == ASGI_WEBSOCKET) {
        socket_on(c, ASGI_DONE);
        return ASGI_PENDING;
    }
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        if (asgi_equal(path, routes[i].path)) run = routes[i].run, begin = routes[i].begin;
    }
    if (begin) {
        begin(c);
        return ASGI_PENDING;
    }
    result = run(c);
    free(c);
    /* A response that waits for its client is complete for the application. */
    return result == ASGI_PENDING ? ASGI_DONE : result;
}
