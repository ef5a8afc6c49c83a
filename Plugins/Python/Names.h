/* Names.h: interned strings and constant objects that the bridge uses for every request. */
#ifndef NAMES_H
#define NAMES_H

#include "Bridge.h"

#pragma GCC visibility push(hidden)

/* Strings whose C name is their text. */
#define PLAIN_NAMES(X) \
    X(type) X(asgi) X(version) X(spec_version) X(http_version) X(method) X(scheme) X(path) X(raw_path) X(query_string) \
    X(root_path) X(headers) X(client) X(server) X(state) X(extensions) X(subprotocols) X(body) X(more_body) X(status) \
    X(trailers) X(more_trailers) X(links) X(text) X(bytes) X(code) X(reason) X(subprotocol) X(file) X(offset) X(count) \
    X(http) X(websocket) X(https) X(ws) X(wss) X(tls) X(server_cert) X(client_cert_chain) X(client_cert_name) \
    X(client_cert_error) X(tls_version) X(cipher_suite) X(set_result) X(set_exception) X(done) X(cancelled) X(cancel) \
    X(throw) X(close) X(message) X(result) X(loop) X(create_future) X(_ready) X(_scheduled) X(_when) X(cr_frame) \
    X(cr_running) X(cr_code) X(cr_await) X(cr_origin) X(__name__) X(__qualname__) \
    X(GET) X(HEAD) X(POST) X(PUT) X(PATCH) X(DELETE) X(OPTIONS) X(CONTENT_TYPE) X(CONTENT_LENGTH) X(REQUEST_METHOD) \
    X(SCRIPT_NAME) X(PATH_INFO) X(QUERY_STRING) X(REQUEST_URI) X(RAW_URI) X(SERVER_NAME) X(SERVER_PORT) \
    X(SERVER_PROTOCOL) X(REMOTE_ADDR) X(REMOTE_PORT) X(localhost) X(join) X(filelike) X(fileno) X(tell)

/* Strings with another text than their C name. */
#define OTHER_NAMES(X) \
    X(http_1_0, "1.0") X(http_1_1, "1.1") X(http_2, "2") X(http_3, "3") X(http_request, "http.request") \
    X(http_disconnect, "http.disconnect") X(websocket_connect, "websocket.connect") \
    X(websocket_receive, "websocket.receive") X(websocket_disconnect, "websocket.disconnect") \
    X(lifespan_startup, "lifespan.startup") X(lifespan_shutdown, "lifespan.shutdown") \
    X(protocol_1_0, "HTTP/1.0") X(protocol_1_1, "HTTP/1.1") X(wsgi_input, "wsgi.input") \
    X(wsgi_url_scheme, "wsgi.url_scheme")

struct names {
#define X(name) PyObject *name;
    PLAIN_NAMES(X)
#undef X
#define X(name, text) PyObject *name;
    OTHER_NAMES(X)
#undef X
    PyObject *empty_bytes;
};
extern struct names names;

/* Creates the objects. [GIL] Returns 0; -1 with an exception set. */
int names_create(void);

#pragma GCC visibility pop

#endif
