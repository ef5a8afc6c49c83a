// Hello in C++; needs only the header. SPDX-License-Identifier: Apache-2.0
#include <asgi.h>

#include <string>

static const std::string greeting = std::string("Hello, ") + "World!";

asgi_result application(const asgi_scope *scope, asgi_receive, asgi_send send) {
    if (scope->type != ASGI_HTTP) return ASGI_UNSUPPORTED;
    return asgi_respond(scope, send, 200, "text/plain; charset=utf-8", asgi_string{greeting.data(), greeting.size()});
}
