/* A chat: rooms, names, the last hundred messages, and the people in a room. SPDX-License-Identifier: Apache-2.0
 *
 * GET /ROOM is the page of a room (the empty name is the lobby); a WebSocket at the same path joins the room. A client
 * sends text: first "name Ada", then "say Hello!". It receives JSON: "room" once it has a name, "message" and "people"
 * on changes, and "refused" with a reason. */
#include "Chat.h"
#include "Memory.h"
#include "Room.h"
#include <stdlib.h>
#include <string.h>

typedef struct guest {
    asgi_id id;
    const asgi_host *host;
    const asgi_broadcast *broadcast;
    asgi_receive receive;
    asgi_send send;
    room *room;  /* NULL until the guest has a name */
    person self;
    asgi_string path; /* points into the scope */
} guest;

static asgi_result go_on(guest *g);

/* ---- Sending --------------------------------------------------------------------------------------------------- */

static asgi_event message_of(asgi_string json)
{
    asgi_event event = asgi_event_of(ASGI_WEBSOCKET_SEND);
    event.body = json;
    event.flags = ASGI_TEXT;
    return event;
}

static asgi_string group_of(const room *r)
{
    asgi_string group = {r->name_size ? r->name : "/", r->name_size ? r->name_size : 1};
    return group;
}

static void tell(guest *g, const text *json)
{
    asgi_event event = message_of(text_string(json));
    if (!json->failed) g->send(g->id, &event, NULL, NULL);
}

static void refuse(guest *g, const char *why)
{
    text json = {0};
    text_add(&json, "{\"type\":\"refused\",\"text\":");
    text_add_json(&json, asgi_text(why));
    text_add(&json, "}");
    tell(g, &json);
    text_free(&json);
}

/* Broadcasts to the room. Must hold the lock, so that all members receive messages in the order of the history. */
static void tell_room(guest *g, asgi_string json)
{
    asgi_string group = group_of(g->room);
    asgi_event event = message_of(json);
    g->broadcast->send(g->id, &group, &event, 0, NULL, NULL);
}

static void tell_people(guest *g)
{
    text json = {0};
    room_write_people(g->room, &json);
    if (!json.failed) tell_room(g, text_string(&json));
    text_free(&json);
}

/* ---- Receiving -------------------------------------------------------------------------------------------------- */

static void enter(guest *g, asgi_string name)
{
    asgi_string group, room_name = g->path;
    text json = {0};
    const char *fault;
    room *r = room_named(room_name);
    fault = r ? room_enter(r, &g->self, name) : "There are too many rooms.";
    if (fault) {
        refuse(g, fault);
        return;
    }
    g->room = r;
    group = group_of(r);
    g->broadcast->join(g->id, &group);
    room_write_all(r, &json);
    tell(g, &json);
    text_free(&json);
    tell_people(g);
}

static void take_name(guest *g, asgi_string name)
{
    const char *fault;
    pthread_mutex_lock(&rooms_lock);
    if (!g->room) {
        enter(g, name);
    } else if ((fault = room_rename(g->room, &g->self, name))) {
        refuse(g, fault);
    } else {
        tell_people(g);
    }
    pthread_mutex_unlock(&rooms_lock);
}

static void take_words(guest *g, asgi_string words)
{
    asgi_string json;
    if (!g->room) {
        refuse(g, "A name is needed first.");
        return;
    }
    if (words.size == 0) return;
    if (words.size > message_limit) {
        refuse(g, "The message is too long.");
        return;
    }
    pthread_mutex_lock(&rooms_lock);
    json = room_say(g->room, &g->self, words);
    if (json.size) tell_room(g, json);
    pthread_mutex_unlock(&rooms_lock);
}

static void leave(guest *g)
{
    asgi_string group;
    if (!g->room) return;
    pthread_mutex_lock(&rooms_lock);
    group = group_of(g->room);
    g->broadcast->leave(g->id, &group);
    room_leave(g->room, &g->self);
    tell_people(g);
    pthread_mutex_unlock(&rooms_lock);
}

/* Returns what follows a word and a space; data is NULL if the line starts with another word. */
static asgi_string after(asgi_string line, const char *word)
{
    asgi_string start = asgi_text(word), none = {NULL, 0};
    if (line.size <= start.size || memcmp(line.data, start.data, start.size) != 0 || line.data[start.size] != ' ') return none;
    line.data += start.size + 1;
    line.size -= start.size + 1;
    return line;
}

