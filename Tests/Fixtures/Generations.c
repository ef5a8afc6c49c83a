/* A module that responds with the version of its file, which -DVERSION="1" sets. Compiled as C, or as C++ for features
 * that only C++ has. The compiler's command line defines the rest: -DSTARTUP=crash_here(), -DCONSTRUCTOR=crash_here(),
 * -DHEALTH=503, -DFLAGS=ASGI_RELOAD_PROCESS, -DSTATIC_TLS, -DUNIQUE, -DPART (calls part() of another library).
 *
 * GET / returns "version count process"; count is the number of requests to this image. /parts sends the version three
 * times, with pauses; /endless sends it until a send fails. A WebSocket replies to every message with the
 * version. SPDX-License-Identifier: Apache-2.0 */
#include <asgi.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#ifndef STARTUP
#define STARTUP (void)0
#endif
#ifndef CONSTRUCTOR
#define CONSTRUCTOR (void)0
#endif
#ifndef FLAGS
#define FLAGS 0
#endif
#ifndef HEALTH
#define HEALTH 200
#endif

static unsigned count;

#ifdef STATIC_TLS
static __thread int of_thread __attribute__((tls_model("initial-exec")));
#endif
#ifdef UNIQUE
template <class T> struct shared { static int value; };
template <class T> int shared<T>::value;
#endif
#ifdef PART
#ifdef __cplusplus
extern "C"
#endif
    const char *part(void);
#else
static const char *part(void) { return VERSION; }
#endif

void crash_here(void) { *(volatile int *)16 = 1; }

static int refuses;
void refuse(void) { refuses = 1; }

__attribute__((constructor)) static void construct(void) { CONSTRUCTOR; }

/* ---- Lifespan -------------------------------------------------------------------------------------------------- */

typedef struct life {
    const asgi_scope *scope;
    asgi_receive receive;
    asgi_send send;
} life;

static void came(void *context, asgi_id id, asgi_result result, const asgi_event *event);

static asgi_result live(life *l)
{
    asgi_event event = asgi_event_of(0);
    asgi_result result;
    while ((result = l->receive(l->scope->id, &event, came, l)) == ASGI_DONE) {
        asgi_event answer = asgi_event_of(ASGI_LIFESPAN_SHUTDOWN_COMPLETE);
        if (event.type == ASGI_LIFESPAN_STARTUP) {
            STARTUP;
            answer.type = refuses ? ASGI_LIFESPAN_STARTUP_FAILED : ASGI_LIFESPAN_STARTUP_COMPLETE;
            answer.text = asgi_text(refuses ? "there is no database" : "");
        }
        l->send(l->scope->id, &answer, NULL, NULL);
        if (answer.type != ASGI_LIFESPAN_STARTUP_COMPLETE) return ASGI_DONE;
    }
    return result;
}

static void came(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    life *l = (life *)context;
    const asgi_host *host = l->scope->host;
    asgi_event answer = asgi_event_of(ASGI_LIFESPAN_SHUTDOWN_COMPLETE);
    (void)event;
    if (result == ASGI_DONE) l->send(id, &answer, NULL, NULL);
    free(l);
    host->finish(id, ASGI_DONE);
}

static asgi_result begin(const asgi_scope *scope, asgi_receive receive, asgi_send send)
{
    life *l = (life *)malloc(sizeof *l);
    asgi_result result;
    l->scope = scope;
    l->receive = receive;
    l->send = send;
    result = live(l);
    if (result != ASGI_PENDING) free(l);
    return result;
}

/* ---- Responses in parts ------------------------------------------------------------------------------------------ */

typedef struct stream {
    const asgi_host *host;
    asgi_send send;
    unsigned left; /* parts; an endless stream starts at 0 and wraps */
} stream;

