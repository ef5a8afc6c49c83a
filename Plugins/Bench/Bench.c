/* Endpoints for measurements. SPDX-License-Identifier: Apache-2.0
 *
 * /        13 bytes, text/plain
 * /upload  reads the body, answers its size
 * /1k /10k /100k  a body of this size in bytes, copied
 * /1m      one MiB, borrowed from the module's own memory
 * /file?P  the file P, sent by the kernel
 * /thread  the response of /, sent by a thread of the module
 * /ws      a WebSocket that echoes messages
 * /group   a WebSocket that broadcasts messages to all clients of /group
 * /stream?N  N MiB in parts of 64 KiB, each sent when there is room for it
 */
#include <asgi.h>
#include <pthread.h>
#include <stdlib.h>

static char mebibyte[1 << 20];

static void keep(void *context) { (void)context; /* Static memory: nothing to free. */ }

static asgi_result answer_bytes(const asgi_scope *scope, asgi_send send, size_t size)
{
    asgi_string body;
    body.data = mebibyte;
    body.size = size;
    return asgi_respond(scope, send, 200, "application/octet-stream", body);
}

static asgi_result answer_file(const asgi_scope *scope, asgi_send send)
{
    asgi_event start = asgi_event_of(ASGI_HTTP_RESPONSE_START), file = asgi_event_of(ASGI_HTTP_RESPONSE_PATHSEND);
    asgi_result result;
    start.status = 200;
    file.text = scope->query_string;
    result = send(scope->id, &start, NULL, NULL);
    if (result == ASGI_DONE) result = send(scope->id, &file, NULL, NULL);
    return result == ASGI_PENDING || result == ASGI_GONE ? ASGI_DONE : result;
}

static asgi_result answer_mebibyte(const asgi_scope *scope, asgi_send send)
{
    static const asgi_header type = {ASGI_STRING("content-type"), ASGI_STRING("application/octet-stream")};
    asgi_event event = asgi_event_of(ASGI_HTTP_RESPONSE);
    asgi_result result;
    event.status = 200;
    event.headers = &type;
    event.header_count = 1;
    event.body.data = mebibyte;
    event.body.size = sizeof mebibyte;
    event.release = keep;
    result = send(scope->id, &event, NULL, NULL);
    return result == ASGI_PENDING || result == ASGI_GONE ? ASGI_DONE : result;
}

/* ---- Upload: a coroutine written by hand ----------------------------------------------------------------------- */

typedef struct upload {
    const asgi_scope *scope;
    asgi_receive receive;
    asgi_send send;
    size_t size;
} upload;

static asgi_string decimal(size_t number, char *room, size_t size)
{
    asgi_string text;
    char *at = room + size;
    do *--at = (char)('0' + number % 10);
    while (number /= 10);
    text.data = at;
    text.size = (size_t)(room + size - at);
    return text;
}

/* Handles an event. Returns ASGI_PENDING if more follow. */
static asgi_result upload_take(upload *state, const asgi_event *event)
{
    char room[24];
    if (event->type != ASGI_HTTP_REQUEST) return ASGI_GONE;
    state->size += event->body.size;
    if (event->flags & ASGI_MORE) return ASGI_PENDING;
    return asgi_respond(state->scope, state->send, 200, "text/plain", decimal(state->size, room, sizeof room));
}

static asgi_result upload_go_on(upload *state);

static void upload_received(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    upload *state = (upload *)context;
    const asgi_host *host = state->scope->host;
    if (result == ASGI_DONE) result = upload_take(state, event);
    if (result == ASGI_PENDING) result = upload_go_on(state);
    if (result == ASGI_PENDING) return;
    free(state);
    host->finish(id, result);
}

/* Receives until no event is available or the body is complete. */
static asgi_result upload_go_on(upload *state)
{
    asgi_event event = asgi_event_of(0);
    asgi_result result;
    for (;;) {
        result = state->receive(state->scope->id, &event, upload_received, state);
        if (result != ASGI_DONE) return result;
        result = upload_take(state, &event);
        if (result != ASGI_PENDING) return result;
    }
}

