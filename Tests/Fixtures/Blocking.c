/* A module in the synchronous style, which may block anywhere. SPDX-License-Identifier: Apache-2.0 */
#include <asgi.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t opened = PTHREAD_COND_INITIALIZER;
static int is_open;

/* Echoes the body in parts; receives and sends with blocking calls. */
static asgi_result echo(const asgi_scope *scope, asgi_receive receive, asgi_send send)
{
    asgi_event event = asgi_event_of(0), start = asgi_event_of(ASGI_HTTP_RESPONSE_START),
               part = asgi_event_of(ASGI_HTTP_RESPONSE_BODY);
    asgi_result result;
    start.status = 200;
    if ((result = send(scope->id, &start, NULL, NULL)) < 0) return result;
    do {
        if ((result = receive(scope->id, &event, NULL, NULL)) < 0) return result;
        if (event.type != ASGI_HTTP_REQUEST) return ASGI_GONE;
        part.body = event.body;
        part.flags = event.flags & ASGI_MORE;
        if ((result = send(scope->id, &part, NULL, NULL)) < 0) return result;
    } while (event.flags & ASGI_MORE);
    return ASGI_DONE;
}

/* Waits for another request, as for a database, and polls whether the client still waits. */
static asgi_result wait_for_another(const asgi_scope *scope, asgi_send send)
{
    pthread_mutex_lock(&lock);
    while (!is_open && scope->host->alive(scope->id) == ASGI_DONE) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += (until.tv_nsec += 10000000) / 1000000000;
        until.tv_nsec %= 1000000000;
        pthread_cond_timedwait(&opened, &lock, &until);
    }
    pthread_mutex_unlock(&lock);
    return asgi_respond(scope, send, 200, "text/plain", asgi_text("waited"));
}

static asgi_result open_gate(const asgi_scope *scope, asgi_send send, int open)
{
    pthread_mutex_lock(&lock);
    is_open = open;
    pthread_cond_broadcast(&opened);
    pthread_mutex_unlock(&lock);
    return asgi_respond(scope, send, 200, "text/plain", asgi_text("opened"));
}

asgi_result application(const asgi_scope *scope, asgi_receive receive, asgi_send send)
{
    asgi_string path = asgi_path(scope), name = asgi_text("asgi.loop/1");
    if (scope->type != ASGI_HTTP) return ASGI_UNSUPPORTED;
    if (((const asgi_loop *)scope->host->extension(scope->id, &name))->current() >= 0)
        return asgi_respond(scope, send, 500, "text/plain", asgi_text("called on a loop"));
    if (asgi_equal(path, "/echo")) return echo(scope, receive, send);
    if (asgi_equal(path, "/wait")) return wait_for_another(scope, send);
    if (asgi_equal(path, "/open")) return open_gate(scope, send, 1);
    if (asgi_equal(path, "/close")) return open_gate(scope, send, 0);
    if (asgi_equal(path, "/finish")) {
        asgi_respond(scope, send, 200, "text/plain", asgi_text("finished"));
        scope->host->finish(scope->id, ASGI_DONE);
        return scope->path.size == 7 ? ASGI_PENDING : ASGI_FAILED; /* the scope is still valid */
    }
    if (asgi_equal(path, "/none")) return ASGI_DONE;
    if (asgi_equal(path, "/fail")) return ASGI_FAILED;
    return asgi_respond(scope, send, 404, "text/plain", asgi_text("Not Found"));
}

const asgi_module *asgi_module_info(void)
{
    static const asgi_module module = {sizeof module, ASGI_ABI, ASGI_DRAFT, ASGI_BLOCKING, ASGI_STRING("blocking"),
                                       ASGI_STRING("1"), ASGI_STRING(""), NULL};
    return &module;
}
