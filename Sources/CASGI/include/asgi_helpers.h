/* asgi_helpers.h: convenience functions for modules in C and C++. SPDX-License-Identifier: Apache-2.0
 *
 * Not part of the contract: everything here is compiled into the module. Each function may be called on any thread that
 * may use its arguments. asgi.h includes this header. */
#ifndef ASGI_HELPERS_H
#define ASGI_HELPERS_H

#include "asgi.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Whether a struct that begins with `size` has a field: ASGI_HAS(scope, tls). */
#define ASGI_HAS(pointer, field) \
    ((size_t)(pointer)->size >= (size_t)((const char *)(&(pointer)->field + 1) - (const char *)(pointer)))

/* An initializer for a string, from a literal: static const asgi_string name = ASGI_STRING("wiki"); */
#define ASGI_STRING(literal) {"" literal, sizeof(literal) - 1}

/* Returns NUL-terminated text as a string. Points at `text`; NULL becomes the empty string. */
static inline asgi_string asgi_text(const char *text)
{
    asgi_string string = {text, 0};
    while (text && text[string.size]) string.size++;
    return string;
}

/* Returns whether a string equals a NUL-terminated text, byte for byte. */
static inline int asgi_equal(asgi_string string, const char *text)
{
    size_t at = 0;
    while (at < string.size && text[at] && string.data[at] == text[at]) at++;
    return at == string.size && !text[at];
}

/* Returns an event of this type with all other fields zero; for languages without designated initializers. */
static inline asgi_event asgi_event_of(uint32_t type)
{
    asgi_event event = {0, 0, 0, 0, 0, 0, 0, 0, {NULL, 0}, {NULL, 0}, NULL, 0, NULL, NULL, NULL};
    event.size = (uint32_t)sizeof event;
    event.type = type;
    return event;
}

/* Returns the first request header field with this lower-case name; NULL if there is none. Points into the scope. */
static inline const asgi_header *asgi_find_header(const asgi_scope *scope, const char *name)
{
    size_t at;
    for (at = 0; at < scope->header_count; at++)
        if (asgi_equal(scope->headers[at].name, name)) return &scope->headers[at];
    return NULL;
}

/* Returns the path below the mount: scope->path without scope->root_path. The path of the mount itself is "/", with or
 * without a trailing slash: "/wiki" and "/wiki/" are the same page of an application mounted at /wiki. Points into the
 * scope, or at a constant. */
static inline asgi_string asgi_path(const asgi_scope *scope)
{
    asgi_string path = scope->path;
    if (path.size >= scope->root_path.size) {
        path.data += scope->root_path.size;
        path.size -= scope->root_path.size;
    }
    if (path.size == 0) {
        path.data = "/";
        path.size = 1;
    }
    return path;
}

/* Sends a complete response.
 *
 *   content_type  The value of the header field `content-type`; NULL or "" for none.
 *   body          The body; copied in the call.
 *
 * Returns the result for `application` to return: ASGI_DONE, also if the client has disconnected or is slow, since the
 * application has nothing left to do; otherwise the error of send. */
static inline asgi_result asgi_respond(const asgi_scope *scope, asgi_send send, int32_t status, const char *content_type,
                                       asgi_string body)
{
    asgi_header type;
    asgi_event event = asgi_event_of(ASGI_HTTP_RESPONSE);
    asgi_result result;
    type.name = asgi_text("content-type");
    type.value = asgi_text(content_type);
    event.status = status;
    event.headers = &type;
    event.header_count = content_type && *content_type ? 1 : 0;
    event.body = body;
    result = send(scope->id, &event, NULL, NULL);
    return result == ASGI_PENDING || result == ASGI_GONE ? ASGI_DONE : result;
}

/* Writes a line to the host's log. `level` is ASGI_LOG_DEBUG, ... */
static inline void asgi_log(const asgi_scope *scope, int32_t level, const char *message)
{
    asgi_string line = asgi_text(message);
    scope->host->log(scope->id, level, &line);
}

/* Returns the value of a setting of the application, by its dotted key; `otherwise` if there is none. A NULL
 * `otherwise` is the empty string. The value belongs to the host, as with host->setting. */
static inline asgi_string asgi_setting(const asgi_scope *scope, const char *key, const char *otherwise)
{
    asgi_string name = asgi_text(key);
    const asgi_string *value = scope->host->setting(scope->id, &name);
    return value ? *value : asgi_text(otherwise);
}

#ifdef __cplusplus
}
#endif
#endif
