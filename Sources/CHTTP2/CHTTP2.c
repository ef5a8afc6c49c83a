/* See CHTTP2.h. */
#include "CHTTP2.h"

#include <nghttp2/nghttp2.h>
#include <stdlib.h>
#include <string.h>

/* The WINDOW_UPDATE frames that are not counted for each DATA frame sent. */
#define UPDATES_PER_DATA 10
#define MAX_FREE_UPDATES 10000

struct roost_h2 {
    nghttp2_session *session;
    const roost_h2_hooks *hooks;
    void *context;
    nghttp2_nv *fields; /* for submitted headers; nghttp2 copies them */
    size_t capacity;
    size_t free_updates; /* WINDOW_UPDATE frames that are not counted */
    /* The frames of the client as they arrive: nghttp2 ignores some without a callback. */
    uint8_t head[9];
    size_t head_size; /* bytes of `head` that have arrived */
    size_t left;      /* bytes of the payload, before the first frame of the preface, that are still to come */
    int is_violated;  /* whether a frame was not allowed that nghttp2 ignores */
    size_t seen, reported; /* frames that are complete, and those that nghttp2 has reported */
};

/* Counts a frame whose header is complete, unless it continues a header block or is the beginning of one. */
static void count_frame(roost_h2 *this)
{
    uint8_t type = this->head[3], flags = this->head[4];
    int begins_block = type == NGHTTP2_HEADERS || type == NGHTTP2_CONTINUATION;
    uint32_t stream = ((uint32_t)this->head[5] & 0x7f) << 24 | (uint32_t)this->head[6] << 16 | this->head[7] << 8 | this->head[8];
    /* nghttp2 does not check what it ignores (RFC 9113 §6.3). */
    if (type == NGHTTP2_PRIORITY && stream == 0) this->is_violated = 1;
    if (type > NGHTTP2_CONTINUATION || type == NGHTTP2_PRIORITY) this->hooks->cost(this->context, ROOST_H2_IDLE, 1);
    else if (!begins_block || (flags & NGHTTP2_FLAG_END_HEADERS)) this->seen++;
}

/* Follows the frames in bytes of the client. */
static void follow_frames(roost_h2 *this, const uint8_t *bytes, size_t size)
{
    while (size > 0) {
        size_t step = this->left < size ? this->left : size;
        this->left -= step;
        bytes += step;
        size -= step;
        if (size == 0) break;
        this->head[this->head_size++] = *bytes++;
        size--;
        if (this->head_size < sizeof this->head) continue;
        this->head_size = 0;
        this->left = (size_t)this->head[0] << 16 | (size_t)this->head[1] << 8 | this->head[2];
        count_frame(this);
    }
}

static void *user_of(const roost_h2 *this, int32_t stream)
{
    return nghttp2_session_get_stream_user_data(this->session, stream);
}

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *data)
{
    roost_h2 *this = data;
    (void)session;
    if (frame->hd.type == NGHTTP2_HEADERS)
        this->hooks->begin_headers(this->context, frame->hd.stream_id, frame->headers.cat != NGHTTP2_HCAT_REQUEST);
    return 0;
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name, size_t name_size,
                     const uint8_t *value, size_t value_size, uint8_t flags, void *data)
{
    roost_h2 *this = data;
    (void)session, (void)frame, (void)flags;
    return this->hooks->header(this->context, name, name_size, value, value_size) ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *data)
{
    roost_h2 *this = data;
    const roost_h2_hooks *hooks = this->hooks;
    int32_t stream = frame->hd.stream_id;
    int is_end = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    (void)session;
    if (frame->hd.type != NGHTTP2_PRIORITY) this->reported++;
    switch (frame->hd.type) {
    case NGHTTP2_HEADERS:
        hooks->end_headers(this->context, stream, user_of(this, stream), frame->headers.cat != NGHTTP2_HCAT_REQUEST, is_end);
        break;
    case NGHTTP2_DATA:
        if (is_end) hooks->end_stream(this->context, stream, user_of(this, stream));
        else if (frame->hd.length == 0) hooks->cost(this->context, ROOST_H2_IDLE, 1);
        break;
    case NGHTTP2_RST_STREAM: hooks->cost(this->context, ROOST_H2_RESET, 1); break;
    case NGHTTP2_SETTINGS:
        if (!(frame->hd.flags & NGHTTP2_FLAG_ACK)) hooks->cost(this->context, ROOST_H2_IDLE, 1 + frame->settings.niv);
        break;
    case NGHTTP2_PING:
        if (frame->hd.flags & NGHTTP2_FLAG_ACK) hooks->pong(this->context);
        hooks->cost(this->context, ROOST_H2_IDLE, 1);
        break;
    case NGHTTP2_WINDOW_UPDATE:
        if (this->free_updates > 0) this->free_updates--;
        else hooks->cost(this->context, ROOST_H2_IDLE, 1);
        break;
    default: break;
    }
    return 0;
}

