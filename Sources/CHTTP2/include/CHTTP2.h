/* The server side of one HTTP/2 connection, without I/O (RFC 9113), by libnghttp2. SPDX-License-Identifier: Apache-2.0
 *
 * roost_h2_receive processes input, roost_h2_send returns output. Both call the hooks, which only record events: the only
 * functions of this header that hooks may call are roost_h2_set_user, and in next_part roost_h2_submit_trailers. Not
 * thread-safe.
 *
 * A stream is identified by its number. Its `user` pointer is the one that roost_h2_set_user has set, NULL before. Error
 * codes are those of RFC 9113 §7. */
#ifndef CHTTP2_H
#define CHTTP2_H

#include <stddef.h>
#include <stdint.h>

typedef struct roost_h2 roost_h2;

/* A header field; both texts are borrowed. */
typedef struct roost_h2_field {
    const char *name;
    size_t name_size;
    const char *value;
    size_t value_size;
} roost_h2_field;

/* The kinds of frames that cost the server work and have no effect. */
typedef enum {
    ROOST_H2_RESET,  /* RST_STREAM, sent by the client or because of it */
    ROOST_H2_GLITCH, /* a malformed frame, or one for a stream that has ended */
    ROOST_H2_IDLE    /* PING, SETTINGS, PRIORITY, an unknown frame, empty DATA, needless WINDOW_UPDATE */
} roost_h2_cost;

/* The result of write_data. */
typedef enum {
    ROOST_H2_WRITTEN,
    ROOST_H2_NO_ROOM, /* roost_h2_send returns 0, and its next call begins with the same frame */
    ROOST_H2_DROPPED  /* the body was dropped meanwhile: the stream is reset */
} roost_h2_written;

/* The next part of a response body. */
typedef struct roost_h2_part {
    size_t size;  /* at most the number of bytes that was asked for */
    int is_last;  /* whether the body ends after it */
    int trailers; /* with is_last: whether trailers follow, which are submitted in next_part or later */
    int is_empty; /* whether nothing is there yet: the stream waits for roost_h2_resume */
} roost_h2_part;

/* Each gets the `context` of the session. */
typedef struct roost_h2_hooks {
    /* A header block begins: of a new request, or of trailers. */
    void (*begin_headers)(void *context, int32_t stream, int is_trailers);
    /* A field of the block. Returns 0, or another number to end the connection. */
    int (*header)(void *context, const uint8_t *name, size_t name_size, const uint8_t *value, size_t value_size);
    /* The block is complete and valid. is_end: the client sends nothing more on the stream. */
    void (*end_headers)(void *context, int32_t stream, void *user, int is_trailers, int is_end);
    /* Bytes of a request body. */
    void (*data)(void *context, int32_t stream, void *user, const uint8_t *bytes, size_t size);
    /* The client sends nothing more on the stream, after bytes of the body. */
    void (*end_stream)(void *context, int32_t stream, void *user);
    /* The stream has ended, with this error code. */
    void (*closed)(void *context, int32_t stream, void *user, uint32_t error);
    /* The answer to a PING of roost_h2_ping. */
    void (*pong)(void *context);
    /* The connection ends with this error, which was sent to the client. */
    void (*failed)(void *context, uint32_t error);
    /* The client has sent `count` frames of this kind, or entries of a SETTINGS frame. */
    void (*cost)(void *context, roost_h2_cost kind, size_t count);
    /* Describes the next part of a response body, of at most `most` bytes. */
    roost_h2_part (*next_part)(void *context, void *user, size_t most);
    /* Writes the header of a DATA frame and `size` bytes of the body. */
    roost_h2_written (*write_data)(void *context, void *user, const uint8_t *frame_head, size_t head_size, size_t size);
} roost_h2_hooks;

/* The settings of a session. */
typedef struct roost_h2_settings {
    uint32_t streams;           /* concurrent streams */
    uint32_t stream_window;     /* bytes of a request body that may be unread */
    uint32_t connection_window; /* the same for all streams together */
    uint32_t header_list;       /* size of a request header */
    uint32_t continuations;     /* CONTINUATION frames of a header */
    int connect_protocol;       /* whether WebSockets are offered (RFC 8441) */
} roost_h2_settings;

/* Makes a session, and queues its settings. NULL without memory. `hooks` must outlive it. */
roost_h2 *roost_h2_make(const roost_h2_hooks *hooks, void *context, const roost_h2_settings *settings);
void roost_h2_destroy(roost_h2 *session);

/* What roost_h2_receive returns for a client that sends frames without an end. */
#define ROOST_H2_TOO_MUCH (-2)

/* Processes input. Returns 0; a negative value if the connection has to be closed after pending output. */
int roost_h2_receive(roost_h2 *session, const uint8_t *bytes, size_t size);

/* Sets `bytes` to the next output, valid until the next call, and returns its size; 0 if there is none, or if write_data has
 * no room. Bodies are passed to write_data instead. A negative value if the connection has to be closed at once. */
ptrdiff_t roost_h2_send(roost_h2 *session, const uint8_t **bytes);

/* Whether the session has ended: it neither expects input nor has output. */
int roost_h2_has_ended(roost_h2 *session);

void roost_h2_set_user(roost_h2 *session, int32_t stream, void *user);

/* The functions below queue what they send. They return 0; a negative value if the stream has ended. */

/* Begins the response: the first field is ":status". The fields are copied. has_body: next_part is asked for it. */
int roost_h2_submit_response(roost_h2 *session, int32_t stream, const roost_h2_field *fields, size_t count, int has_body);
/* An interim response. */
int roost_h2_submit_interim(roost_h2 *session, int32_t stream, const roost_h2_field *fields, size_t count);
/* Trailers, while or after the last part of the body is described with `trailers`: earlier they would overtake it. */
int roost_h2_submit_trailers(roost_h2 *session, int32_t stream, const roost_h2_field *fields, size_t count);
/* There is a next part again. */
int roost_h2_resume(roost_h2 *session, int32_t stream);
int roost_h2_reset(roost_h2 *session, int32_t stream, uint32_t error);
/* Opens the windows of a stream and of the connection by `size` bytes. stream 0: that of the connection only. */
void roost_h2_consume(roost_h2 *session, int32_t stream, size_t size);

/* Announces that no stream after a later GOAWAY will be answered (RFC 9113 §6.8). */
void roost_h2_announce_end(roost_h2 *session);
/* Answers no further streams. Those that have begun go on. */
void roost_h2_refuse_new(roost_h2 *session);
/* Ends the session with this error. */
void roost_h2_terminate(roost_h2 *session, uint32_t error);
void roost_h2_ping(roost_h2 *session);

#endif
