/* SendHTTP.c: the events of an HTTP response (asgi.md 1.2 and 1.6).
 *
 * The head is held until the first event of the body. So a response in two events is one event of the host, and an
 * exception after http.response.start still gets 500. */
#include "Lent.h"
#include "Names.h"
#include "Send.h"

/* Whether the connection has an extension: what it lacks of early hints and trailers is ignored. */
static bool has_extension(const struct request *request, const char *name)
{
    size_t at;
    /* A scope that the host has ended has no memory any more. */
    if (!request->host_scope || host->alive(request->id) == ASGI_STALE) return false;
    for (at = 0; at < request->host_scope->extension_count; at++)
        if (asgi_equal(request->host_scope->extensions[at], name)) return true;
    return false;
}

/* Takes http.response.start. [GIL] */
static int start(struct request *request, PyObject *message)
{
    int32_t status;
    int trailers;
    if (request->phase != PHASE_NONE) return send_out_of_order(message, "the response has started");
    if (message_status(message, &status) < 0) return -1;
    trailers = message_flag(message, names.trailers);
    if (trailers < 0) return -1;
    request->head = head_new(message_get(message, names.headers), NULL);
    if (!request->head) return -1;
    request->head->status = status;
    request->trailers = trailers && has_extension(request, "http.response.trailers");
    request->no_trailers = trailers && !request->trailers;
    request->phase = PHASE_HEAD_HELD;
    return 1;
}

/* Puts the held head into an event. */
static void add_head(struct request *request, asgi_event *event)
{
    event->status = request->head->status;
    event->headers = request->head->fields;
    event->header_count = request->head->count;
}

static void drop_head(struct request *request)
{
    head_free(request->head);
    request->head = NULL;
}

/* Sends the held head as an event of its own. [GIL] Results as send_begin. */
static int send_head(struct request *request, PyObject **future)
{
    asgi_event event = asgi_event_of(ASGI_HTTP_RESPONSE_START);
    int sent;
    if (request->phase != PHASE_HEAD_HELD) return 1;
    add_head(request, &event);
    event.flags = request->trailers ? ASGI_TRAILERS : 0;
    sent = send_event(request, &event, false, future);
    if (sent <= 0) return sent;
    drop_head(request);
    request->phase = PHASE_BODY;
    return 1;
}

static void end_body(struct request *request)
{
    request->phase = request->trailers ? PHASE_TRAILERS : PHASE_COMPLETE;
}

/* Whether an event of the body may follow. [GIL] */
static int check_body(struct request *request, PyObject *message)
{
    if (request->phase == PHASE_NONE) return send_out_of_order(message, "http.response.start must come first");
    if (request->phase > PHASE_BODY) return send_out_of_order(message, "the response body is complete");
    return 1;
}

/* Sends http.response.body. [GIL] */
static int body(struct request *request, PyObject *message, PyObject **future)
{
    struct message_bytes bytes;
    asgi_event event;
    int more = message_flag(message, names.more_body), sent;
    if (more < 0 || check_body(request, message) < 0 || message_bytes(message, names.body, &bytes) < 0) return -1;
    if (request->phase == PHASE_HEAD_HELD && !more && !request->trailers) {
        event = asgi_event_of(ASGI_HTTP_RESPONSE);
        add_head(request, &event);
        sent = 1;
    } else {
        event = asgi_event_of(ASGI_HTTP_RESPONSE_BODY);
        event.flags = more ? ASGI_MORE : 0;
        sent = send_head(request, future);
    }
    if (sent > 0) {
        lend(&event, &bytes);
        sent = send_event(request, &event, more, future);
        if (sent >= 0) {
            if (request->phase == PHASE_HEAD_HELD) drop_head(request);
            if (!more) end_body(request);
        }
    }
    message_bytes_free(&bytes);
    return sent;
}