static int on_invalid_frame(nghttp2_session *session, const nghttp2_frame *frame, int error, void *data)
{
    roost_h2 *this = data;
    (void)session, (void)error;
    if (frame->hd.type != NGHTTP2_PRIORITY) this->reported++;
    this->hooks->cost(this->context, ROOST_H2_GLITCH, 1);
    return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t stream, const uint8_t *bytes, size_t size, void *data)
{
    roost_h2 *this = data;
    (void)session, (void)flags;
    this->hooks->data(this->context, stream, user_of(this, stream), bytes, size);
    return 0;
}

static int on_frame_sent(nghttp2_session *session, const nghttp2_frame *frame, void *data)
{
    roost_h2 *this = data;
    (void)session;
    if (frame->hd.type == NGHTTP2_DATA) {
        if (this->free_updates < MAX_FREE_UPDATES) this->free_updates += UPDATES_PER_DATA;
    } else if (frame->hd.type == NGHTTP2_RST_STREAM && frame->rst_stream.error_code != NGHTTP2_NO_ERROR) {
        this->hooks->cost(this->context, ROOST_H2_RESET, 1);
    } else if (frame->hd.type == NGHTTP2_GOAWAY && frame->goaway.error_code != NGHTTP2_NO_ERROR) {
        this->hooks->failed(this->context, frame->goaway.error_code);
    }
    return 0;
}

static int on_stream_close(nghttp2_session *session, int32_t stream, uint32_t error, void *data)
{
    roost_h2 *this = data;
    (void)session;
    this->hooks->closed(this->context, stream, user_of(this, stream), error);
    return 0;
}

static ssize_t read_part(nghttp2_session *session, int32_t stream, uint8_t *bytes, size_t most, uint32_t *flags,
                         nghttp2_data_source *source, void *data)
{
    roost_h2 *this = data;
    roost_h2_part part = this->hooks->next_part(this->context, user_of(this, stream), most);
    (void)session, (void)bytes, (void)source;
    if (part.is_empty) return NGHTTP2_ERR_DEFERRED;
    *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    if (part.is_last) *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (part.trailers) *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
    return (ssize_t)part.size;
}

static int send_data(nghttp2_session *session, nghttp2_frame *frame, const uint8_t *head, size_t size,
                     nghttp2_data_source *source, void *data)
{
    roost_h2 *this = data;
    (void)session, (void)source;
    /* There is no padding, since the server asks for none. */
    switch (this->hooks->write_data(this->context, user_of(this, frame->hd.stream_id), head, 9, size)) {
    case ROOST_H2_NO_ROOM: return NGHTTP2_ERR_WOULDBLOCK;
    case ROOST_H2_DROPPED: return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    default: return 0;
    }
}

static nghttp2_session_callbacks *callbacks(void)
{
    static nghttp2_session_callbacks *made; /* the same from every thread; made twice at worst */
    nghttp2_session_callbacks *all = __atomic_load_n(&made, __ATOMIC_ACQUIRE);
    if (all || nghttp2_session_callbacks_new(&all)) return all;
    nghttp2_session_callbacks_set_on_begin_headers_callback(all, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(all, on_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(all, on_frame);
    nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(all, on_invalid_frame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(all, on_data);
    nghttp2_session_callbacks_set_on_frame_send_callback(all, on_frame_sent);
    nghttp2_session_callbacks_set_on_stream_close_callback(all, on_stream_close);
    nghttp2_session_callbacks_set_send_data_callback(all, send_data);
    __atomic_store_n(&made, all, __ATOMIC_RELEASE);
    return all;
}

static int submit_settings(nghttp2_session *session, const roost_h2_settings *settings)
{
    nghttp2_settings_entry entries[] = {
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, settings->streams},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, settings->stream_window},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, settings->header_list},
        {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
        {NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1},
    };
    size_t count = sizeof entries / sizeof *entries - (settings->connect_protocol ? 0 : 1);
    int result = nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, entries, count);
    if (result) return result;
    return nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0, (int32_t)settings->connection_window);
}

roost_h2 *roost_h2_make(const roost_h2_hooks *hooks, void *context, const roost_h2_settings *settings)
{
    roost_h2 *this = calloc(1, sizeof *this);
    nghttp2_session_callbacks *all = callbacks();
    nghttp2_option *option = NULL;
    int failed = !this || !all || nghttp2_option_new(&option);
    if (!failed) {
        this->hooks = hooks;
        this->context = context;
        this->free_updates = UPDATES_PER_DATA;
        this->left = NGHTTP2_CLIENT_MAGIC_LEN;
        nghttp2_option_set_no_auto_window_update(option, 1);
        nghttp2_option_set_no_closed_streams(option, 1);
        /* The caller has a budget of its own, and tells the client why. */
        nghttp2_option_set_stream_reset_rate_limit(option, UINT64_MAX / 2, UINT64_MAX / 2);
        nghttp2_option_set_max_continuations(option, settings->continuations);
        failed = nghttp2_session_server_new2(&this->session, all, this, option) || submit_settings(this->session, settings);
    }
    nghttp2_option_del(option);
    if (!failed) return this;
    if (this) roost_h2_destroy(this);
    return NULL;
}

