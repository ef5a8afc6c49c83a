/* asgi.broadcast/1: a WebSocket at /NAME joins the group NAME. Its messages go to the group: "all TEXT" to all members,
 * "others TEXT" to the other members; "leave" leaves the group. GET /thread sends to the group "g" from a thread. GET
 * /held does so while the loop is blocked. GET /rules makes all calls that are refused. GET /log returns what was
 * recorded. SPDX-License-Identifier: Apache-2.0 */
#include "Notes.h"
#include <stdlib.h>
#include <string.h>

static const asgi_broadcast *broadcast_of(const asgi_scope *scope)
{
    asgi_string name = asgi_text("asgi.broadcast/1");
    return (const asgi_broadcast *)scope->host->extension(scope->id, &name);
}

static asgi_result send_to(const asgi_broadcast *broadcast, asgi_id id, asgi_string group, asgi_string words, asgi_id except)
{
    asgi_event event = asgi_event_of(ASGI_WEBSOCKET_SEND);
    event.body = words;
    event.flags = ASGI_TEXT;
    return broadcast->send(id, &group, &event, except, NULL, NULL);
}

typedef struct member {
    asgi_id id;
    const asgi_host *host;
    const asgi_broadcast *broadcast;
    asgi_receive receive;
    asgi_send send;
    asgi_string group;
} member;

static asgi_string after(asgi_string line, size_t count)
{
    line.data += count;
    line.size -= count;
    return line;
}

static asgi_result take(member *m, const asgi_event *event)
{
    asgi_event accept = asgi_event_of(ASGI_WEBSOCKET_ACCEPT);
    if (event->type == ASGI_WEBSOCKET_DISCONNECT) {
        note("gone %d\n", event->code);
        return ASGI_GONE;
    }
    if (event->type == ASGI_WEBSOCKET_CONNECT) {
        m->send(m->id, &accept, NULL, NULL);
        note_result("join", m->broadcast->join(m->id, &m->group));
    } else if (event->body.size > 4 && !memcmp(event->body.data, "all ", 4)) {
        send_to(m->broadcast, m->id, m->group, after(event->body, 4), 0);
    } else if (event->body.size > 7 && !memcmp(event->body.data, "others ", 7)) {
        send_to(m->broadcast, m->id, m->group, after(event->body, 7), m->id);
    } else {
        note_result("leave", m->broadcast->leave(m->id, &m->group));
    }
    return ASGI_DONE;
}

static asgi_result go_on(member *m);

static void received(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    member *m = (member *)context;
    const asgi_host *host = m->host;
    if (result == ASGI_DONE) result = take(m, event);
    if (result == ASGI_DONE) result = go_on(m);
    if (result == ASGI_PENDING) return;
    free(m);
    host->finish(id, ASGI_DONE);
}

static asgi_result go_on(member *m)
{
    asgi_event event = asgi_event_of(0);
    asgi_result result;
    do {
        result = m->receive(m->id, &event, received, m);
        if (result == ASGI_DONE) result = take(m, &event);
    } while (result == ASGI_DONE);
    return result;
}

static asgi_result begin(const asgi_scope *scope, asgi_receive receive, asgi_send send)
{
    member *m = (member *)calloc(1, sizeof *m);
    m->id = scope->id;
    m->host = scope->host;
    m->broadcast = broadcast_of(scope);
    m->receive = receive;
    m->send = send;
    m->group = after(asgi_path(scope), 1);
    return go_on(m);
}

/* ---- Sending from HTTP requests and threads ---------------------------------------------------------------------- */

typedef struct sender {
    const asgi_host *host;
    const asgi_broadcast *broadcast;
    asgi_id id;
    asgi_send send;
    int size;
} sender;

static void *send_from_thread(void *context)
{
    sender s = *(sender *)context;
    asgi_event answer = asgi_event_of(ASGI_HTTP_RESPONSE);
    char *words = (char *)malloc((size_t)s.size);
    asgi_string text = {words, (size_t)s.size};
    int at;
    free(context);
    memset(words, 'x', text.size);
    for (at = 0; at < 100; at++) {
        words[0] = (char)('0' + at / 10);
        words[1] = (char)('0' + at % 10);
        if (send_to(s.broadcast, s.id, asgi_text("g"), text, 0) != ASGI_DONE) note("not sent\n");
    }
    free(words);
    answer.status = 200;
    s.send(s.id, &answer, NULL, NULL);
    s.host->finish(s.id, ASGI_DONE);
    return NULL;
}

