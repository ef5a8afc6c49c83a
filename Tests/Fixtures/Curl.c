/* libcurl's asynchronous interface on the host's loops, with asgi.loop/1. GET /fetch?URL responds with the URL's
 * contents, without a thread and without blocking. GET /abandon?URL ends its scope while the transfer is pending.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Each request has a multi handle, so that everything belongs to its scope. */
#include "Notes.h"
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

typedef struct fetch {
    const asgi_host *host;
    const asgi_loop *loop;
    asgi_id id;
    asgi_send send;
    CURLM *multi;
    CURL *easy;
    uint32_t number; /* of the event loop */
    uint64_t timer;
    int has_timer, waits; /* waits: pending completions */
    int is_over;
    char body[1 << 16];
    size_t size;
} fetch;

/* A socket of libcurl, and its watch. */
typedef struct watched {
    fetch *fetch;
    curl_socket_t file;
    int what;
    uint64_t watch;
    int waits, is_removed;
} watched;

static void go_on(fetch *f, curl_socket_t file, int what);

static void forget(fetch *f)
{
    if (f->waits > 0 || !f->is_over) return;
    note("cleaned\n");
    free(f);
}

static void end(fetch *f, asgi_result result)
{
    const asgi_host *host = f->host;
    asgi_id id = f->id;
    if (f->is_over) return;
    f->is_over = 1;
    curl_multi_remove_handle(f->multi, f->easy); /* calls socket_changed for the removed sockets */
    curl_easy_cleanup(f->easy);
    curl_multi_cleanup(f->multi);
    host->finish(id, result); /* pending completions get CANCELLED after this */
}

static void ready(void *context, asgi_id id, asgi_result result, const asgi_event *event);

/* CURL_POLL_IN and CURL_POLL_OUT equal ASGI_READABLE and ASGI_WRITABLE. */
static void watch(watched *w)
{
    fetch *f = w->fetch;
    if (f->loop->watch(f->id, f->number, w->file, (uint32_t)w->what, ready, w, &w->watch) != ASGI_PENDING) return;
    f->waits++;
    w->waits = 1;
}

static void ready(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    watched *w = (watched *)context;
    fetch *f = w->fetch;
    (void)id;
    (void)event;
    /* Both still count as waiting here, so that neither is freed meanwhile. */
    if (result == ASGI_DONE && !f->is_over && !w->is_removed)
        go_on(f, w->file, (w->what & CURL_POLL_IN ? CURL_CSELECT_IN : 0) | (w->what & CURL_POLL_OUT ? CURL_CSELECT_OUT : 0));
    f->waits--;
    w->waits = 0;
    if (w->is_removed || f->is_over) free(w);
    else watch(w);
    forget(f);
}

static int socket_changed(CURL *easy, curl_socket_t file, int what, void *context, void *known)
{
    fetch *f = (fetch *)context;
    watched *w = (watched *)known;
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (!w) return 0;
        w->is_removed = 1;
        if (w->waits) f->host->cancel(f->id, w->watch); /* `ready` then frees it */
        else free(w);
        return 0;
    }
    if (!w) {
        w = (watched *)calloc(1, sizeof *w);
        w->fetch = f;
        w->file = file;
        curl_multi_assign(f->multi, file, w);
    }
    if (w->waits && w->what == what) return 0;
    w->what = what;
    if (w->waits) f->host->cancel(f->id, w->watch); /* `ready` then watches the new conditions */
    else watch(w);
    return 0;
}

static void timed_out(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    fetch *f = (fetch *)context;
    (void)id;
    (void)event;
    if (result == ASGI_DONE && !f->is_over) {
        f->has_timer = 0;
        go_on(f, CURL_SOCKET_TIMEOUT, 0);
    }
    f->waits--;
    forget(f);
}

static int timer_changed(CURLM *multi, long milliseconds, void *context)
{
    fetch *f = (fetch *)context;
    (void)multi;
    if (f->has_timer) f->host->cancel(f->id, f->timer);
    f->has_timer = milliseconds >= 0;
    if (!f->has_timer) return 0;
    if (f->loop->after(f->id, f->number, (uint64_t)milliseconds * 1000, timed_out, f, &f->timer) == ASGI_PENDING) f->waits++;
    return 0;
}

static size_t received(char *data, size_t size, size_t count, void *context)
{
    fetch *f = (fetch *)context;
    size_t bytes = size * count;
    if (bytes > sizeof f->body - f->size) return 0;
    memcpy(f->body + f->size, data, bytes);
    f->size += bytes;
    return bytes;
}

static void go_on(fetch *f, curl_socket_t file, int what)
{
    int running = 0, left;
    CURLMsg *message;
    curl_multi_socket_action(f->multi, file, what, &running);
    while ((message = curl_multi_info_read(f->multi, &left))) {
        if (message->msg == CURLMSG_DONE) {
            asgi_event event = asgi_event_of(ASGI_HTTP_RESPONSE);
            long status = 0;
            curl_easy_getinfo(f->easy, CURLINFO_RESPONSE_CODE, &status);
            event.status = message->data.result == CURLE_OK ? (int32_t)status : 502;
            event.body.data = f->body;
            event.body.size = f->size;
            note_result("answer", f->send(f->id, &event, NULL, NULL));
            end(f, ASGI_DONE);
            return;
        }
    }
}

static void abandon(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    (void)id;
    (void)result;
    (void)event;
    end((fetch *)context, ASGI_DONE);
    ((fetch *)context)->waits--;
    forget((fetch *)context);
}

static asgi_result begin(const asgi_scope *scope, asgi_send send, int is_abandoned)
{
    asgi_string name = asgi_text("asgi.loop/1");
    fetch *f = (fetch *)calloc(1, sizeof *f);
    char url[1024];
    f->host = scope->host;
    f->id = scope->id;
    f->send = send;
    f->loop = (const asgi_loop *)scope->host->extension(scope->id, &name);
    f->number = (uint32_t)f->loop->current();
    snprintf(url, sizeof url, "%.*s", (int)scope->query_string.size, scope->query_string.data);
    f->easy = curl_easy_init();
    f->multi = curl_multi_init();
    curl_multi_setopt(f->multi, CURLMOPT_SOCKETFUNCTION, socket_changed);
    curl_multi_setopt(f->multi, CURLMOPT_SOCKETDATA, f);
    curl_multi_setopt(f->multi, CURLMOPT_TIMERFUNCTION, timer_changed);
    curl_multi_setopt(f->multi, CURLMOPT_TIMERDATA, f);
    curl_easy_setopt(f->easy, CURLOPT_URL, url);
    curl_easy_setopt(f->easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(f->easy, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(f->easy, CURLOPT_WRITEFUNCTION, received);
    curl_easy_setopt(f->easy, CURLOPT_WRITEDATA, f);
    curl_multi_add_handle(f->multi, f->easy); /* requests a timer, which starts the transfer */
    if (is_abandoned && f->host->after(f->id, 50000, abandon, f, NULL) == ASGI_PENDING) f->waits++;
    return ASGI_PENDING;
}

asgi_result application(const asgi_scope *scope, asgi_receive receive, asgi_send send)
{
    asgi_string path = asgi_path(scope);
    (void)receive;
    if (scope->type != ASGI_HTTP) return ASGI_UNSUPPORTED;
    if (asgi_equal(path, "/fetch")) return begin(scope, send, 0);
    if (asgi_equal(path, "/abandon")) return begin(scope, send, 1);
    return answer_notes(scope, send);
}
