/* SPDX-License-Identifier: Apache-2.0 */
#include "Room.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>

pthread_mutex_t rooms_lock = PTHREAD_MUTEX_INITIALIZER;
static room *rooms;
static size_t room_count;

static uint64_t milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static int is_named(const char *name, size_t size, asgi_string other)
{
    return size == other.size && memcmp(name, other.data, size) == 0;
}

/* Frees the least recently used room without people. Returns 0 if there is none. */
static int forget_one(void)
{
    room **at, **oldest = NULL, *gone;
    size_t index;
    for (at = &rooms; *at; at = &(*at)->next)
        if (!(*at)->people && (!oldest || (*at)->last_used < (*oldest)->last_used)) oldest = at;
    if (!oldest) return 0;
    gone = *oldest;
    *oldest = gone->next;
    for (index = 0; index < room_messages; index++) text_free(&gone->messages[index]);
    free(gone);
    room_count--;
    return 1;
}

room *room_named(asgi_string name)
{
    room *r;
    for (r = rooms; r; r = r->next)
        if (is_named(r->name, r->name_size, name)) break;
    if (!r) {
        if (room_count >= room_limit && !forget_one()) return NULL;
        if ((r = (room *)calloc(1, sizeof *r)) == NULL) return NULL;
        memcpy(r->name, name.data, name.size);
        r->name_size = name.size;
        r->next = rooms;
        rooms = r;
        room_count++;
        /* Numbers keep rising after a restart of the server, so that a page that reconnects recognizes old messages. */
        r->last_number = milliseconds();
    }
    r->last_used = milliseconds();
    return r;
}

/* Returns why a name is not allowed, or NULL. */
static const char *fault_of(const room *r, const person *p, asgi_string name)
{
    const person *other;
    if (name.size == 0) return "A name is needed.";
    if (name.size > person_name_limit) return "The name is too long.";
    for (other = r->people; other; other = other->next)
        if (other != p && is_named(other->name, other->name_size, name)) return "Another person in this room has that name.";
    return NULL;
}

static void set_name(person *p, asgi_string name)
{
    memcpy(p->name, name.data, name.size);
    p->name_size = name.size;
}

const char *room_enter(room *r, person *p, asgi_string name)
{
    const char *fault = fault_of(r, p, name);
    if (fault) return fault;
    if (r->people_count >= room_people) return "The room is full.";
    set_name(p, name);
    p->next = r->people;
    r->people = p;
    r->people_count++;
    return NULL;
}

const char *room_rename(room *r, person *p, asgi_string name)
{
    const char *fault = fault_of(r, p, name);
    if (!fault) set_name(p, name);
    return fault;
}

void room_leave(room *r, person *p)
{
    person **at;
    for (at = &r->people; *at; at = &(*at)->next) {
        if (*at != p) continue;
        *at = p->next;
        r->people_count--;
        r->last_used = milliseconds();
        return;
    }
}

static asgi_string name_of(const person *p)
{
    asgi_string name = {p->name, p->name_size};
    return name;
}

/* Appends a message to the room, which takes ownership. */
static void remember(room *r, text message)
{
    size_t slot = (r->first + r->count) % room_messages;
    if (r->count == room_messages) r->first = (r->first + 1) % room_messages;
    else r->count++;
    text_free(&r->messages[slot]);
    r->messages[slot] = message;
}

void rooms_each(void (*each)(const room *r, void *context), void *context)
{
    const room *r;
    for (r = rooms; r; r = r->next) each(r, context);
}

void rooms_forget(void)
{
    while (forget_one()) continue;
}

void room_recall(room *r, asgi_string bytes)
{
    text message = {0};
    text_add_bytes(&message, bytes);
    if (!message.failed) remember(r, message);
}

asgi_string room_say(room *r, const person *p, asgi_string words)
{
    text message = {0};
    asgi_string none = {NULL, 0};
    text_add(&message, "{\"type\":\"message\",\"number\":");
    text_add_number(&message, ++r->last_number);
    text_add(&message, ",\"time\":");
    text_add_number(&message, milliseconds());
    text_add(&message, ",\"name\":");
    text_add_json(&message, name_of(p));
    text_add(&message, ",\"text\":");
    text_add_json(&message, words);
    text_add(&message, "}");
    if (message.failed) {
        text_free(&message);
        return none;
    }
    remember(r, message);
    return text_string(&message);
}

static void write_names(const room *r, text *to)
{
    const person *p;
    text_add(to, "\"people\":[");
    for (p = r->people; p; p = p->next) {
        text_add_json(to, name_of(p));
        if (p->next) text_add(to, ",");
    }
    text_add(to, "]");
}

void room_write_people(const room *r, text *to)
{
    text_add(to, "{\"type\":\"people\",");
    write_names(r, to);
    text_add(to, "}");
}

void room_write_all(const room *r, text *to)
{
    size_t at;
    text_add(to, "{\"type\":\"room\",");
    write_names(r, to);
    text_add(to, ",\"messages\":[");
    for (at = 0; at < r->count; at++) {
        if (at) text_add(to, ",");
        text_add_bytes(to, text_string(&r->messages[(r->first + at) % room_messages]));
    }
    text_add(to, "]}");
}
