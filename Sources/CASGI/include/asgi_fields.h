/* asgi_fields.h: reading and writing the growing structs of asgi.h by its rule of sizes. SPDX-License-Identifier: Apache-2.0
 *
 * For hosts and SDKs: Swift must never copy a growing struct as a value, since imported C structs have one layout a
 * process, by name, and two versions of the header may meet in one. Everything goes through a pointer and these. */
#ifndef ASGI_FIELDS_H
#define ASGI_FIELDS_H

#include "asgi_urls.h"
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes to allocate for a struct of this header's version. */
static inline size_t asgi_host_size(void) { return sizeof(asgi_host); }
static inline size_t asgi_loop_size(void) { return sizeof(asgi_loop); }
static inline size_t asgi_broadcast_size(void) { return sizeof(asgi_broadcast); }
static inline size_t asgi_shutdown_size(void) { return sizeof(asgi_shutdown); }
static inline size_t asgi_scope_size(void) { return sizeof(asgi_scope); }
static inline size_t asgi_event_size(void) { return sizeof(asgi_event); }

/* The flags of an event; 0 when it does not reach that far. */
static inline uint32_t asgi_event_flags(const asgi_event *event) { return ASGI_HAS(event, flags) ? event->flags : 0; }

/* Whether an event has at least a type. */
static inline int asgi_event_has_type(const asgi_event *event) { return ASGI_HAS(event, type); }

/* The event as this header knows it: `given` itself when it has every field, else `room` filled from it with what is
 * missing read as zero. It has a type. */
static inline const asgi_event *asgi_event_read(const asgi_event *given, asgi_event *room)
{
    if (given->size >= sizeof *given) return given;
    memset(room, 0, sizeof *room);
    memcpy(room, given, given->size);
    return room;
}

/* Copies an event into the caller's, which may be of another size, but has a type; its `size` stays. */
static inline void asgi_event_write(asgi_event *to, const asgi_event *from)
{
    size_t room = to->size;
    size_t shared = room < from->size ? room : from->size;
    memcpy((char *)to + sizeof to->size, (const char *)from + sizeof from->size, shared - sizeof to->size);
    memset((char *)to + shared, 0, room - shared);
}

/* Makes an event of a type with everything else zero. */
static inline void asgi_event_reset(asgi_event *event, uint32_t type)
{
    memset(event, 0, sizeof *event);
    event->size = (uint32_t)sizeof *event;
    event->type = type;
}

/* Whether a module's description reaches far enough to say which contract it is of. */
static inline int asgi_module_has_contract(const asgi_module *given) { return ASGI_HAS(given, draft); }
static inline size_t asgi_module_size(void) { return sizeof(asgi_module); }

/* A module's description as this header knows it, what is missing read as zero. */
static inline void asgi_module_read(const asgi_module *given, asgi_module *room)
{
    memset(room, 0, sizeof *room);
    memcpy(room, given, given->size < sizeof *room ? given->size : sizeof *room);
}

/* What a module offers by this name; NULL: nothing. */
static inline const void *asgi_module_offer(const asgi_module *given, const char *name)
{
    asgi_string text = asgi_text(name);
    return ASGI_HAS(given, extension) && given->extension ? given->extension(&text) : NULL;
}

/* Of a table of URLs and its rows; of an argument of which the module's own is made. */
static inline size_t asgi_urls_size(void) { return sizeof(asgi_urls); }
static inline size_t asgi_url_size(void) { return sizeof(asgi_url); }

static inline size_t asgi_saved_size(void) { return sizeof(asgi_saved); }

/* Whether a module's asgi.state/1 has both of its functions. */
static inline int asgi_state_is_whole(const asgi_state *given)
{
    return ASGI_HAS(given, restore) && given->save && given->restore;
}

#ifdef __cplusplus
}
#endif
#endif