/* Sends http.response.trailers. [GIL] */
static int trailers(struct request *request, PyObject *message, PyObject **future)
{
    asgi_event event = asgi_event_of(ASGI_HTTP_RESPONSE_TRAILERS);
    int more = message_flag(message, names.more_trailers), sent;
    if (more < 0) return -1;
    if (request->no_trailers && request->phase == PHASE_COMPLETE) return 1;
    if (request->phase != PHASE_TRAILERS)
        return send_out_of_order(message, "trailers follow the last part of the body, if http.response.start has "
                                          "announced them");
    event.flags = more ? ASGI_MORE : 0;
    sent = send_with_headers(request, &event, message_get(message, names.headers), NULL, future);
    if (sent > 0 && !more) request->phase = PHASE_COMPLETE;
    return sent;
}

/* Sends http.response.early_hint, or http.response.push. [GIL] */
static int hint(struct request *request, bool push, PyObject *message, PyObject **future)
{
    asgi_event event = asgi_event_of(push ? ASGI_HTTP_RESPONSE_PUSH : ASGI_HTTP_RESPONSE_EARLY_HINT);
    PyObject *list = message_require(message, push ? names.headers : names.links);
    struct head *head;
    if (!list || (push && (!message_require(message, names.path) || message_text(message, names.path, &event.text) < 0)))
        return -1;
    if (push || has_extension(request, "http.response.early_hint"))
        return send_with_headers(request, &event, list, push ? NULL : "link", future);
    /* A hint that is ignored is checked all the same. */
    if (!(head = head_new(list, "link"))) return -1;
    head_free(head);
    return 1;
}

/* Sends http.response.pathsend. [GIL] */
static int pathsend(struct request *request, PyObject *message, PyObject **future)
{
    asgi_event event = asgi_event_of(ASGI_HTTP_RESPONSE_PATHSEND);
    int sent;
    if (check_body(request, message) < 0) return -1;
    if (request->phase != PHASE_HEAD_HELD) return send_out_of_order(message, "a part of the body was sent already");
    if (!message_require(message, names.path) || message_text(message, names.path, &event.text) < 0) return -1;
    if (event.text.size == 0 || event.text.data[0] != '/') {
        PyErr_SetString(PyExc_ValueError, "'path' of http.response.pathsend must be absolute");
        return -1;
    }
    sent = send_head(request, future);
    if (sent > 0) sent = send_event(request, &event, false, future);
    if (sent > 0) end_body(request);
    return sent;
}

/* Returns the descriptor of a file object or an int; -1 with an exception set. [GIL] */
static int descriptor_of(PyObject *file)
{
    PyObject *number = PyLong_Check(file) ? Py_NewRef(file) : PyObject_CallMethod(file, "fileno", NULL);
    int descriptor = number ? PyObject_AsFileDescriptor(number) : -1;
    Py_XDECREF(number);
    return descriptor;
}

/* Sends http.response.zerocopysend. [GIL] */
static int zerocopysend(struct request *request, PyObject *message, PyObject **future)
{
    asgi_event event = asgi_event_of(ASGI_HTTP_RESPONSE_ZEROCOPYSEND);
    PyObject *file = message_require(message, names.file);
    int more = message_flag(message, names.more_body), sent;
    event.offset = event.count = -1;
    if (!file || more < 0 || check_body(request, message) < 0) return -1;
    if ((event.file = descriptor_of(file)) < 0) return -1;
    if (message_int(message, names.offset, 0, INT64_MAX, &event.offset) < 0 ||
        message_int(message, names.count, 0, INT64_MAX, &event.count) < 0)
        return -1;
    event.flags = more ? ASGI_MORE : 0;
    sent = send_head(request, future);
    if (sent > 0) sent = send_event(request, &event, more, future);
    if (sent >= 0 && !more) end_body(request);
    return sent;
}

int send_http(struct request *request, enum message_type type, PyObject *message, PyObject **future)
{
    if (request->disconnected && request->phase < PHASE_TRAILERS) return send_disconnected(request);
    switch (type) {
    case HTTP_RESPONSE_START: return start(request, message);
    case HTTP_RESPONSE_BODY: return body(request, message, future);
    case HTTP_RESPONSE_TRAILERS: return trailers(request, message, future);
    case HTTP_RESPONSE_EARLY_HINT: return hint(request, false, message, future);
    case HTTP_RESPONSE_PUSH: return hint(request, true, message, future);
    case HTTP_RESPONSE_PATHSEND: return pathsend(request, message, future);
    default: return zerocopysend(request, message, future);
    }
}
