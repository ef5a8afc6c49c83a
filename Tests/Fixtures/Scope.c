/* Responds with fields of the scope, a line each, and then with the header fields. SPDX-License-Identifier: Apache-2.0 */
#include <asgi.h>
#include <stdio.h>

static void line(char *text, size_t room, size_t *size, const char *name, asgi_string value)
{
    *size += (size_t)snprintf(text + *size, room - *size, "%s=%.*s\n", name, (int)value.size, value.data ? value.data : "");
}

asgi_result application(const asgi_scope *scope, asgi_receive receive, asgi_send send)
{
    (void)receive;
    if (scope->type != ASGI_HTTP) return ASGI_UNSUPPORTED;
    char text[8192];
    size_t size = 0;
    line(text, sizeof text, &size, "scheme", scope->scheme);
    line(text, sizeof text, &size, "client", scope->client_host);
    size += (size_t)snprintf(text + size, sizeof text - size, "client_port=%d\n", scope->client_port);
    line(text, sizeof text, &size, "server", scope->server_host);
    size += (size_t)snprintf(text + size, sizeof text - size, "server_port=%d\n", scope->server_port);
    line(text, sizeof text, &size, "root_path", scope->root_path);
    line(text, sizeof text, &size, "path", scope->path);
    line(text, sizeof text, &size, "raw_path", scope->raw_path);
    for (size_t i = 0; i < scope->header_count && size < sizeof text / 2; i++) {
        size += (size_t)snprintf(text + size, sizeof text - size, "%.*s: %.*s\n", (int)scope->headers[i].name.size,
                                 scope->headers[i].name.data, (int)scope->headers[i].value.size, scope->headers[i].value.data);
    }
    return asgi_respond(scope, send, 200, "text/plain", (asgi_string){text, size});
}
