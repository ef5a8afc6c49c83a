/* A module that responds with the setting that the query names, or "none". SPDX-License-Identifier: Apache-2.0 */
#include <asgi.h>

asgi_result application(const asgi_scope *scope, asgi_receive receive, asgi_send send)
{
    const asgi_string *value;
    (void)receive;
    if (scope->type != ASGI_HTTP) return ASGI_UNSUPPORTED;
    value = scope->host->setting(scope->id, &scope->query_string);
    return asgi_respond(scope, send, 200, "text/plain", value ? *value : asgi_text("none"));
}
