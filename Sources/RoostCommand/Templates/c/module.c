/* @NAME@: answers with a greeting. include/asgi.h documents all types and functions used here. */
#include <asgi.h>

static asgi_result answer(const asgi_scope *scope, asgi_send send, int32_t status, asgi_string body)
{
    /* A 405 must list the allowed methods (RFC 9110 §15.5.6). */
    static const asgi_header headers[] = {
        {ASGI_STRING("content-type"), ASGI_STRING("text/plain; charset=utf-8")},
        {ASGI_STRING("allow"), ASGI_STRING("GET, HEAD")},
    };
    asgi_event event = asgi_event_of(ASGI_HTTP_RESPONSE);
    asgi_result result;
    event.status = status;
    event.headers = headers;
    event.header_count = status == 405 ? 2 : 1;
    event.body = body;
    result = send(scope->id, &event, NULL, NULL);
    /* The response was accepted, or the client is gone: in both cases the application is done. */
    return result == ASGI_PENDING || result == ASGI_GONE ? ASGI_DONE : result;
}

/* Runs on an event loop of the host and must not block. */
asgi_result application(const asgi_scope *scope, asgi_receive receive, asgi_send send)
{
    (void)receive;
    if (scope->type != ASGI_HTTP) return ASGI_UNSUPPORTED;
    if (!asgi_equal(asgi_path(scope), "/")) return answer(scope, send, 404, asgi_text("Not found\n"));
    if (!asgi_equal(scope->method, "GET") && !asgi_equal(scope->method, "HEAD"))
        return answer(scope, send, 405, asgi_text("Method not allowed\n"));
    return answer(scope, send, 200, asgi_setting(scope, "greeting", "Hello!"));
}

const asgi_module *asgi_module_info(void)
{
    static const asgi_module module = {
        sizeof module, ASGI_ABI, ASGI_DRAFT, 0, ASGI_STRING("@NAME@"), ASGI_STRING("0.1.0"), ASGI_STRING(""), NULL,
    };
    return &module;
}
