/* WebSockets: an echo at every path but a few. SPDX-License-Identifier: Apache-2.0 */
#include "Routes.h"

static asgi_result send_close(call *c, int32_t code, const char *reason)
{
    asgi_event event = asgi_event_of(ASGI_WEBSOCKET_CLOSE);
    event.code = code;
    event.text = asgi_text(reason);
    c->has_ended = 1;
    return c->send(c->scope->id, &event, NULL, NULL);
}

static asgi_result reject(call *c)
{
    static const asgi_header type = {ASGI_STRING("content-type"), ASGI_STRING("text/plain")};
    asgi_event event = asgi_event_of(ASGI_WEBSOCKET_HTTP_RESPONSE_START);
    c->has_ended = 1;
    event.status = 418;
    event.headers = &type;
    event.header_count = 1;
    c->send(c->scope->id, &event, NULL, NULL);
    event = asgi_event_of(ASGI_WEBSOCKET_HTTP_RESPONSE_BODY);
    event.body = asgi_text("a teapot");
    return c->send(c->scope->id, &event, NULL, NULL);
}

/* Accepts with the subprotocol that was offered last. */
static asgi_result accept_last(call *c)
{
    static const asgi_header header = {ASGI_STRING("x-route"), ASGI_STRING("echo")};
    asgi_event event = asgi_event_of(ASGI_WEBSOCKET_ACCEPT);
    if (c->scope->subprotocol_count) event.text = c->scope->subprotocols[c->scope->subprotocol_count - 1];
    event.headers = &header;
    event.header_count = 1;
    return c->send(c->scope->id, &event, NULL, NULL);
}

static void message_sent(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    (void)id, (void)event;
    socket_on(context, result);
}

static asgi_result send_message(call *c, asgi_string body, uint32_t flags)
{
    asgi_event event = asgi_event_of(ASGI_WEBSOCKET_SEND);
    event.body = body;
    event.flags = flags & ASGI_TEXT;
    return c->send(c->scope->id, &event, message_sent, c);
}

static asgi_result connect_call(call *c)
{
    asgi_string path = asgi_path(c->scope);
    asgi_string text;
    asgi_result result;
    if (asgi_equal(path, "/reject")) return reject(c);
    if (asgi_equal(path, "/forbid")) return send_close(c, 1000, "");
    if (asgi_equal(path, "/fail")) return c->has_ended = 1, ASGI_FAILED;
    if ((result = accept_last(c)) < 0) return result;
    if (asgi_equal(path, "/close")) return send_close(c, 4000, "enough");
    if (!asgi_equal(path, "/scope")) return ASGI_DONE;
    text = scope_text(c->scope);
    result = send_message(c, text, ASGI_TEXT);
    free((char *)text.data);
    return result;
}

static asgi_result take(call *c, const asgi_event *event)
{
    if (event->type == ASGI_WEBSOCKET_CONNECT) return connect_call(c);
    if (event->type == ASGI_WEBSOCKET_RECEIVE && asgi_equal(event->body, "close, please")) return send_close(c, 4001, "as asked");
    if (event->type == ASGI_WEBSOCKET_RECEIVE) return send_message(c, event->body, event->flags);
    say(c->scope, "socket disconnected", (size_t)event->code);
    return ASGI_GONE;
}

static void received(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    (void)id;
    socket_on(context, result == ASGI_DONE ? take(context, event) : result);
}

void socket_on(call *c, asgi_result result)
{
    asgi_event event = asgi_event_of(0);
    while (result == ASGI_DONE && !c->has_ended) {
        result = c->receive(c->scope->id, &event, received, c);
        if (result == ASGI_DONE) result = take(c, &event);
    }
    if (c->has_ended && result == ASGI_PENDING) result = ASGI_DONE;
    if (result != ASGI_PENDING) over(c, result);
}
