/* Responses that need no body of the request. SPDX-License-Identifier: Apache-2.0 */
#include "Routes.h"

static asgi_result start(call *c, uint32_t flags)
{
    static const asgi_header type = {ASGI_STRING("content-type"), ASGI_STRING("application/octet-stream")};
    asgi_event event = asgi_event_of(ASGI_HTTP_RESPONSE_START);
    event.status = 200;
    event.flags = flags;
    event.headers = &type;
    event.header_count = 1;
    return c->send(c->scope->id, &event, NULL, NULL);
}

static asgi_result body(call *c, asgi_string bytes, uint32_t flags, asgi_then then)
{
    asgi_event event = asgi_event_of(ASGI_HTTP_RESPONSE_BODY);
    event.body = bytes;
    event.flags = flags;
    return c->send(c->scope->id, &event, then, c);
}

static asgi_result respond(call *c, const char *text)
{
    return asgi_respond(c->scope, c->send, 200, "text/plain", asgi_text(text));
}

static size_t query_number(call *c)
{
    char text[32];
    snprintf(text, sizeof text, "%.*s", (int)c->scope->query_string.size, c->scope->query_string.data);
    return strtoul(text, NULL, 10);
}

/* ---- Bodies ----------------------------------------------------------------------------------------------------- */

/* One event, whose size in bytes is in the query: 0 to 250 repeatedly, so that parts in a wrong order are detected. */
asgi_result size(call *c)
{
    size_t count = query_number(c);
    char *bytes = malloc(count + 1);
    asgi_event event = asgi_event_of(ASGI_HTTP_RESPONSE);
    asgi_result result;
    for (size_t i = 0; i < count; i++) bytes[i] = (char)(i % 251);
    event.status = 200;
    event.body.data = bytes;
    event.body.size = count;
    event.release = free;
    event.release_context = bytes;
    result = c->send(c->scope->id, &event, NULL, NULL);
    if (result < 0) free(bytes);
    return result < 0 ? result : ASGI_DONE;
}

static void part_sent(void *context, asgi_id id, asgi_result result, const asgi_event *event);

/* Sends parts until the client has to read first. */
static void parts_on(call *c, asgi_result result)
{
    static const char bytes[1000];
    asgi_string part = {bytes, sizeof bytes};
    while (result == ASGI_DONE && c->rest) {
        c->rest--;
        c->count++;
        result = body(c, part, c->rest ? ASGI_MORE : 0, part_sent);
    }
    if (result == ASGI_PENDING) say(c->scope, "parts wait", c->count);
    else over(c, result);
}

static void part_sent(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    (void)id, (void)event;
    parts_on(context, result);
}

/* Parts of 1000 bytes, whose number is in the query. */
void parts(call *c)
{
    c->rest = query_number(c);
    parts_on(c, start(c, 0));
}

asgi_result file(call *c)
{
    asgi_event event = asgi_event_of(ASGI_HTTP_RESPONSE_PATHSEND);
    event.text = c->scope->query_string;
    start(c, 0);
    return c->send(c->scope->id, &event, NULL, NULL);
}

/* ---- Header fields ---------------------------------------------------------------------------------------------- */

asgi_result hints(call *c)
{
    static const asgi_header link = {ASGI_STRING("link"), ASGI_STRING("</style.css>; rel=preload; as=style")};
    asgi_event event = asgi_event_of(ASGI_HTTP_RESPONSE_EARLY_HINT);
    event.headers = &link;
    event.header_count = 1;
    if (has_extension(c->scope, "http.response.early_hint")) c->send(c->scope->id, &event, NULL, NULL);
    return respond(c, "after the hint");
}

asgi_result trailers(call *c)
{
    static const asgi_header sums[] = {{ASGI_STRING("x-sum"), ASGI_STRING("12")}, {ASGI_STRING("x-end"), ASGI_STRING("yes")}};
    asgi_event event = asgi_event_of(ASGI_HTTP_RESPONSE_TRAILERS);
    if (!has_extension(c->scope, "http.response.trailers")) return respond(c, "no trailers");
    event.headers = sums;
    event.header_count = 2;
    start(c, ASGI_TRAILERS);
    body(c, asgi_text("with trailers"), 0, NULL);
    return c->send(c->scope->id, &event, NULL, NULL);
}

/* Fields of about 100 bytes, whose number is in the query. */
asgi_result fields(call *c)
{
    static const asgi_header filler = {
        ASGI_STRING("x-filler"),
        ASGI_STRING("................................................................................................")};
    asgi_event event = asgi_event_of(ASGI_HTTP_RESPONSE);
    asgi_header *all = calloc(query_number(c) + 1, sizeof *all);
    asgi_result result;
    event.status = 200;
    event.headers = all;
    event.header_count = query_number(c);
    for (size_t i = 0; i < event.header_count; i++) all[i] = filler;
    result = c->send(c->scope->id, &event, NULL, NULL);
    free(all);
    return result;
}

asgi_result nothing(call *c)
{
    asgi_event event = asgi_event_of(ASGI_HTTP_RESPONSE);
    event.status = 204;
    return c->send(c->scope->id, &event, NULL, NULL);
}

static void cut_later(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    (void)id, (void)result, (void)event;
    over(context, ASGI_FAILED);
}

/* Fails after a part of the body; without a query in a later turn of the loop, when the part was sent. */
void cut(call *c)
{
    start(c, 0);
    body(c, asgi_text("a part"), ASGI_MORE, NULL);
    if (c->scope->query_string.size) over(c, ASGI_FAILED);
    else c->scope->host->after(c->scope->id, 1000, cut_later, c, NULL);
}
