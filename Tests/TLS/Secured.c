/* Describes its TLS connection, and sends bodies of all kinds. SPDX-License-Identifier: Apache-2.0
 *
 * Byte N of a body is N modulo 251. */
#include <asgi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LARGE (20 << 20)
#define PARTS 2000
#define PART 3001

typedef struct work {
    const asgi_host *host;
    asgi_id id;
    asgi_send send;
    asgi_receive receive;
    unsigned sent; /* parts */
    char *bytes;
    size_t size;
} work;

static char pattern[LARGE + PART];

static asgi_event start_of(const asgi_header *fields, size_t count)
{
    asgi_event start = asgi_event_of(ASGI_HTTP_RESPONSE_START);
    start.status = 200;
    start.headers = fields;
    start.header_count = count;
    return start;
}

/* ---- The TLS connection ------------------------------------------------------------------------------------------ */

static void quote(FILE *out, const char *name, asgi_string value)
{
    size_t at;
    fprintf(out, "%s\"", name);
    for (at = 0; at < value.size; at++) {
        unsigned char byte = (unsigned char)value.data[at];
        if (byte < 0x20 || byte == '"' || byte == '\\') fprintf(out, "\\u%04x", byte);
        else fputc(byte, out);
    }
    fputc('"', out);
}

static asgi_result describe(const asgi_scope *scope, asgi_send send)
{
    asgi_string text;
    char *bytes = NULL;
    size_t at;
    asgi_result result;
    FILE *out = open_memstream(&bytes, &text.size);
    fprintf(out, "{\"pid\": %d", getpid());
    quote(out, ", \"scheme\": ", scope->scheme);
    quote(out, ", \"http_version\": ", scope->http_version);
    quote(out, ", \"client_host\": ", scope->client_host);
    fprintf(out, ", \"client_port\": %d, \"server_port\": %d, \"extensions\": [", scope->client_port, scope->server_port);
    for (at = 0; at < scope->extension_count; at++) quote(out, at ? ", " : "", scope->extensions[at]);
    fputs("], \"tls\": ", out);
    if (scope->tls) {
        const asgi_tls *tls = scope->tls;
        fprintf(out, "{\"version\": %u, \"cipher_suite\": %u", tls->version, tls->cipher_suite);
        quote(out, ", \"server_certificate\": ", tls->server_certificate);
        quote(out, ", \"client_name\": ", tls->client_name);
        quote(out, ", \"client_error\": ", tls->client_error);
        fputs(", \"client_chain\": [", out);
        for (at = 0; at < tls->client_chain_count; at++) quote(out, at ? ", " : "", tls->client_chain[at]);
        fputs("]}}", out);
    } else {
        fputs("null}", out);
    }
    fclose(out);
    text.data = bytes;
    result = asgi_respond(scope, send, 200, "application/json", text);
    free(bytes);
    return result;
}

/* ---- Responses --------------------------------------------------------------------------------------------------- */

static void wipe(void *bytes)
{
    memset(bytes, 0, LARGE);
    free(bytes);
}

/* Lends a copy of the body, which is overwritten as soon as the host has released it. */
static asgi_result lend(const asgi_scope *scope, asgi_send send)
{
    asgi_event event = asgi_event_of(ASGI_HTTP_RESPONSE);
    event.status = 200;
    event.release_context = malloc(LARGE);
    event.release = wipe;
    if (!event.release_context) return ASGI_FAILED;
    memcpy(event.release_context, pattern, LARGE);
    event.body.data = (const char *)event.release_context;
    event.body.size = LARGE;
    if (send(scope->id, &event, NULL, NULL) < 0) wipe(event.release_context);
    return ASGI_DONE;
}

static asgi_result send_file(const asgi_scope *scope, asgi_send send)
{
    asgi_event start = start_of(NULL, 0), file = asgi_event_of(ASGI_HTTP_RESPONSE_PATHSEND);
    send(scope->id, &start, NULL, NULL);
    file.text = scope->query_string;
    return send(scope->id, &file, NULL, NULL) < 0 ? ASGI_FAILED : ASGI_DONE;
}

