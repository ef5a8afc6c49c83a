/* WSGICall.c: a request for a WSGI application, as a copy that a thread can read. */
#include "WSGICall.h"
#include "FieldNames.h"
#include <stdlib.h>
#include <string.h>

/* The framing of the body, by its header fields. */
struct framing {
    bool has_body;
    bool expects_continue; /* the client waits for 100 (Continue), which a receive sends */
};

static struct framing framing_of(const asgi_scope *scope)
{
    struct framing framing = {false, false};
    size_t at;
    for (at = 0; at < scope->header_count; at++) {
        const asgi_header *field = &scope->headers[at];
        if (asgi_equal(field->name, "content-length")) framing.has_body = !asgi_equal(field->value, "0");
        else if (asgi_equal(field->name, "transfer-encoding"))
            framing.has_body = true;
        else if (asgi_equal(field->name, "expect"))
            framing.expects_continue = true;
    }
    return framing;
}

/* Receives the part of the body that has arrived. */
static void receive_first(struct wsgi_call *call, const asgi_scope *scope)
{
    struct framing framing = framing_of(scope);
    asgi_event event = asgi_event_of(0);
    if (!framing.has_body) return;
    call->more_body = true;
    if (framing.expects_continue || call->receive(scope->id, &event, NULL, NULL) != ASGI_DONE) return;
    call->more_body = event.type == ASGI_HTTP_REQUEST && event.flags & ASGI_MORE;
    call->is_disconnected = event.type != ASGI_HTTP_REQUEST;
    if (!call->is_disconnected) call->body = event.body;
}

static bool sends_files(const asgi_scope *scope)
{
    size_t at;
    for (at = 0; at < scope->extension_count; at++)
        if (asgi_equal(scope->extensions[at], "http.response.zerocopysend")) return true;
    return false;
}

/* Moves a string into the memory at `room`. */
static void move(asgi_string *string, char **room)
{
    if (string->size) memcpy(*room, string->data, string->size);
    string->data = *room;
    *room += string->size;
}

struct wsgi_call *wsgi_call_new(const asgi_scope *scope, asgi_receive receive, asgi_send send)
{
    struct wsgi_call first = {.receive = receive, .send = send, .application = scope->state, .scope = *scope}, *call;
    asgi_string *const strings[] = {
        &first.scope.asgi_version, &first.scope.spec_version, &first.scope.http_version, &first.scope.method,
        &first.scope.scheme, &first.scope.path, &first.scope.raw_path, &first.scope.query_string,
        &first.scope.root_path, &first.scope.client_host, &first.scope.server_host, &first.body};
    asgi_header *headers;
    size_t size = sizeof *call + scope->header_count * sizeof *headers, at;
    char *room;
    receive_first(&first, scope);
    first.sends_files = sends_files(scope);
    first.scope.subprotocols = first.scope.extensions = NULL;
    first.scope.subprotocol_count = first.scope.extension_count = 0;
    first.scope.tls = NULL;
    for (at = 0; at < sizeof strings / sizeof *strings; at++) size += strings[at]->size;
    /* The names that the host knows stay where they are; they are recognized by their address. */
    for (at = 0; at < scope->header_count; at++) size += scope->headers[at].name.size + scope->headers[at].value.size;
    if (!(call = malloc(size))) return NULL;
    headers = (asgi_header *)(call + 1);
    room = (char *)(headers + scope->header_count);
    for (at = 0; at < sizeof strings / sizeof *strings; at++) move(strings[at], &room);
    for (at = 0; at < scope->header_count; at++) {
        headers[at] = scope->headers[at];
        if (!field_name_is_known(headers[at].name)) move(&headers[at].name, &room);
        move(&headers[at].value, &room);
    }
    *call = first;
    call->scope.headers = headers;
    return call;
}

void wsgi_call_free(struct wsgi_call *call)
{
    free(call);
}
