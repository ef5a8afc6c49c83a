// @NAME@: answers with a greeting. include/asgi.h documents all types and functions used here.
#include <asgi.h>

#include <exception>
#include <string_view>

namespace {

std::string_view view(asgi_string string) { return {string.data, string.size}; }
asgi_string text(std::string_view view) { return {view.data(), view.size()}; }

asgi_result answer(const asgi_scope &scope, asgi_send send, int status, std::string_view body)
{
    // A 405 must list the allowed methods (RFC 9110 §15.5.6).
    static constexpr asgi_header headers[] = {
        {ASGI_STRING("content-type"), ASGI_STRING("text/plain; charset=utf-8")},
        {ASGI_STRING("allow"), ASGI_STRING("GET, HEAD")},
    };
    asgi_event event = asgi_event_of(ASGI_HTTP_RESPONSE);
    event.status = status;
    event.headers = headers;
    event.header_count = status == 405 ? 2 : 1;
    event.body = text(body);
    const asgi_result result = send(scope.id, &event, nullptr, nullptr);
    // The response was accepted, or the client is gone: in both cases the application is done.
    return result == ASGI_PENDING || result == ASGI_GONE ? ASGI_DONE : result;
}

asgi_result respond(const asgi_scope &scope, asgi_send send)
{
    if (view(asgi_path(&scope)) != "/") return answer(scope, send, 404, "Not found\n");
    if (view(scope.method) != "GET" && view(scope.method) != "HEAD")
        return answer(scope, send, 405, "Method not allowed\n");
    return answer(scope, send, 200, view(asgi_setting(&scope, "greeting", "Hello!")));
}

constexpr asgi_module module = {
    sizeof module, ASGI_ABI, ASGI_DRAFT, 0, ASGI_STRING("@NAME@"), ASGI_STRING("0.1.0"), ASGI_STRING(""), nullptr,
};

}  // namespace

// Runs on an event loop of the host and must not block. No exception may leave it, since the host is not C++.
asgi_result application(const asgi_scope *scope, asgi_receive, asgi_send send)
try {
    return scope->type == ASGI_HTTP ? respond(*scope, send) : ASGI_UNSUPPORTED;
} catch (const std::exception &error) {
    asgi_log(scope, ASGI_LOG_ERROR, error.what());
    return ASGI_FAILED;
} catch (...) {
    return ASGI_FAILED;
}

const asgi_module *asgi_module_info(void) { return &module; }
