/* WebSockets in the synchronous style. Each path is one case and records results. Compiled with LOOP, the module is
 * called on the loop, where no call waits. GET /log returns what was recorded. SPDX-License-Identifier: Apache-2.0 */
#include "Notes.h"
#include <stdlib.h>
#include <string.h>

static asgi_result accept_with(const asgi_scope *scope, asgi_send send, const char *subprotocol, const asgi_header *headers,
                               size_t count)
{
    asgi_event event = asgi_event_of(ASGI_WEBSOCKET_ACCEPT);
    event.text = asgi_text(subprotocol);
    event.headers = headers;
    event.header_count = count;
    return send(scope->id, &event, NULL, NULL);
}

static asgi_result accept_plainly(const asgi_scope *scope, asgi_send send) { return accept_with(scope, send, "", NULL, 0); }

static asgi_result send_message(const asgi_scope *scope, asgi_send send, asgi_string bytes, uint32_t flags)
{
    asgi_event event = asgi_event_of(ASGI_WEBSOCKET_SEND);
    event.body = bytes;
    event.flags = flags;
    return send(scope->id, &event, NULL, NULL);
}

static asgi_result send_close(const asgi_scope *scope, asgi_send send, int32_t code, const char *reason)
{
    asgi_event event = asgi_event_of(ASGI_WEBSOCKET_CLOSE);
    event.code = code;
    event.text = asgi_text(reason);
    return send(scope->id, &event, NULL, NULL);
}

static asgi_result start_response(const asgi_scope *scope, asgi_send send, int32_t status)
{
    static const asgi_header type = {ASGI_STRING("content-type"), ASGI_STRING("text/plain")};
    asgi_event event = asgi_event_of(ASGI_WEBSOCKET_HTTP_RESPONSE_START);
    event.status = status;
    event.headers = &type;
    event.header_count = 1;
    return send(scope->id, &event, NULL, NULL);
}

static asgi_result send_body(const asgi_scope *scope, asgi_send send, const char *text, uint32_t flags)
{
    asgi_event event = asgi_event_of(ASGI_WEBSOCKET_HTTP_RESPONSE_BODY);
    event.body = asgi_text(text);
    event.flags = flags;
    return send(scope->id, &event, NULL, NULL);
}

/* Receives an event and records it; blocks if the module may block. */
static asgi_result receive_noted(const asgi_scope *scope, asgi_receive receive, asgi_event *event)
{
    asgi_result result = receive(scope->id, event, NULL, NULL);
    if (result != ASGI_DONE) return note_result("receive", result);
    switch (event->type) {
    case ASGI_WEBSOCKET_CONNECT: note("connect\n"); break;
    case ASGI_WEBSOCKET_RECEIVE:
        note("%s of %zu\n", event->flags & ASGI_TEXT ? "text" : "binary", event->body.size);
        break;
    case ASGI_WEBSOCKET_DISCONNECT:
        note("disconnect %d '%.*s'\n", event->code, (int)event->text.size, event->text.data);
        break;
    default: note("event %x\n", event->type);
    }
    return result;
}

static asgi_result echo(const asgi_scope *scope, asgi_receive receive, asgi_send send)
{
    asgi_event event = asgi_event_of(0);
    while (receive_noted(scope, receive, &event) == ASGI_DONE) {
        if (event.type == ASGI_WEBSOCKET_CONNECT) accept_plainly(scope, send);
        if (event.type == ASGI_WEBSOCKET_RECEIVE) send_message(scope, send, event.body, event.flags);
        if (event.type == ASGI_WEBSOCKET_DISCONNECT) break;
    }
    note_result("send-after", send_message(scope, send, asgi_text("late"), 0));
    note_result("close-after", send_close(scope, send, 1000, ""));
    receive_noted(scope, receive, &event);
    note("end\n");
    return ASGI_DONE;
}

/* All events that are out of order, as far as possible without waiting. */
static asgi_result order(const asgi_scope *scope, asgi_receive receive, asgi_send send)
{
    static const asgi_header own = {ASGI_STRING("sec-websocket-accept"), ASGI_STRING("x")},
                             split = {ASGI_STRING("x"), ASGI_STRING("a\r\nb")},
                             good = {ASGI_STRING("x-test"), ASGI_STRING("1")};
    asgi_event http = asgi_event_of(ASGI_HTTP_RESPONSE), event = asgi_event_of(0);
    size_t at;
    char reason[125];
    memset(reason, 'r', sizeof reason - 1);
    reason[124] = 0;
    http.status = 200;
    note("scheme=%.*s method='%.*s' type=%u\n", (int)scope->scheme.size, scope->scheme.data, (int)scope->method.size,
         scope->method.data, scope->type);
    for (at = 0; at < scope->subprotocol_count; at++)
        note("offered=%.*s\n", (int)scope->subprotocols[at].size, scope->subprotocols[at].data);
    for (at = 0; at < scope->extension_count; at++)
        note("extension=%.*s\n", (int)scope->extensions[at].size, scope->extensions[at].data);
    note_result("send-before", send_message(scope, send, asgi_text("x"), 0));
    note_result("body-before", send_body(scope, send, "x", 0));
    note_result("http", send(scope->id, &http, NULL, NULL));
    note_result("subprotocol-other", accept_with(scope, send, "other", NULL, 0));
    note_result("header-own", accept_with(scope, send, "", &own, 1));
    note_result("header-split", accept_with(scope, send, "", &split, 1));
    note_result("accept", accept_with(scope, send, "second", &good, 1));
    note_result("accept-twice", accept_plainly(scope, send));
    note_result("response-late", start_response(scope, send, 401));
    receive_noted(scope, receive, &event);
    note_result("send-not-utf8", send_message(scope, send, asgi_text("\xff"), ASGI_TEXT));
    note_result("send-flags", send_message(scope, send, asgi_text("x"), ASGI_MORE));
    note_result("send", send_message(scope, send, asgi_text("good"), ASGI_TEXT));
    note_result("close-1005", send_close(scope, send, 1005, ""));
    note_result("close-999", send_close(scope, send, 999, ""));
    note_result("close-long", send_close(scope, send, 1000, reason));
    note_result("close-not-utf8", send_close(scope, send, 1000, "\xff"));
    reason[123] = 0;
    note_result("close", send_close(scope, send, 4001, reason));
    note_result("close-twice", send_close(scope, send, 1000, ""));
    note_result("send-closed", send_message(scope, send, asgi_text("x"), 0));
    note_result("alive", scope->host->alive(scope->id));
    receive_noted(scope, receive, &event);
    note("end\n");
    return ASGI_DONE;
}