static asgi_result answer_upload(const asgi_scope *scope, asgi_receive receive, asgi_send send)
{
    upload *state = (upload *)calloc(1, sizeof *state);
    asgi_result result;
    if (state == NULL) return ASGI_FAILED;
    state->scope = scope;
    state->receive = receive;
    state->send = send;
    result = upload_go_on(state);
    if (result != ASGI_PENDING) free(state);
    return result;
}

/* ---- Stream: a response in parts, each sent when there is room -------------------------------------------------- */

typedef struct stream {
    asgi_id id;
    const asgi_host *host;
    asgi_send send;
    uint64_t parts;
} stream;

enum { part_size = 64 << 10 };

static asgi_result stream_go_on(stream *state);

static void stream_sent(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    stream *state = (stream *)context;
    const asgi_host *host = state->host;
    (void)event;
    if (result == ASGI_DONE) result = stream_go_on(state);
    if (result == ASGI_PENDING) return;
    free(state);
    host->finish(id, result);
}

/* Sends until send returns ASGI_PENDING, or all parts are sent. */
static asgi_result stream_go_on(stream *state)
{
    asgi_event event = asgi_event_of(ASGI_HTTP_RESPONSE_BODY);
    asgi_result result = ASGI_DONE;
    event.body.data = mebibyte;
    event.body.size = part_size;
    while (result == ASGI_DONE && state->parts > 0) {
        event.flags = --state->parts ? ASGI_MORE : 0;
        result = state->send(state->id, &event, stream_sent, state);
    }
    return result;
}

static asgi_result answer_stream(const asgi_scope *scope, asgi_send send)
{
    asgi_event start = asgi_event_of(ASGI_HTTP_RESPONSE_START);
    stream *state = (stream *)calloc(1, sizeof *state);
    asgi_result result;
    size_t at;
    if (state == NULL) return ASGI_FAILED;
    state->id = scope->id;
    state->host = scope->host;
    state->send = send;
    for (at = 0; at < scope->query_string.size; at++)
        state->parts = state->parts * 10 + (uint64_t)(scope->query_string.data[at] - '0');
    state->parts *= (1 << 20) / part_size;
    start.status = 200;
    result = send(scope->id, &start, NULL, NULL);
    if (result == ASGI_DONE) result = stream_go_on(state);
    if (result != ASGI_PENDING) free(state);
    return result;
}

/* ---- A thread of the module that sends responses --------------------------------------------------------------- */

typedef struct task {
    struct task *next;
    asgi_id id;
    const asgi_host *host;
    asgi_send send;
} task;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t came = PTHREAD_COND_INITIALIZER;
static task *tasks;
static int has_thread;

static void *answer_tasks(void *context)
{
    asgi_event event = asgi_event_of(ASGI_HTTP_RESPONSE);
    static const asgi_header type = {ASGI_STRING("content-type"), ASGI_STRING("text/plain")};
    (void)context;
    event.status = 200;
    event.headers = &type;
    event.header_count = 1;
    event.body = asgi_text("Hello, World!");
    for (;;) {
        task *all, *next;
        pthread_mutex_lock(&lock);
        while (!tasks) pthread_cond_wait(&came, &lock);
        all = tasks;
        tasks = NULL;
        pthread_mutex_unlock(&lock);
        for (; all; all = next) {
            next = all->next;
            all->send(all->id, &event, NULL, NULL);
            all->host->finish(all->id, ASGI_DONE);
            free(all);
        }
    }
    return NULL;
}

static asgi_result answer_from_thread(const asgi_scope *scope, asgi_send send)
{
    task *t = (task *)calloc(1, sizeof *t);
    pthread_t thread;
    if (t == NULL) return ASGI_FAILED;
    t->id = scope->id;
    t->host = scope->host;
    t->send = send;
    pthread_mutex_lock(&lock);
    if (!has_thread) has_thread = !pthread_create(&thread, NULL, answer_tasks, NULL);
    t->next = tasks;
    tasks = t;
    pthread_cond_signal(&came);
    pthread_mutex_unlock(&lock);
    return ASGI_PENDING;
}

/* ---- Echo: a WebSocket ----------------------------------------------------------------------------------------- */

typedef struct echo {
    asgi_id id;
    const asgi_host *host;
    const asgi_broadcast *broadcast; /* NULL: echo to the sender */
    asgi_receive receive;
    asgi_send send;
} echo;

static asgi_result echo_go_on(echo *state);

