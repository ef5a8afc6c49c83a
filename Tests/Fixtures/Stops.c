/* asgi.shutdown/1: notices of the host's shutdown. GET /log returns what was recorded. /reported waits until the host
 * stops, and then responds with what was recorded. SPDX-License-Identifier: Apache-2.0 */
#include "Notes.h"
#include <stdlib.h>

static const asgi_shutdown *shutdown_of(const asgi_host *host, asgi_id id)
{
    asgi_string name = asgi_text("asgi.shutdown/1");
    return (const asgi_shutdown *)host->extension(id, &name);
}

typedef struct work {
    const asgi_host *host;
    asgi_id id;
    asgi_send send;
    const char *name;
} work;

static work *begin(const asgi_scope *scope, asgi_send send, const char *name)
{
    work *w = (work *)calloc(1, sizeof *w);
    *w = (work){scope->host, scope->id, send, name};
    return w;
}

static void reported(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    work *w = (work *)context;
    (void)id;
    (void)event;
    note_result(w->name, result);
    free(w);
}

/* The host is stopping: notices from here on complete at once. */
static void stopped(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    work *w = (work *)context;
    const asgi_shutdown *shutdown = shutdown_of(w->host, id);
    (void)event;
    note_result("reported", result);
    note_result("begun", shutdown->begun(id));
    if (w->name) {
        w->name = NULL;
        note_result("late", shutdown->notice(id, stopped, w, NULL));
        return;
    }
    {
        asgi_event answer = asgi_event_of(ASGI_HTTP_RESPONSE);
        answer.status = 200;
        answer.body = (asgi_string){notes, noted};
        w->send(id, &answer, NULL, NULL);
    }
    w->host->finish(id, ASGI_DONE);
    free(w);
}

asgi_result application(const asgi_scope *scope, asgi_receive receive, asgi_send send)
{
    const asgi_shutdown *shutdown = shutdown_of(scope->host, scope->id);
    (void)receive;
    if (scope->type == ASGI_LIFESPAN) {
        note_result("lifespan", shutdown->notice(scope->id, reported, begin(scope, send, "lifespan-reported"), NULL));
        return ASGI_UNSUPPORTED;
    }
    if (scope->type != ASGI_HTTP) return ASGI_UNSUPPORTED;
    if (asgi_equal(asgi_path(scope), "/log")) return answer_notes(scope, send);
    if (asgi_equal(asgi_path(scope), "/reported")) {
        note_result("before", shutdown->begun(scope->id));
        note_result("notice", shutdown->notice(scope->id, stopped, begin(scope, send, "first"), NULL));
        return ASGI_PENDING;
    }
    if (asgi_equal(asgi_path(scope), "/rules")) {
        uint64_t number = 0;
        note_result("no-then", shutdown->notice(scope->id, NULL, NULL, NULL));
        note_result("stale", shutdown->notice(1, reported, NULL, NULL));
        note_result("stale-begun", shutdown->begun(1));
        note_result("notice", shutdown->notice(scope->id, reported, begin(scope, send, "reported-cancelled"), &number));
        note_result("cancel", scope->host->cancel(scope->id, number));
        note_result("again", scope->host->cancel(scope->id, number));
        note_result("left", shutdown->notice(scope->id, reported, begin(scope, send, "reported-with-scope"), NULL));
        return asgi_respond(scope, send, 200, "text/plain", asgi_text("rules"));
    }
    return asgi_respond(scope, send, 404, "text/plain", asgi_text("not here"));
}
