/* SendWebSocket.c: the events that an application sends to a WebSocket and for its lifespan (asgi.md 1.3, 1.4, 1.6). */
#include "Lent.h"
#include "Names.h"
#include "Send.h"

#define MOST_REASON 123 /* RFC 6455, section 5.5: a control frame has 125 bytes, two of them the code */

/* Sends websocket.send: the one of `bytes` and `text` that is not None. [GIL] */
static int message_send(struct request *request, PyObject *message, PyObject **future)
{
    asgi_event event = asgi_event_of(ASGI_WEBSOCKET_SEND);
    struct message_bytes bytes;
    int sent;
    if (message_bytes(message, names.bytes, &bytes) < 0) return -1;
    if (bytes.object) {
        lend(&event, &bytes);
    } else {
        if (!message_get(message, names.text)) {
            if (!PyErr_Occurred()) PyErr_SetString(PyExc_KeyError, "websocket.send has neither 'bytes' nor 'text'");
            return -1;
        }
        if (message_text(message, names.text, &event.body) < 0) return -1;
        event.flags = ASGI_TEXT;
    }
    sent = send_event(request, &event, true, future);
    message_bytes_free(&bytes);
    return sent;
}

/* Sends websocket.close. [GIL] */
static int close_socket(struct request *request, PyObject *message, PyObject **future)
{
    asgi_event event = asgi_event_of(ASGI_WEBSOCKET_CLOSE);
    int64_t code = 1000;
    if (message_int(message, names.code, 1000, 4999, &code) < 0) return -1;
    if (message_text(message, names.reason, &event.text) < 0) return -1;
    if (event.text.size > MOST_REASON) {
        PyErr_Format(PyExc_ValueError, "'reason' of websocket.close is longer than %d bytes of UTF-8", MOST_REASON);
        return -1;
    }
    event.code = (int32_t)code;
    return send_event(request, &event, false, future);
}

/* Sends websocket.http.response.start. [GIL] */
static int response_start(struct request *request, PyObject *message, PyObject **future)
{
    asgi_event event = asgi_event_of(ASGI_WEBSOCKET_HTTP_RESPONSE_START);
    if (message_status(message, &event.status) < 0) return -1;
    return send_with_headers(request, &event, message_get(message, names.headers), NULL, future);
}

/* Sends websocket.http.response.body. [GIL] */
static int response_body(struct request *request, PyObject *message, PyObject **future)
{
    asgi_event event = asgi_event_of(ASGI_WEBSOCKET_HTTP_RESPONSE_BODY);
    struct message_bytes bytes;
    int more = message_flag(message, names.more_body), sent;
    if (more < 0 || message_bytes(message, names.body, &bytes) < 0) return -1;
    event.flags = more ? ASGI_MORE : 0;
    event.body = bytes.data;
    sent = send_event(request, &event, more, future);
    message_bytes_free(&bytes);
    return sent;
}

int send_websocket(struct request *request, enum message_type type, PyObject *message, PyObject **future)
{
    asgi_event event = asgi_event_of(ASGI_WEBSOCKET_ACCEPT);
    if (request->disconnected) return send_disconnected(request);
    switch (type) {
    case WEBSOCKET_ACCEPT:
        if (message_text(message, names.subprotocol, &event.text) < 0) return -1;
        return send_with_headers(request, &event, message_get(message, names.headers), NULL, future);
    case WEBSOCKET_SEND: return message_send(request, message, future);
    case WEBSOCKET_CLOSE: return close_socket(request, message, future);
    case WEBSOCKET_HTTP_RESPONSE_START: return response_start(request, message, future);
    default: return response_body(request, message, future);
    }
}

int send_lifespan(struct request *request, enum message_type type, PyObject *message, PyObject **future)
{
    static const uint32_t types[] = {ASGI_LIFESPAN_STARTUP_COMPLETE, ASGI_LIFESPAN_STARTUP_FAILED,
                                     ASGI_LIFESPAN_SHUTDOWN_COMPLETE, ASGI_LIFESPAN_SHUTDOWN_FAILED};
    asgi_event event = asgi_event_of(types[type - LIFESPAN_STARTUP_COMPLETE]);
    if (type == LIFESPAN_STARTUP_COMPLETE) event.state = request->application;
    if (message_text(message, names.message, &event.text) < 0) return -1;
    return send_event(request, &event, false, future);
}