static void echo_end(echo *state, asgi_result result)
{
    const asgi_host *host = state->host;
    asgi_id id = state->id;
    free(state);
    host->finish(id, result);
}

static void echo_sent(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    (void)id;
    (void)event;
    if (result == ASGI_DONE) result = echo_go_on((echo *)context);
    if (result != ASGI_PENDING) echo_end((echo *)context, result == ASGI_GONE ? ASGI_DONE : result);
}

static const asgi_string group = ASGI_STRING("all");

/* Handles an event. Returns ASGI_PENDING if the reply must be sent first. */
static asgi_result echo_take(echo *state, const asgi_event *event)
{
    asgi_event answer = asgi_event_of(event->type == ASGI_WEBSOCKET_CONNECT ? ASGI_WEBSOCKET_ACCEPT : ASGI_WEBSOCKET_SEND);
    if (event->type == ASGI_WEBSOCKET_DISCONNECT) return ASGI_GONE;
    answer.body = event->body;
    answer.flags = event->flags;
    if (state->broadcast && event->type == ASGI_WEBSOCKET_RECEIVE) return state->broadcast->send(state->id, &group, &answer, 0, NULL, NULL);
    if (state->broadcast) state->broadcast->join(state->id, &group);
    return state->send(state->id, &answer, echo_sent, state);
}

static void echo_received(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    (void)id;
    if (result == ASGI_DONE) result = echo_take((echo *)context, event);
    if (result == ASGI_DONE) result = echo_go_on((echo *)context);
    if (result != ASGI_PENDING) echo_end((echo *)context, result == ASGI_GONE ? ASGI_DONE : result);
}

/* Receives until no event is available, or a reply must be sent first. */
static asgi_result echo_go_on(echo *state)
{
    asgi_event event = asgi_event_of(0);
    asgi_result result;
    do {
        result = state->receive(state->id, &event, echo_received, state);
        if (result == ASGI_DONE) result = echo_take(state, &event);
    } while (result == ASGI_DONE);
    return result;
}

static asgi_result answer_echo(const asgi_scope *scope, asgi_receive receive, asgi_send send)
{
    static const asgi_string extension = ASGI_STRING("asgi.broadcast/1");
    echo *state = (echo *)calloc(1, sizeof *state);
    asgi_result result;
    if (state == NULL) return ASGI_FAILED;
    state->id = scope->id;
    state->host = scope->host;
    state->receive = receive;
    state->send = send;
    if (asgi_equal(asgi_path(scope), "/group")) state->broadcast = (const asgi_broadcast *)scope->host->extension(scope->id, &extension);
    result = echo_go_on(state);
    if (result == ASGI_PENDING) return ASGI_PENDING;
    free(state);
    return result == ASGI_GONE ? ASGI_DONE : result;
}

asgi_result application(const asgi_scope *scope, asgi_receive receive, asgi_send send)
{
    asgi_string path;
    if (scope->type == ASGI_WEBSOCKET) return answer_echo(scope, receive, send);
    if (scope->type != ASGI_HTTP) return ASGI_UNSUPPORTED;
    path = asgi_path(scope);
    if (asgi_equal(path, "/")) return asgi_respond(scope, send, 200, "text/plain", asgi_text("Hello, World!"));
    if (asgi_equal(path, "/thread")) return answer_from_thread(scope, send);
    if (asgi_equal(path, "/1m")) return answer_mebibyte(scope, send);
    if (asgi_equal(path, "/1k")) return answer_bytes(scope, send, 1 << 10);
    if (asgi_equal(path, "/10k")) return answer_bytes(scope, send, 10 << 10);
    if (asgi_equal(path, "/100k")) return answer_bytes(scope, send, 100 << 10);
    if (asgi_equal(path, "/file")) return answer_file(scope, send);
    if (asgi_equal(path, "/stream")) return answer_stream(scope, send);
    if (asgi_equal(path, "/upload")) return answer_upload(scope, receive, send);
    return asgi_respond(scope, send, 404, "text/plain", asgi_text("Not Found"));
}

const asgi_module *asgi_module_info(void)
{
    static const asgi_module module = {sizeof module,          ASGI_ABI,            ASGI_DRAFT,       0,
                                       ASGI_STRING("bench"), ASGI_STRING("1.0"), ASGI_STRING(""), NULL};
    return &module;
}