/* Sends a part of the announced response, and fails. */
static asgi_result cut(const asgi_scope *scope, asgi_send send)
{
    const asgi_header length = {ASGI_STRING("content-length"), ASGI_STRING("1000")};
    asgi_event start = start_of(&length, asgi_equal(scope->query_string, "chunked") ? 0 : 1);
    asgi_event body = asgi_event_of(ASGI_HTTP_RESPONSE_BODY);
    send(scope->id, &start, NULL, NULL);
    body.body = asgi_text("0123456789");
    body.flags = ASGI_MORE;
    send(scope->id, &body, NULL, NULL);
    return ASGI_FAILED;
}

/* ---- Many parts, and the request body ---------------------------------------------------------------------------- */

static void end(work *w, asgi_result result)
{
    w->host->finish(w->id, result);
    free(w->bytes);
    free(w);
}

static void stream(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    work *w = (work *)context;
    (void)id;
    (void)event;
    if (result < 0) return end(w, result);
    while (w->sent < PARTS) {
        asgi_event body = asgi_event_of(ASGI_HTTP_RESPONSE_BODY);
        body.body.data = pattern + (size_t)w->sent * PART % 251;
        body.body.size = PART;
        body.flags = ++w->sent < PARTS ? ASGI_MORE : 0;
        result = w->send(w->id, &body, stream, w);
        if (result == ASGI_PENDING) return;
        if (result < 0) return end(w, result);
    }
    end(w, ASGI_DONE);
}

static void echo(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    work *w = (work *)context;
    asgi_event next = asgi_event_of(0);
    while (result == ASGI_DONE && event && event->type == ASGI_HTTP_REQUEST) {
        char *bytes = (char *)realloc(w->bytes, w->size + event->body.size + 1);
        if (!bytes) return end(w, ASGI_FAILED);
        w->bytes = bytes;
        if (event->body.size) memcpy(w->bytes + w->size, event->body.data, event->body.size);
        w->size += event->body.size;
        if (!(event->flags & ASGI_MORE)) {
            asgi_event whole = asgi_event_of(ASGI_HTTP_RESPONSE);
            whole.status = 200;
            whole.body.data = w->bytes;
            whole.body.size = w->size;
            w->send(id, &whole, NULL, NULL);
            return end(w, ASGI_DONE);
        }
        result = w->receive(id, &next, echo, w);
        if (result == ASGI_PENDING) return;
        event = &next;
    }
    end(w, ASGI_GONE);
}

static asgi_result begin(const asgi_scope *scope, asgi_receive receive, asgi_send send, int streams)
{
    asgi_event start = start_of(NULL, 0), first = asgi_event_of(0);
    work *w = (work *)calloc(1, sizeof *w);
    asgi_result result;
    if (!w) return ASGI_FAILED;
    w->host = scope->host;
    w->id = scope->id;
    w->send = send;
    w->receive = receive;
    if (streams) {
        send(w->id, &start, NULL, NULL);
        stream(w, w->id, ASGI_DONE, NULL);
    } else if ((result = receive(w->id, &first, echo, w)) != ASGI_PENDING) {
        echo(w, w->id, result, &first);
    }
    return ASGI_PENDING;
}

asgi_result application(const asgi_scope *scope, asgi_receive receive, asgi_send send)
{
    asgi_string path = asgi_path(scope), large = {pattern, LARGE};
    size_t at;
    if (scope->type != ASGI_HTTP) return ASGI_UNSUPPORTED;
    if (!pattern[1])
        for (at = 0; at < sizeof pattern; at++) pattern[at] = (char)(at % 251);
    if (asgi_equal(path, "/tls")) return describe(scope, send);
    if (asgi_equal(path, "/large")) return asgi_respond(scope, send, 200, NULL, large);
    if (asgi_equal(path, "/lent")) return lend(scope, send);
    if (asgi_equal(path, "/file")) return send_file(scope, send);
    if (asgi_equal(path, "/cut")) return cut(scope, send);
    if (asgi_equal(path, "/stream")) return begin(scope, receive, send, 1);
    if (asgi_equal(path, "/echo")) return begin(scope, receive, send, 0);
    return asgi_respond(scope, send, 200, "text/plain", asgi_text("Hello, World!"));
}