static void next(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    stream *s = (stream *)context;
    const asgi_host *host = s->host;
    asgi_event body = asgi_event_of(ASGI_HTTP_RESPONSE_BODY);
    (void)event;
    if (result == ASGI_DONE) {
        body.body = asgi_text(VERSION);
        s->left--;
        body.flags = s->left ? ASGI_MORE : 0;
        result = s->send(id, &body, NULL, NULL);
        if (result >= 0 && s->left) {
            host->after(id, 30000, next, s, NULL);
            return;
        }
    }
    free(s);
    host->finish(id, result < 0 ? ASGI_GONE : ASGI_DONE);
}

static asgi_result parts(const asgi_scope *scope, asgi_send send, unsigned left)
{
    asgi_event start = asgi_event_of(ASGI_HTTP_RESPONSE_START);
    stream *s = (stream *)malloc(sizeof *s);
    s->host = scope->host;
    s->send = send;
    s->left = left;
    start.status = 200;
    send(scope->id, &start, NULL, NULL);
    return scope->host->after(scope->id, 1000, next, s, NULL);
}

/* ---- WebSockets -------------------------------------------------------------------------------------------------- */

typedef struct talk {
    const asgi_host *host;
    asgi_receive receive;
    asgi_send send;
} talk;

static asgi_result answer(talk *t, asgi_id id, const asgi_event *event)
{
    asgi_event reply = asgi_event_of(ASGI_WEBSOCKET_ACCEPT);
    if (event->type == ASGI_WEBSOCKET_DISCONNECT) return ASGI_GONE;
    if (event->type == ASGI_WEBSOCKET_RECEIVE) {
        reply.type = ASGI_WEBSOCKET_SEND;
        reply.body = asgi_text(VERSION);
        reply.flags = ASGI_TEXT;
    }
    t->send(id, &reply, NULL, NULL);
    return ASGI_DONE;
}

static void said(void *context, asgi_id id, asgi_result result, const asgi_event *event);

static asgi_result go_on(talk *t, asgi_id id)
{
    asgi_event event = asgi_event_of(0);
    asgi_result result;
    do {
        result = t->receive(id, &event, said, t);
        if (result == ASGI_DONE) result = answer(t, id, &event);
    } while (result == ASGI_DONE);
    return result;
}

static void said(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    talk *t = (talk *)context;
    const asgi_host *host = t->host;
    if (result == ASGI_DONE) result = answer(t, id, event);
    if (result == ASGI_DONE) result = go_on(t, id);
    if (result == ASGI_PENDING) return;
    free(t);
    host->finish(id, ASGI_DONE);
}

static asgi_result talk_to(const asgi_scope *scope, asgi_receive receive, asgi_send send)
{
    talk *t = (talk *)malloc(sizeof *t);
    asgi_result result;
    t->host = scope->host;
    t->receive = receive;
    t->send = send;
    result = go_on(t, scope->id);
    if (result == ASGI_PENDING) return result;
    free(t);
    return ASGI_DONE;
}

asgi_result application(const asgi_scope *scope, asgi_receive receive, asgi_send send)
{
    char text[128];
    asgi_string path = asgi_path(scope);
    if (scope->type == ASGI_LIFESPAN) return begin(scope, receive, send);
    if (scope->type == ASGI_WEBSOCKET) return talk_to(scope, receive, send);
#ifdef STATIC_TLS
    of_thread++;
#endif
#ifdef UNIQUE
    shared<int>::value++;
#endif
    if (asgi_equal(path, "/crash")) crash_here();
    if (asgi_equal(path, "/healthz")) return asgi_respond(scope, send, HEALTH, "text/plain", asgi_text("ill"));
    if (asgi_equal(path, "/parts")) return parts(scope, send, 3);
    if (asgi_equal(path, "/endless")) return parts(scope, send, 0);
    snprintf(text, sizeof text, "%s %u %d", part(), ++count, (int)getpid());
    return asgi_respond(scope, send, 200, "text/plain", asgi_text(text));
}

const asgi_module *asgi_module_info(void)
{
    static const asgi_module module = {sizeof module, ASGI_ABI, ASGI_DRAFT, FLAGS, {NULL, 0}, {NULL, 0}, {NULL, 0}, NULL};
    return &module;
}
