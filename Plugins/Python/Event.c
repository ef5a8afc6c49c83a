/* Event.c: the dicts of events that an application receives (asgi.md 1.2 to 1.4). */
#include "Event.h"
#include "Values.h"

static PyObject *name_of(uint32_t type)
{
    switch (type) {
    case ASGI_HTTP_REQUEST: return names.http_request;
    case ASGI_HTTP_DISCONNECT: return names.http_disconnect;
    case ASGI_WEBSOCKET_CONNECT: return names.websocket_connect;
    case ASGI_WEBSOCKET_RECEIVE: return names.websocket_receive;
    case ASGI_WEBSOCKET_DISCONNECT: return names.websocket_disconnect;
    case ASGI_LIFESPAN_STARTUP: return names.lifespan_startup;
    case ASGI_LIFESPAN_SHUTDOWN: return names.lifespan_shutdown;
    default: return NULL;
    }
}

PyObject *event_dict(const asgi_event *event)
{
    PyObject *name = name_of(event->type), *dict;
    bool complete;
    if (!name) return PyErr_Format(PyExc_RuntimeError, "unknown event %d of the host", (int)event->type);
    dict = PyDict_New();
    if (!dict) return NULL;
    complete = PyDict_SetItem(dict, names.type, name) == 0;
    if (event->type == ASGI_HTTP_REQUEST)
        complete = complete && dict_add(dict, names.body, bytes_of(event->body)) &&
                   PyDict_SetItem(dict, names.more_body, event->flags & ASGI_MORE ? Py_True : Py_False) == 0;
    else if (event->type == ASGI_WEBSOCKET_RECEIVE && event->flags & ASGI_TEXT)
        complete = complete && dict_add(dict, names.text, text_of(event->body));
    else if (event->type == ASGI_WEBSOCKET_RECEIVE)
        complete = complete && dict_add(dict, names.bytes, bytes_of(event->body));
    else if (event->type == ASGI_WEBSOCKET_DISCONNECT)
        complete = complete && dict_add(dict, names.code, PyLong_FromLong(event->code)) &&
                   dict_add(dict, names.reason, text_of(event->text));
    if (!complete) Py_CLEAR(dict);
    return dict;
}

bool event_is_disconnect(const asgi_event *event)
{
    return event->type == ASGI_HTTP_DISCONNECT || event->type == ASGI_WEBSOCKET_DISCONNECT;
}

asgi_event event_lost(uint32_t type)
{
    asgi_event event = asgi_event_of(type == ASGI_HTTP        ? ASGI_HTTP_DISCONNECT
                                     : type == ASGI_WEBSOCKET ? ASGI_WEBSOCKET_DISCONNECT
                                                              : ASGI_LIFESPAN_SHUTDOWN);
    if (type == ASGI_WEBSOCKET) event.code = 1006; /* asgi.md 1.3: by convention the code of a lost connection */
    return event;
}
