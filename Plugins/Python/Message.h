/* Message.h: the fields of an event that an application sends. */
#ifndef MESSAGE_H
#define MESSAGE_H

#include "Bridge.h"

#pragma GCC visibility push(hidden)

/* The types of events, in the order of their names in Message.c. */
enum message_type {
    MESSAGE_UNKNOWN,
    HTTP_RESPONSE_START,
    HTTP_RESPONSE_BODY,
    HTTP_RESPONSE_TRAILERS,
    HTTP_RESPONSE_EARLY_HINT,
    HTTP_RESPONSE_PUSH,
    HTTP_RESPONSE_PATHSEND,
    HTTP_RESPONSE_ZEROCOPYSEND,
    WEBSOCKET_ACCEPT,
    WEBSOCKET_SEND,
    WEBSOCKET_CLOSE,
    WEBSOCKET_HTTP_RESPONSE_START,
    WEBSOCKET_HTTP_RESPONSE_BODY,
    LIFESPAN_STARTUP_COMPLETE,
    LIFESPAN_STARTUP_FAILED,
    LIFESPAN_SHUTDOWN_COMPLETE,
    LIFESPAN_SHUTDOWN_FAILED,
};

/* Creates the table of names. [GIL] Returns 0; -1 with an exception set. */
int message_create_names(void);

/* Returns the type of an event; MESSAGE_UNKNOWN with an exception set. [GIL] */
enum message_type message_type_of(PyObject *message);

/* Returns a field; NULL if it is missing or None, or with an exception set. Borrowed. [GIL] */
PyObject *message_get(PyObject *message, PyObject *key);
/* Returns a required field; NULL with KeyError set. Borrowed. [GIL] */
PyObject *message_require(PyObject *message, PyObject *key);
/* Returns whether a field is true; missing is false; -1 with an exception set. [GIL] */
int message_flag(PyObject *message, PyObject *key);
/* Reads an int field into `value`, which keeps its value if the field is missing. [GIL] Returns 0; -1 with an exception
 * set. */
int message_int(PyObject *message, PyObject *key, int64_t least, int64_t most, int64_t *value);
/* Reads the required status of a response. [GIL] Returns 0; -1 with an exception set. */
int message_status(PyObject *message, int32_t *status);
/* Reads a str field. [GIL] Returns 0; -1 with an exception set. The memory belongs to the str. */
int message_text(PyObject *message, PyObject *key, asgi_string *text);

/* Bytes of a field, which may be bytes, bytearray or memoryview. */
struct message_bytes {
    asgi_string data;
    PyObject *object; /* borrowed; NULL if the field is missing */
    Py_buffer buffer; /* obj is NULL for a bytes object */
};
/* Reads a bytes field. [GIL] Returns 0; -1 with an exception set. After 0 the caller calls message_bytes_free. */
int message_bytes(PyObject *message, PyObject *key, struct message_bytes *bytes);
void message_bytes_free(struct message_bytes *bytes);

#pragma GCC visibility pop

#endif