static asgi_result take(guest *g, const asgi_event *event)
{
    asgi_event accept = asgi_event_of(ASGI_WEBSOCKET_ACCEPT);
    asgi_string rest;
    switch (event->type) {
    case ASGI_WEBSOCKET_CONNECT: return g->send(g->id, &accept, NULL, NULL);
    case ASGI_WEBSOCKET_DISCONNECT: return ASGI_GONE;
    case ASGI_WEBSOCKET_RECEIVE:
        if (!(event->flags & ASGI_TEXT)) refuse(g, "Only text messages are supported.");
        else if ((rest = after(event->body, "name")).data) take_name(g, rest);
        else if ((rest = after(event->body, "say")).data) take_words(g, rest);
        else refuse(g, "Unknown command; use 'name ...' or 'say ...'.");
        return ASGI_DONE;
    default: return ASGI_DONE;
    }
}

/* ---- Lifetime of a WebSocket ------------------------------------------------------------------------------------ */

/* Ends the guest. A client that has disconnected is not a failure. */
static asgi_result over(guest *g, asgi_result result)
{
    leave(g);
    free(g);
    return result == ASGI_GONE ? ASGI_DONE : result;
}

static void received(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    guest *g = (guest *)context;
    const asgi_host *host = g->host;
    if (result == ASGI_DONE) result = take(g, event);
    if (result == ASGI_DONE) result = go_on(g);
    if (result != ASGI_PENDING) host->finish(id, over(g, result));
}

/* Receives until no event is available. */
static asgi_result go_on(guest *g)
{
    asgi_event event = asgi_event_of(0);
    asgi_result result;
    do {
        result = g->receive(g->id, &event, received, g);
        if (result == ASGI_DONE) result = take(g, &event);
    } while (result == ASGI_DONE);
    return result;
}

static asgi_string room_of(const asgi_scope *scope)
{
    asgi_string path = asgi_path(scope);
    while (path.size && path.data[0] == '/') path.data++, path.size--;
    return path;
}

static asgi_result chat(const asgi_scope *scope, asgi_receive receive, asgi_send send)
{
    asgi_string name = asgi_text("asgi.broadcast/1");
    asgi_result result;
    guest *g = (guest *)calloc(1, sizeof *g);
    if (g == NULL) return ASGI_FAILED;
    g->id = scope->id;
    g->host = scope->host;
    g->receive = receive;
    g->send = send;
    g->path = room_of(scope);
    g->broadcast = (const asgi_broadcast *)scope->host->extension(scope->id, &name);
    result = g->broadcast ? go_on(g) : ASGI_UNSUPPORTED;
    return result == ASGI_PENDING ? result : over(g, result);
}

/* Rejects the handshake with 403. */
static asgi_result reject(const asgi_scope *scope, asgi_send send)
{
    asgi_event event = asgi_event_of(ASGI_WEBSOCKET_CLOSE);
    asgi_result result = send(scope->id, &event, NULL, NULL);
    return result == ASGI_GONE ? ASGI_DONE : result;
}

asgi_result application(const asgi_scope *scope, asgi_receive receive, asgi_send send)
{
    asgi_string room = room_of(scope);
    int is_room = room.size <= room_name_limit && (!room.size || !memchr(room.data, '/', room.size));
    if (scope->type == ASGI_WEBSOCKET && is_room) return chat(scope, receive, send);
    if (scope->type == ASGI_WEBSOCKET) return reject(scope, send);
    if (scope->type != ASGI_HTTP) return ASGI_UNSUPPORTED;
    if (!is_room) return chat_refuse(scope, send, 404, "Not Found: no such room.\n");
    if (!asgi_equal(scope->method, "GET") && !asgi_equal(scope->method, "HEAD"))
        return chat_refuse(scope, send, 405, "Method Not Allowed; allowed: GET, HEAD.\n");
    return chat_page(scope, send);
}

static const void *offer(const asgi_string *name) { return asgi_equal(*name, "asgi.state/1") ? &chat_state : NULL; }

const asgi_module *asgi_module_info(void)
{
    static const asgi_module module = {sizeof module,        ASGI_ABI,            ASGI_DRAFT,       0,
                                       ASGI_STRING("chat"), ASGI_STRING("1.1"), ASGI_STRING(""), offer};
    return &module;
}