void roost_h2_destroy(roost_h2 *this)
{
    nghttp2_session_del(this->session);
    free(this->fields);
    free(this);
}

int roost_h2_receive(roost_h2 *this, const uint8_t *bytes, size_t size)
{
    ssize_t result;
    size_t incomplete;
    follow_frames(this, bytes, size);
    result = nghttp2_session_mem_recv(this->session, bytes, size);
    if (result == NGHTTP2_ERR_TOO_MANY_CONTINUATIONS || result == NGHTTP2_ERR_FLOODED) return ROOST_H2_TOO_MUCH;
    if (result < 0) return -1;
    if (this->is_violated) {
        nghttp2_session_terminate_session(this->session, NGHTTP2_PROTOCOL_ERROR);
        return -1;
    }
    /* The last frame may not be complete yet; it is reported later. */
    incomplete = this->left > 0;
    if (this->seen > this->reported + incomplete) {
        size_t ignored = this->seen - this->reported - incomplete;
        this->hooks->cost(this->context, ROOST_H2_GLITCH, ignored);
        this->reported += ignored;
    }
    return 0;
}

ptrdiff_t roost_h2_send(roost_h2 *this, const uint8_t **bytes) { return nghttp2_session_mem_send(this->session, bytes); }

int roost_h2_has_ended(roost_h2 *this)
{
    return !nghttp2_session_want_read(this->session) && !nghttp2_session_want_write(this->session);
}

void roost_h2_set_user(roost_h2 *this, int32_t stream, void *user)
{
    nghttp2_session_set_stream_user_data(this->session, stream, user);
}

/* Returns the fields in nghttp2's form; NULL without memory. */
static nghttp2_nv *converted(roost_h2 *this, const roost_h2_field *fields, size_t count)
{
    size_t at;
    if (count > this->capacity) {
        nghttp2_nv *larger = realloc(this->fields, count * 2 * sizeof *larger);
        if (!larger) return NULL;
        this->fields = larger;
        this->capacity = count * 2;
    }
    for (at = 0; at < count; at++) {
        /* A cookie is not kept in the compression table, where other responses could reveal it (RFC 7541 §7.1.3). */
        int is_cookie = fields[at].name_size == 10 && memcmp(fields[at].name, "set-cookie", 10) == 0;
        this->fields[at] = (nghttp2_nv){(uint8_t *)fields[at].name, (uint8_t *)fields[at].value, fields[at].name_size,
                                        fields[at].value_size, is_cookie ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE};
    }
    return this->fields;
}

int roost_h2_submit_response(roost_h2 *this, int32_t stream, const roost_h2_field *fields, size_t count, int has_body)
{
    nghttp2_data_provider provider = {.read_callback = read_part};
    nghttp2_nv *list = converted(this, fields, count);
    if (!list) return -1;
    return nghttp2_submit_response(this->session, stream, list, count, has_body ? &provider : NULL);
}

int roost_h2_submit_interim(roost_h2 *this, int32_t stream, const roost_h2_field *fields, size_t count)
{
    nghttp2_nv *list = converted(this, fields, count);
    if (!list) return -1;
    return nghttp2_submit_headers(this->session, NGHTTP2_FLAG_NONE, stream, NULL, list, count, user_of(this, stream));
}

int roost_h2_submit_trailers(roost_h2 *this, int32_t stream, const roost_h2_field *fields, size_t count)
{
    nghttp2_nv *list = converted(this, fields, count);
    return list ? nghttp2_submit_trailer(this->session, stream, list, count) : -1;
}

int roost_h2_resume(roost_h2 *this, int32_t stream) { return nghttp2_session_resume_data(this->session, stream); }

int roost_h2_reset(roost_h2 *this, int32_t stream, uint32_t error)
{
    return nghttp2_submit_rst_stream(this->session, NGHTTP2_FLAG_NONE, stream, error);
}

void roost_h2_consume(roost_h2 *this, int32_t stream, size_t size)
{
    if (stream > 0) nghttp2_session_consume(this->session, stream, size);
    else nghttp2_session_consume_connection(this->session, size);
}

void roost_h2_announce_end(roost_h2 *this) { nghttp2_submit_shutdown_notice(this->session); }

void roost_h2_refuse_new(roost_h2 *this)
{
    int32_t last = nghttp2_session_get_last_proc_stream_id(this->session);
    nghttp2_submit_goaway(this->session, NGHTTP2_FLAG_NONE, last, NGHTTP2_NO_ERROR, NULL, 0);
}

void roost_h2_terminate(roost_h2 *this, uint32_t error) { nghttp2_session_terminate_session(this->session, error); }

void roost_h2_ping(roost_h2 *this) { nghttp2_submit_ping(this->session, NGHTTP2_FLAG_NONE, NULL); }
