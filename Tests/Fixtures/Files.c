/* Sends files and trailers in all ways. SPDX-License-Identifier: Apache-2.0
 *
 * The query is the path of the file. The result of each send is logged: "sent DONE" and so on. */
#define _GNU_SOURCE
#include <asgi.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct work {
    const asgi_scope *scope;
    asgi_receive receive;
    asgi_send send;
    char path[512];
    char text[4096];
} work;

static asgi_result send_event(work *w, const asgi_event *event)
{
    static const char *const names[] = {"DONE", "STALE", "GONE", "CANCELLED", "INVALID",
                                        "UNSUPPORTED", "BUSY", "FULL", "WOULD_BLOCK", "FAILED"};
    asgi_result result = w->send(w->scope->id, event, NULL, NULL);
    char line[64];
    snprintf(line, sizeof line, "sent %s", result > 0 ? "PENDING" : names[-result]);
    asgi_log(w->scope, ASGI_LOG_INFO, line);
    return result;
}

static asgi_result start(work *w, uint32_t flags, const char *length)
{
    asgi_header field;
    asgi_event event = asgi_event_of(ASGI_HTTP_RESPONSE_START);
    event.status = 200;
    event.flags = flags;
    field.name = asgi_text("content-length");
    field.value = asgi_text(length);
    event.headers = &field;
    event.header_count = length ? 1 : 0;
    return send_event(w, &event);
}

static asgi_result body(work *w, const char *text, uint32_t flags)
{
    asgi_event event = asgi_event_of(ASGI_HTTP_RESPONSE_BODY);
    event.flags = flags;
    event.body = asgi_text(text);
    return send_event(w, &event);
}

/* Sends the whole file by its path. If that fails, sends another body. */
static asgi_result pathsend(work *w)
{
    asgi_event event = asgi_event_of(ASGI_HTTP_RESPONSE_PATHSEND);
    asgi_result result;
    start(w, 0, NULL);
    event.text = asgi_text(w->path);
    result = send_event(w, &event);
    if (result < 0 && result != ASGI_GONE) body(w, "no file", 0);
    return ASGI_DONE;
}

static asgi_result part(work *w, int file, int64_t offset, int64_t count, uint32_t flags)
{
    asgi_event event = asgi_event_of(ASGI_HTTP_RESPONSE_ZEROCOPYSEND);
    event.file = file;
    event.offset = offset;
    event.count = count;
    event.flags = flags;
    return send_event(w, &event);
}

/* Sends parts of the file, at its position and at offsets, with other bytes between. Closes the file before any byte
 * can have been sent. */
static asgi_result parts(work *w)
{
    int file = open(w->path, O_RDONLY | O_CLOEXEC);
    start(w, 0, NULL);
    part(w, file, -1, 3, ASGI_MORE);
    part(w, file, -1, 3, ASGI_MORE);
    body(w, "|", ASGI_MORE);
    part(w, file, 1, 1 << 30, ASGI_MORE); /* beyond the end of the file */
    part(w, file, 1, 2, ASGI_MORE);
    part(w, file, -1, -1, 0);
    close(file);
    return ASGI_DONE;
}

/* Sends the file by a descriptor that cannot be read. */
static asgi_result unreadable(work *w, int flags)
{
    int file = open(w->path, flags | O_CLOEXEC);
    start(w, 0, NULL);
    if (part(w, file, 0, -1, 0) < 0) body(w, "no file", 0);
    close(file);
    return ASGI_DONE;
}

static asgi_result second_pathsend(work *w)
{
    asgi_event event = asgi_event_of(ASGI_HTTP_RESPONSE_PATHSEND);
    start(w, 0, NULL);
    body(w, "first", ASGI_MORE);
    event.text = asgi_text(w->path);
    send_event(w, &event);
    body(w, ".", 0);
    return ASGI_DONE;
}

static void *behind_much_thread(void *context)
{
    work *w = context;
    int file = open(w->path, O_RDONLY | O_CLOEXEC);
    part(w, file, 0, -1, ASGI_MORE);
    close(file);
    body(w, ".", 0);
    w->scope->host->finish(w->scope->id, ASGI_DONE);
    return NULL;
}

/* Sends more than the limit of pending output on the loop, then a part of a file from a thread. */
static asgi_result behind_much(work *w)
{
    static char bytes[2 << 20];
    asgi_event event = asgi_event_of(ASGI_HTTP_RESPONSE_BODY);
    pthread_t thread;
    start(w, 0, NULL);
    event.flags = ASGI_MORE;
    event.body.data = bytes;
    event.body.size = sizeof bytes;
    send_event(w, &event);
    pthread_create(&thread, NULL, behind_much_thread, w);
    pthread_join(thread, NULL); /* its calls are in the mailbox before any of this output is sent */
    return ASGI_PENDING;
}

