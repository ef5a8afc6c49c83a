/* The smallest module. SPDX-License-Identifier: Apache-2.0 */
#include <asgi.h>

asgi_result application(const asgi_scope *scope, asgi_receive receive, asgi_send send)
{
    (void)receive;
    if (scope->type != ASGI_HTTP) return ASGI_UNSUPPORTED;
    return asgi_respond(scope, send, 200, "text/plain; charset=utf-8", asgi_text("Hello, World!"));
}
