/* SPDX-License-Identifier: Apache-2.0
 *
 * The saved state: the rooms, each with its name, its last number and last time of use, the number of its messages, and
 * the messages. A text is its size, then its bytes. Numbers are in native byte order, since only this machine reads
 * them. People are not transferred: their WebSockets are closed, and the clients reconnect. */
#include "Memory.h"
#include "Room.h"
#include <stdlib.h>
#include <string.h>

static const char format[] = "chat.rooms";

enum {
    version = 1,
    memory_limit = 1 << 20 /* bytes: the host's default limit */
};

static void write_number(text *to, uint64_t number)
{
    asgi_string bytes = {(const char *)&number, sizeof number};
    text_add_bytes(to, bytes);
}

static void write_text(text *to, asgi_string bytes)
{
    write_number(to, bytes.size);
    text_add_bytes(to, bytes);
}

static asgi_string message_of(const room *r, size_t number)
{
    return text_string(&r->messages[(r->first + number) % room_messages]);
}

static size_t size_of(const room *r)
{
    size_t at, size = 4 * sizeof(uint64_t) + r->name_size;
    for (at = 0; at < r->count; at++) size += sizeof(uint64_t) + message_of(r, at).size;
    return size;
}

/* Writes a room, unless it does not fit. */
static void write_room(const room *r, void *context)
{
    text *to = (text *)context;
    asgi_string name = {r->name, r->name_size};
    size_t at;
    if (to->size + size_of(r) > memory_limit) return;
    write_text(to, name);
    write_number(to, r->last_number);
    write_number(to, r->last_used);
    write_number(to, r->count);
    for (at = 0; at < r->count; at++) write_text(to, message_of(r, at));
}

static asgi_result save(asgi_id id, void *state, asgi_saved *saved)
{
    text memory = {0};
    (void)id, (void)state;
    pthread_mutex_lock(&rooms_lock);
    rooms_each(write_room, &memory);
    pthread_mutex_unlock(&rooms_lock);
    if (memory.failed) {
        text_free(&memory);
        return ASGI_FAILED;
    }
    saved->version = version;
    saved->format = asgi_text(format);
    saved->bytes = text_string(&memory);
    saved->release = free;
    saved->release_context = memory.data;
    return ASGI_DONE;
}

/* ---- Reading: another version may have written the state, so every size is checked ------------------------------ */

static int read_number(asgi_string *from, uint64_t *number)
{
    if (from->size < sizeof *number) return 0;
    memcpy(number, from->data, sizeof *number);
    from->data += sizeof *number;
    from->size -= sizeof *number;
    return 1;
}

static int read_text(asgi_string *from, asgi_string *bytes)
{
    uint64_t size;
    if (!read_number(from, &size) || size > from->size) return 0;
    bytes->data = from->data;
    bytes->size = (size_t)size;
    from->data += size;
    from->size -= (size_t)size;
    return 1;
}

static int read_room(asgi_string *from)
{
    asgi_string name, message;
    uint64_t last_number, last_used, count, at;
    room *r;
    if (!read_text(from, &name) || name.size > room_name_limit) return 0;
    if (!read_number(from, &last_number) || !read_number(from, &last_used) || !read_number(from, &count)) return 0;
    if (count > room_messages || (r = room_named(name)) == NULL) return 0;
    for (at = 0; at < count; at++) {
        if (!read_text(from, &message)) return 0;
        room_recall(r, message);
    }
    r->last_number = last_number;
    r->last_used = last_used;
    return 1;
}

static asgi_result restore(asgi_id id, void *state, const asgi_saved *saved)
{
    asgi_string rest = saved->bytes;
    int is_read = 1;
    (void)id, (void)state;
    if (!asgi_equal(saved->format, format) || saved->version != version) return ASGI_UNSUPPORTED;
    pthread_mutex_lock(&rooms_lock);
    while (rest.size && is_read) is_read = read_room(&rest);
    /* No person has entered yet, so this removes the rooms that were read. */
    if (!is_read) rooms_forget();
    pthread_mutex_unlock(&rooms_lock);
    return is_read ? ASGI_DONE : ASGI_FAILED;
}

const asgi_state chat_state = {sizeof chat_state, ASGI_STATE_RECONNECT, save, restore};
