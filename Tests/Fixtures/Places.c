/* Responds with its mount and the request: "root_path|path|raw_path|asgi_path|title|version"; `title` is a setting.
 * With the title "refuse" the module does not start. /hold waits until asgi.shutdown/1 announces the shutdown; /who
 * returns the user and $PLACE. SPDX-License-Identifier: Apache-2.0 */
#include <asgi.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char const *version = VERSION;

typedef struct held {
    asgi_send send;
    const asgi_host *host;
} held;

static void released(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    held *h = (held *)context;
    asgi_event answer = asgi_event_of(ASGI_HTTP_RESPONSE);
    (void)event;
    answer.status = 200;
    answer.body = asgi_text(result == ASGI_DONE ? "released" : "cancelled");
    h->send(id, &answer, NULL, NULL);
    h->host->finish(id, ASGI_DONE);
    free(h);
}

typedef struct life {
    const asgi_scope *scope;
    asgi_receive receive;
    asgi_send send;
} life;

/* Replies to an event. Returns 1 if another event follows. */
static int answer(life *l, const asgi_event *event)
{
    asgi_event answer = asgi_event_of(ASGI_LIFESPAN_SHUTDOWN_COMPLETE);
    if (event->type == ASGI_LIFESPAN_STARTUP) {
        asgi_string title = asgi_setting(l->scope, "title", "");
        answer.type = ASGI_LIFESPAN_STARTUP_COMPLETE;
        if (asgi_equal(title, "crash")) abort();
        if (asgi_equal(title, "refuse")) {
            answer.type = ASGI_LIFESPAN_STARTUP_FAILED;
            answer.text = asgi_text("'refuse' is not wanted");
            answer.body = asgi_text("title");
        }
    }
    l->send(l->scope->id, &answer, NULL, NULL);
    return answer.type == ASGI_LIFESPAN_STARTUP_COMPLETE;
}

static void came(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    life *l = (life *)context;
    asgi_event next = asgi_event_of(0);
    if (result == ASGI_DONE && answer(l, event)) {
        while ((result = l->receive(id, &next, came, l)) == ASGI_DONE && answer(l, &next)) {}
        if (result == ASGI_PENDING) return;
    }
    l->scope->host->finish(id, ASGI_DONE);
    free(l);
}

static asgi_result lifespan(const asgi_scope *scope, asgi_receive receive, asgi_send send)
{
    life *l = (life *)malloc(sizeof *l);
    asgi_event event = asgi_event_of(0);
    asgi_result result;
    *l = (life){scope, receive, send};
    while ((result = receive(scope->id, &event, came, l)) == ASGI_DONE && answer(l, &event)) {}
    if (result == ASGI_PENDING) return ASGI_PENDING;
    free(l);
    return ASGI_DONE;
}

asgi_result application(const asgi_scope *scope, asgi_receive receive, asgi_send send)
{
    char text[4096];
    asgi_string path = asgi_path(scope), title = asgi_setting(scope, "title", "none");
    if (scope->type == ASGI_LIFESPAN) return lifespan(scope, receive, send);
    if (scope->type != ASGI_HTTP) return ASGI_UNSUPPORTED;
    if (asgi_equal(path, "/crash")) abort();
    if (asgi_equal(path, "/who")) {
        snprintf(text, sizeof text, "%d %s", (int)geteuid(), getenv("PLACE") ? getenv("PLACE") : "none");
        return asgi_respond(scope, send, 200, "text/plain", asgi_text(text));
    }
    if (asgi_equal(path, "/hold")) {
        asgi_string name = asgi_text("asgi.shutdown/1");
        const asgi_shutdown *shutdown = (const asgi_shutdown *)scope->host->extension(scope->id, &name);
        held *h = (held *)malloc(sizeof *h);
        *h = (held){send, scope->host};
        return shutdown->notice(scope->id, released, h, NULL);
    }
    snprintf(text, sizeof text, "%.*s|%.*s|%.*s|%.*s|%.*s|%s", (int)scope->root_path.size, scope->root_path.data,
             (int)scope->path.size, scope->path.data, (int)scope->raw_path.size, scope->raw_path.data, (int)path.size,
             path.data, (int)title.size, title.data, version);
    return asgi_respond(scope, send, 200, "text/plain; charset=utf-8", asgi_text(text));
}