static asgi_result send_elsewhere(const asgi_scope *scope, asgi_send send, int size)
{
    sender *s = (sender *)calloc(1, sizeof *s);
    pthread_t thread;
    s->host = scope->host;
    s->broadcast = broadcast_of(scope);
    s->id = scope->id;
    s->send = send;
    s->size = size;
    pthread_create(&thread, NULL, send_from_thread, s);
    pthread_detach(thread);
    return ASGI_PENDING;
}

static void reported(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    (void)context;
    (void)id;
    (void)event;
    note_result("reported", result);
}

static void *send_until_full(void *context)
{
    static char words[100 << 10];
    asgi_string group = asgi_text("g");
    asgi_event event = asgi_event_of(ASGI_WEBSOCKET_SEND);
    asgi_result result;
    sender *s = (sender *)context;
    event.body.data = words;
    event.body.size = sizeof words;
    do result = note_result("send", s->broadcast->send(s->id, &group, &event, 0, reported, NULL));
    while (result >= 0);
    return NULL;
}

/* Blocks the loop until the thread's sends fail. */
static asgi_result send_while_held(const asgi_scope *scope, asgi_send send)
{
    sender s = {scope->host, broadcast_of(scope), scope->id, send, 0};
    pthread_t thread;
    pthread_create(&thread, NULL, send_until_full, &s);
    pthread_join(thread, NULL);
    return asgi_respond(scope, send, 200, "text/plain", asgi_text("held")), ASGI_PENDING;
}

static asgi_result rules(const asgi_scope *scope, asgi_send send)
{
    const asgi_broadcast *b = broadcast_of(scope);
    asgi_string none = {NULL, 0}, group = asgi_text("g");
    static const char name[256];
    asgi_string longest = {name, 256};
    asgi_event event = asgi_event_of(ASGI_WEBSOCKET_SEND), other = asgi_event_of(ASGI_WEBSOCKET_CLOSE);
    note("limit=%u\n", b->group_limit);
    note_result("join-http", b->join(scope->id, &group));
    note_result("join-none", b->join(scope->id, &none));
    note_result("join-long", b->join(scope->id, &longest));
    note_result("join-stale", b->join(scope->id + (1 << 24), &group));
    note_result("send-other", b->send(scope->id, &group, &other, 0, NULL, NULL));
    note_result("send-null", b->send(scope->id, &group, NULL, 0, NULL, NULL));
    event.flags = ASGI_MORE;
    note_result("send-flags", b->send(scope->id, &group, &event, 0, NULL, NULL));
    event.flags = ASGI_TEXT;
    event.body = asgi_text("\xff");
    note_result("send-not-utf8", b->send(scope->id, &group, &event, 0, NULL, NULL));
    event.body = asgi_text("to nobody");
    note_result("send-nobody", b->send(scope->id, &group, &event, 0, NULL, NULL));
    note("end\n");
    return asgi_respond(scope, send, 200, "text/plain", none);
}

/* Joins as many groups as a WebSocket may be in, and one more. */
static asgi_result many(const asgi_scope *scope)
{
    const asgi_broadcast *b = broadcast_of(scope);
    char name[16];
    asgi_string group;
    unsigned at;
    for (at = 0; at <= b->group_limit; at++) {
        asgi_result result;
        snprintf(name, sizeof name, "many %u", at);
        group = asgi_text(name);
        result = b->join(scope->id, &group);
        if (result != ASGI_DONE || at == 0) note_result("join", result);
    }
    group = asgi_text("many 0");
    note_result("join-known", b->join(scope->id, &group));
    note_result("leave", b->leave(scope->id, &group));
    note_result("leave-again", b->leave(scope->id, &group));
    group = asgi_text("one more");
    note_result("join-after-leave", b->join(scope->id, &group));
    note("end\n");
    return ASGI_DONE;
}

asgi_result application(const asgi_scope *scope, asgi_receive receive, asgi_send send)
{
    asgi_string path = asgi_path(scope);
    if (scope->type == ASGI_WEBSOCKET) return asgi_equal(path, "/many") ? many(scope) : begin(scope, receive, send);
    if (scope->type != ASGI_HTTP) return ASGI_UNSUPPORTED;
    if (asgi_equal(path, "/thread")) return send_elsewhere(scope, send, 2);
    if (asgi_equal(path, "/held")) return send_while_held(scope, send);
    if (asgi_equal(path, "/rules")) return rules(scope, send);
    return answer_notes(scope, send);
}
