/* The scope as JSON. SPDX-License-Identifier: Apache-2.0 */
#include "Routes.h"

static void put(FILE *out, asgi_string text)
{
    fputc('"', out);
    for (size_t i = 0; i < text.size; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        if (byte < ' ' || byte > '~' || byte == '"' || byte == '\\') fprintf(out, "\\u%04x", byte);
        else fputc(byte, out);
    }
    fputc('"', out);
}

static void member(FILE *out, const char *name, asgi_string value)
{
    fprintf(out, "\"%s\": ", name);
    put(out, value);
    fputs(", ", out);
}

static void list(FILE *out, const char *name, const asgi_string *values, size_t count)
{
    fprintf(out, "\"%s\": [", name);
    for (size_t i = 0; i < count; i++) {
        if (i) fputs(", ", out);
        put(out, values[i]);
    }
    fputs("], ", out);
}

asgi_string scope_text(const asgi_scope *scope)
{
    asgi_string text = {NULL, 0};
    FILE *out = open_memstream((char **)&text.data, &text.size);
    fputc('{', out);
    member(out, "type", asgi_text(scope->type == ASGI_HTTP ? "http" : "websocket"));
    member(out, "http_version", scope->http_version);
    member(out, "method", scope->method);
    member(out, "scheme", scope->scheme);
    member(out, "path", scope->path);
    member(out, "raw_path", scope->raw_path);
    member(out, "query", scope->query_string);
    member(out, "root_path", scope->root_path);
    member(out, "client", scope->client_host);
    fputs("\"headers\": [", out);
    for (size_t i = 0; i < scope->header_count; i++) {
        fputs(i ? ", [" : "[", out);
        put(out, scope->headers[i].name);
        fputs(", ", out);
        put(out, scope->headers[i].value);
        fputc(']', out);
    }
    fputs("], ", out);
    list(out, "extensions", scope->extensions, scope->extension_count);
    list(out, "subprotocols", scope->subprotocols, scope->subprotocol_count);
    if (scope->tls) fprintf(out, "\"tls\": {\"version\": %u}}", (unsigned)scope->tls->version);
    else fputs("\"tls\": null}", out);
    fclose(out);
    return text;
}
