/* Event.h: the dicts of events that an application receives. */
#ifndef EVENT_H
#define EVENT_H

#include "Bridge.h"

#pragma GCC visibility push(hidden)

/* Returns the dict of an event. A new reference; NULL with an exception set. [GIL] */
PyObject *event_dict(const asgi_event *event);

/* Whether an event is http.disconnect or websocket.disconnect, which every further receive gets again. */
bool event_is_disconnect(const asgi_event *event);

/* The disconnect event of a scope that the host has ended. */
asgi_event event_lost(uint32_t type);

#pragma GCC visibility pop

#endif