/* Sends valid, forbidden and late trailers. */
static asgi_result trailers(work *w, const char *length)
{
    asgi_header field;
    asgi_event event = asgi_event_of(ASGI_HTTP_RESPONSE_TRAILERS);
    event.headers = &field;
    event.header_count = 1;
    if (start(w, ASGI_TRAILERS, length) < 0) {
        start(w, 0, NULL);
        return body(w, "no trailers", 0), ASGI_DONE;
    }
    field.name = asgi_text("x-early");
    field.value = asgi_text("1");
    send_event(w, &event);
    body(w, "body", ASGI_MORE);
    body(w, "body", 0);
    body(w, "too late", 0);
    field.name = asgi_text("content-length");
    send_event(w, &event);
    field.name = asgi_text("x-sum");
    field.value = asgi_text("a\r\nb: c");
    send_event(w, &event);
    field.value = asgi_text("12");
    event.flags = ASGI_MORE;
    send_event(w, &event);
    field.name = asgi_text("x-end");
    event.flags = 0;
    send_event(w, &event);
    send_event(w, &event);
    return ASGI_DONE;
}

/* Announces trailers, and never sends them. */
static asgi_result no_trailers(work *w)
{
    start(w, ASGI_TRAILERS, NULL);
    body(w, "body", 0);
    return ASGI_DONE;
}

static void append(work *w, asgi_string string, const char *after)
{
    size_t used = strlen(w->text);
    snprintf(w->text + used, sizeof w->text - used, "%.*s%s", (int)string.size, string.data ? string.data : "", after);
}

/* Receives the body of the request and its trailers. */
static void received(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    work *w = context;
    asgi_event next = asgi_event_of(0);
    size_t at;
    while (result == ASGI_DONE) {
        append(w, event->body, "");
        for (at = 0; at < event->header_count; at++) {
            append(w, event->headers[at].name, "=");
            append(w, event->headers[at].value, ";");
        }
        if (event->type != ASGI_HTTP_REQUEST || !(event->flags & ASGI_MORE)) break;
        event = &next;
        result = w->receive(id, &next, received, w);
    }
    if (result == ASGI_PENDING) return;
    asgi_respond(w->scope, w->send, 200, "text/plain", asgi_text(w->text));
    w->scope->host->finish(id, ASGI_DONE);
}

static void *on_thread(void *context)
{
    work *w = context;
    asgi_string path = asgi_path(w->scope);
    asgi_result result = asgi_equal(path, "/thread-pathsend") ? pathsend(w) : parts(w);
    w->scope->host->finish(w->scope->id, result);
    return NULL;
}

asgi_result application(const asgi_scope *scope, asgi_receive receive, asgi_send send)
{
    asgi_string path = asgi_path(scope);
    size_t at;
    work *w;
    if (scope->type != ASGI_HTTP) return ASGI_UNSUPPORTED;
    w = calloc(1, sizeof *w);
    w->scope = scope;
    w->receive = receive;
    w->send = send;
    snprintf(w->path, sizeof w->path, "%.*s", (int)scope->query_string.size, scope->query_string.data);
    if (asgi_equal(path, "/pathsend")) return pathsend(w);
    if (asgi_equal(path, "/parts")) return parts(w);
    if (asgi_equal(path, "/write-only")) return unreadable(w, O_WRONLY);
    if (asgi_equal(path, "/path-only")) return unreadable(w, O_PATH);
    if (asgi_equal(path, "/second-pathsend")) return second_pathsend(w);
    if (asgi_equal(path, "/behind-much")) return behind_much(w);
    if (asgi_equal(path, "/trailers")) return trailers(w, w->path[0] ? w->path : NULL);
    if (asgi_equal(path, "/no-trailers")) return no_trailers(w);
    if (asgi_equal(path, "/received")) {
        asgi_event event = asgi_event_of(0);
        asgi_result result = receive(scope->id, &event, received, w);
        if (result == ASGI_DONE) received(w, scope->id, result, &event);
        return ASGI_PENDING;
    }
    if (asgi_equal(path, "/thread-pathsend") || asgi_equal(path, "/thread-parts")) {
        pthread_t thread;
        pthread_create(&thread, NULL, on_thread, w);
        pthread_detach(thread);
        return ASGI_PENDING;
    }
    for (at = 0; at < scope->extension_count; at++) append(w, scope->extensions[at], " ");
    return asgi_respond(scope, send, 200, "text/plain", asgi_text(w->text));
}