static asgi_result reject(const asgi_scope *scope, asgi_receive receive, asgi_send send, int with_response)
{
    asgi_event event = asgi_event_of(0);
    receive_noted(scope, receive, &event);
    if (with_response) {
        note_result("start", start_response(scope, send, 401));
        note_result("accept", accept_plainly(scope, send));
        note_result("close", send_close(scope, send, 1000, ""));
        note_result("body", send_body(scope, send, "who ", ASGI_MORE));
        note_result("body", send_body(scope, send, "are you?", 0));
    } else {
        note_result("close", send_close(scope, send, 1000, ""));
        note_result("accept", accept_plainly(scope, send));
    }
    receive_noted(scope, receive, &event);
    note("end\n");
    return ASGI_DONE;
}

/* Sends more than the client reads, one MiB at a time. */
static asgi_result flood(const asgi_scope *scope, asgi_send send)
{
    static char mebibyte[1 << 20];
    asgi_string bytes = {mebibyte, sizeof mebibyte};
    asgi_result result;
    accept_plainly(scope, send);
    do result = send_message(scope, send, bytes, 0);
    while (result >= 0);
    note_result("flood", result);
    note("end\n");
    return ASGI_DONE;
}

/* Accepts, and receives nothing until GET /open. */
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t opened = PTHREAD_COND_INITIALIZER;
static int is_open;

static asgi_result wait_at_gate(const asgi_scope *scope, asgi_receive receive, asgi_send send)
{
    asgi_event event = asgi_event_of(0);
    size_t bytes = 0;
    accept_plainly(scope, send);
    pthread_mutex_lock(&gate);
    while (!is_open) pthread_cond_wait(&opened, &gate);
    is_open = 0;
    pthread_mutex_unlock(&gate);
    while (receive(scope->id, &event, NULL, NULL) == ASGI_DONE && event.type != ASGI_WEBSOCKET_DISCONNECT)
        bytes += event.body.size;
    note("bytes %zu, disconnect %d\nend\n", bytes, event.code);
    return ASGI_DONE;
}

static asgi_result open_gate(const asgi_scope *scope, asgi_send send)
{
    pthread_mutex_lock(&gate);
    is_open = 1;
    pthread_cond_signal(&opened);
    pthread_mutex_unlock(&gate);
    return asgi_respond(scope, send, 200, "text/plain", asgi_text("opened"));
}

asgi_result application(const asgi_scope *scope, asgi_receive receive, asgi_send send)
{
    asgi_string path = asgi_path(scope);
    if (scope->type == ASGI_HTTP && asgi_equal(path, "/open")) return open_gate(scope, send);
    if (scope->type == ASGI_HTTP) return answer_notes(scope, send);
    if (scope->type != ASGI_WEBSOCKET) return ASGI_UNSUPPORTED;
    if (asgi_equal(path, "/echo")) return echo(scope, receive, send);
    if (asgi_equal(path, "/order")) return order(scope, receive, send);
    if (asgi_equal(path, "/reject")) return reject(scope, receive, send, 0);
    if (asgi_equal(path, "/response")) return reject(scope, receive, send, 1);
    if (asgi_equal(path, "/return-before")) return ASGI_DONE;
    if (asgi_equal(path, "/raise-before")) return ASGI_FAILED;
    if (asgi_equal(path, "/unsupported")) return ASGI_UNSUPPORTED;
    if (asgi_equal(path, "/half-response")) return start_response(scope, send, 401), ASGI_DONE;
    if (asgi_equal(path, "/flood")) return flood(scope, send);
    if (asgi_equal(path, "/gate")) return wait_at_gate(scope, receive, send);
    accept_plainly(scope, send);
    return asgi_equal(path, "/raise-after") ? ASGI_FAILED : ASGI_DONE;
}

const asgi_module *asgi_module_info(void)
{
#ifdef LOOP
    enum { flags = 0 };
#else
    enum { flags = ASGI_BLOCKING_WEBSOCKET };
#endif
    static const asgi_module module = {sizeof module,          ASGI_ABI,            ASGI_DRAFT,       flags,
                                       ASGI_STRING("sockets"), ASGI_STRING("1.0"), ASGI_STRING(""), NULL};
    return &module;
}
