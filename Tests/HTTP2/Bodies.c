/* Request bodies: echoed, or received part by part on demand. SPDX-License-Identifier: Apache-2.0 */
#include "Routes.h"
#include <pthread.h>

static void echo_received(void *context, asgi_id id, asgi_result result, const asgi_event *event);

static void echo_sent(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    (void)id, (void)event;
    echo_on(context, result);
}

/* Sends the part that was received, and after the last one the trailers of the request. */
static asgi_result echo_part(call *c, const asgi_event *part)
{
    int with_trailers = has_extension(c->scope, "http.response.trailers");
    asgi_event event = asgi_event_of(ASGI_HTTP_RESPONSE_START);
    asgi_result result;
    if (part->type != ASGI_HTTP_REQUEST) {
        say(c->scope, "disconnected", c->count);
        return ASGI_GONE;
    }
    if (!c->has_started) {
        event.status = 200;
        event.flags = with_trailers ? ASGI_TRAILERS : 0;
        if ((result = c->send(c->scope->id, &event, NULL, NULL)) < 0) return result;
        c->has_started = 1;
    }
    c->count += part->body.size;
    event = asgi_event_of(ASGI_HTTP_RESPONSE_BODY);
    event.body = part->body;
    event.flags = part->flags & ASGI_MORE;
    if (event.flags) return c->send(c->scope->id, &event, echo_sent, c);
    c->has_ended = 1;
    result = c->send(c->scope->id, &event, NULL, NULL);
    if (result < 0 || !with_trailers) return result < 0 ? result : ASGI_DONE;
    event = asgi_event_of(ASGI_HTTP_RESPONSE_TRAILERS);
    event.headers = part->headers;
    event.header_count = part->header_count;
    result = c->send(c->scope->id, &event, NULL, NULL);
    return result < 0 ? result : ASGI_DONE;
}

void echo_on(call *c, asgi_result result)
{
    asgi_event event = asgi_event_of(0);
    while (result == ASGI_DONE && !c->has_ended) {
        result = c->receive(c->scope->id, &event, echo_received, c);
        if (result == ASGI_DONE) result = echo_part(c, &event);
    }
    if (result != ASGI_PENDING) over(c, result);
}

static void echo_received(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    (void)id;
    echo_on(context, result == ASGI_DONE ? echo_part(context, event) : result);
}

/* ---- /slow: each request for /release with the same query receives one part of the body ------------------------- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static call *calls;

static call *take_slow(asgi_string query)
{
    call *found = NULL;
    pthread_mutex_lock(&lock);
    for (call **at = &calls; *at && !found; at = &(*at)->next) {
        asgi_string other = (*at)->scope->query_string;
        if (other.size == query.size && memcmp(other.data, query.data, query.size) == 0) {
            found = *at;
            *at = found->next;
            break;
        }
    }
    pthread_mutex_unlock(&lock);
    return found;
}

static void keep_slow(call *c)
{
    pthread_mutex_lock(&lock);
    c->next = calls;
    calls = c;
    pthread_mutex_unlock(&lock);
}

void slow(call *c)
{
    keep_slow(c);
    say(c->scope, "slow", 0);
}

static void slow_received(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    call *c = context, *asker = c->asker;
    char text[64];
    int has_more = result == ASGI_DONE && event->type == ASGI_HTTP_REQUEST && event->flags & ASGI_MORE;
    (void)id;
    if (result == ASGI_DONE) c->count += event->body.size;
    snprintf(text, sizeof text, "%zu", c->count);
    over(asker, asgi_respond(asker->scope, asker->send, has_more ? 200 : 202, "text/plain", asgi_text(text)));
    if (has_more) {
        keep_slow(c);
    } else if (result == ASGI_DONE && event->type == ASGI_HTTP_REQUEST) {
        over(c, asgi_respond(c->scope, c->send, 200, "text/plain", asgi_text(text)));
    } else {
        say(c->scope, "disconnected", c->count);
        over(c, ASGI_GONE);
    }
}

/* Answers 200 if more of the body follows, 202 after its last part, with the number of bytes so far. */
void release_slow(call *asker)
{
    call *c = take_slow(asker->scope->query_string);
    asgi_event event = asgi_event_of(0);
    asgi_result result;
    if (!c) {
        over(asker, asgi_respond(asker->scope, asker->send, 404, "text/plain", asgi_text("no such request")));
        return;
    }
    c->asker = asker;
    result = c->receive(c->scope->id, &event, slow_received, c);
    if (result != ASGI_PENDING) slow_received(c, c->scope->id, result, &event);
}
