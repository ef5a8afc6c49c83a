/* Wraps another application. SPDX-License-Identifier: Apache-2.0
 *
 * Passes every request on. The query tells what else it does: wrap=deny, wrap=headers and so on. Without one, it sends
 * the beginning of each response on as it is; compiled with OBSERVE, it leaves that to the host. */
#include <asgi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct request {
    const asgi_scope *scope;
    asgi_receive receive;
    asgi_send send;
    asgi_event event;
    asgi_result second; /* of the second call, for wrap=twice */
    char mode[32];
} request;

static const asgi_applications *applications_of(const asgi_scope *scope)
{
    static const asgi_string name = ASGI_STRING("asgi.applications/1");
    return scope->host->extension(scope->id, &name);
}

#ifdef OBSERVE
static const int observes = 1;
#else
static const int observes = 0;
#endif

static int is(const request *r, const char *mode) { return strcmp(r->mode, mode) == 0; }

static asgi_result say(const request *r, const char *what, int number)
{
    char text[64];
    snprintf(text, sizeof text, "%s %d", what, number);
    return asgi_respond(r->scope, r->send, 200, "text/plain", asgi_text(text));
}

static void report(const request *r, const char *what, int number)
{
    char text[64];
    snprintf(text, sizeof text, "%s %d", what, number);
    asgi_log(r->scope, ASGI_LOG_INFO, text);
}

static void ended(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    request *r = context;
    (void)id, (void)event;
    if (is(r, "ended")) report(r, "wrapped scope ended", result);
    free(r);
}

static void started(void *context, asgi_id id, const asgi_event *event, asgi_send send)
{
    request *r = context;
    asgi_event changed = *event;
    asgi_header headers[64];
    if (observes || is(r, "observe") || event->header_count > 60) return;
    if (*r->mode && event->header_count) memcpy(headers, event->headers, event->header_count * sizeof *headers);
    if (is(r, "status") || is(r, "receiving")) {
        changed.status = 202;
        headers[changed.header_count].name = asgi_text("x-wrapped");
        headers[changed.header_count++].value = asgi_text("yes");
        changed.headers = headers;
    }
    if (is(r, "twice")) {
        char text[16];
        snprintf(text, sizeof text, "%d", r->second);
        headers[changed.header_count].name = asgi_text("x-second");
        headers[changed.header_count++].value = asgi_text(text);
        changed.headers = headers;
        send(id, &changed, NULL, NULL);
        asgi_event body = asgi_event_of(ASGI_HTTP_RESPONSE_BODY);
        report(r, "sent again", send(id, &changed, NULL, NULL));
        report(r, "sent a body", send(id, &body, NULL, NULL));
        return;
    }
    if (is(r, "broken")) {
        headers[changed.header_count].name = asgi_text("x-broken");
        headers[changed.header_count++].value = asgi_text("a\r\nb");
        changed.headers = headers;
    }
    send(id, &changed, NULL, NULL);
}

static asgi_result pass(request *r)
{
    asgi_header headers[3];
    asgi_call call = {0};
    call.size = sizeof call;
    call.start = started;
    call.context = r;
    if (is(r, "headers") || is(r, "outer")) {
        headers[0].name = asgi_text("x-user");
        headers[0].value = asgi_text(is(r, "outer") ? "outer" : "alice");
        headers[1].name = asgi_text("cookie");
        headers[1].value.data = NULL;
        headers[1].value.size = 0;
        headers[2].name = asgi_text("accept");
        headers[2].value = asgi_text("x/y");
        call.headers = headers;
        call.header_count = 3;
    }
    return applications_of(r->scope)->call(r->scope->id, &call);
}

static void pass_in_job(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    (void)id, (void)event;
    if (result == ASGI_DONE) pass(context);
}

/* Calls from a job, and waits there until the scope has ended. */
static void pass_and_wait(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    request *r = context;
    (void)event;
    if (result != ASGI_DONE || pass(r) != ASGI_PENDING) return;
    asgi_event end = {.size = sizeof end};
    r->receive(id, &end, NULL, NULL);
}

static void received(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    (void)id;
    request *r = context;
    if (is(r, "wait") && event) report(r, "received", (int)event->type);
    else report(r, "not received", result);
}

static asgi_result refuse_field(request *r, const char *name, const char *value)
{
    asgi_header header = {asgi_text(name), asgi_text(value)};
    asgi_call call = {0};
    call.size = sizeof call;
    call.headers = &header;
    call.header_count = 1;
    return applications_of(r->scope)->call(r->scope->id, &call);
}

asgi_result application(const asgi_scope *scope, asgi_receive receive, asgi_send send)
{
    const char *query = scope->query_string.size ? scope->query_string.data : "";
    const char *given = scope->query_string.size ? memmem(query, scope->query_string.size, "wrap=", 5) : NULL;
    if (scope->type == ASGI_LIFESPAN) return ASGI_UNSUPPORTED;
    request *r = calloc(1, sizeof *r);
    r->scope = scope;
    r->receive = receive;
    r->send = send;
    r->event.size = sizeof r->event;
    if (given) {
        size_t size = (size_t)(query + scope->query_string.size - given - 5);
        snprintf(r->mode, sizeof r->mode, "%.*s", (int)size, given + 5);
    }
    scope->host->ended(scope->id, ended, r);
    if (is(r, "deny") && scope->type == ASGI_WEBSOCKET) {
        asgi_event close = asgi_event_of(ASGI_WEBSOCKET_CLOSE);
        return send(scope->id, &close, NULL, NULL);
    }
    if (is(r, "deny")) return asgi_respond(scope, send, 403, "text/plain", asgi_text("denied"));
    if (is(r, "none")) return say(r, "result", pass(r));
    if (is(r, "fields")) {
        static const char *const fields[][2] = {
            {"host", "x"}, {"content-length", "1"}, {"Transfer-Encoding", "chunked"}, {"sec-websocket-key", "x"},
            {"x y", "x"}, {"", "x"}, {"x", "a\nb"}, {"connection", "close"},
        };
        int refused = 0;
        for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
            refused += refuse_field(r, fields[i][0], fields[i][1]) == ASGI_INVALID;
        return say(r, "refused", refused);
    }
    if (is(r, "busy")) {
        receive(scope->id, &r->event, received, r);
        asgi_result first = receive(scope->id, &r->event, received, r);
        return say(r, first == ASGI_PENDING || first == ASGI_BUSY ? "result" : "no receive is pending", pass(r));
    }
    if (is(r, "late")) scope->host->spawn(scope->id, pass_in_job, r); /* at its own mount: nothing to call */
    if (is(r, "late")) return ASGI_PENDING;
    if (is(r, "receiving")) {
        asgi_result result = scope->host->spawn(scope->id, pass_and_wait, r);
        return result < 0 ? result : ASGI_PENDING;
    }
    if (is(r, "job")) {
        asgi_result result = scope->host->spawn(scope->id, pass_in_job, r);
        return result < 0 ? result : ASGI_PENDING;
    }
    asgi_result result = pass(r);
    if (result != ASGI_PENDING) return say(r, "result", result);
    if (is(r, "twice")) r->second = pass(r);
    if (is(r, "wait")) receive(scope->id, &r->event, received, r);
    if (is(r, "finish")) scope->host->finish(scope->id, ASGI_DONE);
    if (is(r, "done")) return ASGI_DONE;
    if (is(r, "fail")) return ASGI_FAILED;
    return result;
}
