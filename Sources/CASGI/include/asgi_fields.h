/* asgi_fields.h: functions that read and write the growing structs of asgi.h by its rule of sizes.
 * SPDX-License-Identifier: Apache-2.0
 *
 * For hosts and SDKs; not part of the contract. Swift must never copy a growing struct as a value: it identifies the
 * layout of an imported C struct by its name, one for a process, and modules in a process may be built with different
 * versions of the header. Access these structs by a pointer and the functions below. */
#ifndef ASGI_FIELDS_H
#define ASGI_FIELDS_H

#include "asgi_urls.h"
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Return the size of a struct in this version of the header, in bytes. */
static inline size_t asgi_host_size(void) { return sizeof(asgi_host); }
static inline size_t asgi_applications_size(void) { return sizeof(asgi_applications); }
static inline size_t asgi_loop_size(void) { return sizeof(asgi_loop); }
static inline size_t asgi_broadcast_size(void) { return sizeof(asgi_broadcast); }
static inline size_t asgi_shutdown_size(void) { return sizeof(asgi_shutdown); }
static inline size_t asgi_scope_size(void) { return sizeof(asgi_scope); }
static inline size_t asgi_event_size(void) { return sizeof(asgi_event); }

/* Returns the flags of an event; 0 if it is too small to have them. */
static inline uint32_t asgi_event_flags(const asgi_event *event) { return ASGI_HAS(event, flags) ? event->flags : 0; }

/* Returns whether an event is large enough to have a type. */
static inline int asgi_event_has_type(const asgi_event *event) { return ASGI_HAS(event, type); }

/* Returns an event with every field of this header: `given` if it has them all, else `room`, filled from it, with
 * missing fields zero. `given` must have a type. */
static inline const asgi_event *asgi_event_read(const asgi_event *given, asgi_event *room)
{
    if (given->size >= sizeof *given) return given;
    memset(room, 0, sizeof *room);
    memcpy(room, given, given->size);
    return room;
}

/* Copies the description of a call of the next application into `room`, with missing fields zero; NULL leaves all zero. */
static inline void asgi_call_read(const asgi_call *given, asgi_call *room)
{
    memset(room, 0, sizeof *room);
    if (given) memcpy(room, given, given->size < sizeof *room ? given->size : sizeof *room);
}
static inline size_t asgi_call_size(void) { return sizeof(asgi_call); }

/* Copies an event into one of another size. `to` must have a type; its `size` stays. */
static inline void asgi_event_write(asgi_event *to, const asgi_event *from)
{
    size_t room = to->size;
    size_t shared = room < from->size ? room : from->size;
    memcpy((char *)to + sizeof to->size, (const char *)from + sizeof from->size, shared - sizeof to->size);
    memset((char *)to + shared, 0, room - shared);
}

/* Sets an event to this type, and all other fields to zero. */
static inline void asgi_event_reset(asgi_event *event, uint32_t type)
{
    memset(event, 0, sizeof *event);
    event->size = (uint32_t)sizeof *event;
    event->type = type;
}

/* Returns whether a module's description is large enough to have the version of its contract: `abi` and `draft`. */
static inline int asgi_module_has_contract(const asgi_module *given) { return ASGI_HAS(given, draft); }
static inline size_t asgi_module_size(void) { return sizeof(asgi_module); }

/* Copies a module's description into `room`, with missing fields zero. */
static inline void asgi_module_read(const asgi_module *given, asgi_module *room)
{
    memset(room, 0, sizeof *room);
    memcpy(room, given, given->size < sizeof *room ? given->size : sizeof *room);
}

/* Returns an extension that a module offers; NULL if it does not offer it. */
static inline const void *asgi_module_offer(const asgi_module *given, const char *name)
{
    asgi_string text = asgi_text(name);
    return ASGI_HAS(given, extension) && given->extension ? given->extension(&text) : NULL;
}

/* Return the size of a struct in this version of the header, in bytes. */
static inline size_t asgi_urls_size(void) { return sizeof(asgi_urls); }
static inline size_t asgi_url_size(void) { return sizeof(asgi_url); }

static inline size_t asgi_saved_size(void) { return sizeof(asgi_saved); }

/* Returns whether a module's asgi.state/1 has both functions. */
static inline int asgi_state_is_whole(const asgi_state *given)
{
    return ASGI_HAS(given, restore) && given->save && given->restore;
}

#ifdef __cplusplus
}
#endif
#endif
