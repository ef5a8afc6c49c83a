/* Typed views: every converter, every source of fields, every kind of response. */
#include <asgi_urls.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The folder of the files below `tree/`. */
#ifndef FOLDER
#define FOLDER "/nonexistent"
#endif

static asgi_result say(asgi_request *request, const char *format, ...)
{
    enum { ROOM = 4096 };
    char *text = asgi_allocate(request, ROOM);
    asgi_string body = {text, 0};
    va_list list;
    va_start(list, format);
    body.size = (size_t)vsnprintf(text, ROOM, format, list);
    va_end(list);
    return asgi_reply(request, 200, "text/plain; charset=utf-8", body);
}

#define TEXT(string) (int)(string).size, (string).data

static asgi_result home(asgi_request *request) { return say(request, "home"); }

static asgi_result article(asgi_request *request, int64_t year, const asgi_string *slug)
{
    return say(request, "article %lld %.*s", (long long)year, TEXT(*slug));
}

static asgi_result entry(asgi_request *request, int64_t year, const asgi_string *slug)
{
    return say(request, "entry %lld %.*s of %.*s", (long long)year, TEXT(*slug), TEXT(request->url->name));
}

static asgi_result latest(asgi_request *request) { return say(request, "latest"); }

static asgi_result mixed(asgi_request *request, const asgi_string *text, double number, const asgi_uuid *uuid, int64_t integer)
{
    return say(request, "mixed %.*s %.17g %02x..%02x %lld", TEXT(*text), number, uuid->bytes[0], uuid->bytes[15],
               (long long)integer);
}

static asgi_result below(asgi_request *request, const asgi_subpath *path)
{
    return say(request, "below %.*s", TEXT(path->text));
}

static asgi_result get_item(asgi_request *request) { return say(request, "item"); }
static asgi_result put_item(asgi_request *request) { return say(request, "put"); }

static asgi_result search(asgi_request *request, const asgi_string *text, int64_t page, double least)
{
    return say(request, "search '%.*s' %lld %g", TEXT(*text), (long long)page, least);
}

static asgi_result comment(asgi_request *request, int64_t of, const asgi_string *author, const asgi_string *text)
{
    const asgi_part *file = asgi_form_part(request, "file");
    if (!file) return say(request, "comment %lld '%.*s' '%.*s'", (long long)of, TEXT(*author), TEXT(*text));
    return say(request, "comment %lld '%.*s' '%.*s' file '%.*s' %.*s %zu", (long long)of, TEXT(*author), TEXT(*text),
               TEXT(file->filename), TEXT(file->content_type), file->body.size);
}

static asgi_result order(asgi_request *request, const asgi_string *title, int64_t copies)
{
    const asgi_json members[] = {asgi_json_string("title", *title), asgi_json_integer("copies", copies)};
    return asgi_reply_json(request, 201, asgi_json_object("", members, 2));
}

static asgi_result echo(asgi_request *request) { return asgi_reply(request, 200, "text/plain", request->body); }

static asgi_result echo_json(asgi_request *request)
{
    const asgi_json *value = asgi_body_json(request);
    return value ? asgi_reply_json(request, 200, *value) : ASGI_FAILED;
}

static asgi_result login(asgi_request *request)
{
    const asgi_string *session = asgi_cookie_value(request, "session");
    asgi_string old = session ? *session : asgi_text("nobody");
    if (asgi_set_cookie(request, "session", asgi_text("s3cret"), 60) != ASGI_DONE) return ASGI_FAILED;
    return say(request, "was %.*s", TEXT(old));
}

static asgi_result bad_cookie(asgi_request *request, const asgi_string *value)
{
    return say(request, "%d", (int)asgi_set_cookie(request, "c", *value, 1));
}

static asgi_result bad_header(asgi_request *request, const asgi_string *value)
{
    return say(request, "%d", (int)asgi_add_header(request, "x-given", *value));
}

static asgi_result moved(asgi_request *request)
{
    const asgi_argument arguments[] = {asgi_int_argument(2026), asgi_string_argument(asgi_text("hello"))};
    return asgi_redirect(request, 303, asgi_reverse(request, "article", arguments, 2));
}

static asgi_result reverse(asgi_request *request, const asgi_string *name, const asgi_string *text)
{
    const asgi_argument slug[] = {asgi_int_argument(1), asgi_string_argument(*text)};
    const asgi_argument path[] = {asgi_subpath_argument(*text)};
    asgi_string found;
    char *word = asgi_allocate(request, name->size + 1);
    memcpy(word, name->data, name->size);
    word[name->size] = 0;
    found = asgi_reverse(request, word, NULL, 0);
    if (!found.size) found = asgi_reverse(request, word, slug, 2);
    if (!found.size) found = asgi_reverse(request, word, path, 1);
    return say(request, "[%.*s]", TEXT(found));
}

/* Allocates valid and excessive amounts of memory; passes a buffer size that is larger than the buffer. */
static asgi_result memory(asgi_request *request)
{
    const asgi_string name = ASGI_STRING("home");
    char text[8] = {0};
    char *large = asgi_allocate(request, 1 << 20);
    int64_t size = request->views->reverse(request->scope->id, &name, NULL, 0, text, SIZE_MAX);
    if (!large) return ASGI_FAILED;
    memset(large, 1, 1 << 20);
    return say(request, "%d%d%d %s %lld %d", asgi_allocate(request, SIZE_MAX) != NULL, asgi_allocate(request, SIZE_MAX / 2) != NULL,
               asgi_allocate(request, 0) != NULL, text, (long long)size,
               (int)request->views->reverse(request->scope->id, &name, NULL, SIZE_MAX, text, 1));
}

static asgi_result tree(asgi_request *request, const asgi_subpath *path)
{
    asgi_result result = asgi_reply_file(request, FOLDER, path->text, "");
    return result == ASGI_FAILED ? asgi_reply(request, 404, "text/plain", asgi_text("no such file")) : result;
}

/* Responds later, from another thread. */
static void *finish_later(void *context)
{
    asgi_request *request = context;
    asgi_finish(request, say(request, "later %lld", (long long)request->arguments[0].value.integer));
    return NULL;
}

static asgi_result later(asgi_request *request, int64_t number)
{
    pthread_t thread;
    (void)number;
    if (pthread_create(&thread, NULL, finish_later, request)) return ASGI_FAILED;
    pthread_detach(thread);
    return ASGI_PENDING;
}

/* The view itself requests the body. */
static void collected(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    asgi_request *request = context;
    (void)id, (void)event;
    if (result == ASGI_CANCELLED || result == ASGI_STALE) return;
    if (result == ASGI_FULL)
        asgi_finish(request, asgi_reply(request, 413, "text/plain", asgi_text("more than ten")));
    else
        asgi_finish(request, result == ASGI_DONE ? say(request, "collected %.*s", TEXT(request->body)) : result);
}

static asgi_result collect(asgi_request *request)
{
    asgi_result result = request->views->collect(request->scope->id, 10, collected, request);
    if (result == ASGI_FULL) return asgi_reply(request, 413, "text/plain", asgi_text("more than ten"));
    return result == ASGI_DONE ? say(request, "collected %.*s", TEXT(request->body)) : result;
}

/* A response that is sent in parts. */
static asgi_result stream(asgi_request *request, int64_t count)
{
    asgi_event event = asgi_event_of(ASGI_HTTP_RESPONSE_START);
    int64_t at;
    event.status = 200;
    if (request->send(request->scope->id, &event, NULL, NULL) != ASGI_DONE) return ASGI_FAILED;
    for (at = 0; at <= count; at++) {
        event = asgi_event_of(ASGI_HTTP_RESPONSE_BODY);
        event.body = asgi_text(at < count ? "." : "");
        event.flags = at < count ? ASGI_MORE : 0;
        if (request->send(request->scope->id, &event, NULL, NULL) == ASGI_GONE) return ASGI_DONE;
    }
    return ASGI_DONE;
}

static asgi_result eight(asgi_request *request, int64_t a, double b, const asgi_string *c, int64_t d, double e, const asgi_string *f,
                         int64_t g, double h)
{
    return say(request, "eight %lld %g %.*s %lld %g %.*s %lld %g", (long long)a, b, TEXT(*c), (long long)d, e, TEXT(*f),
               (long long)g, h);
}

static const asgi_url blog[] = {
    ASGI_URL("", latest, "latest"),
    ASGI_URL("<int:year>/<slug:slug>/", entry, "entry", ASGI_INT, ASGI_STRING),
};

static const asgi_url urls[] = {
    ASGI_URL("", home, "home"),
    ASGI_URL("articles/<int:year>/<slug:slug>/", article, "article", ASGI_INT, ASGI_STRING),
    ASGI_INCLUDE("blog/", blog, "blog"),
    ASGI_URL("mixed/<slug:text>-<float:number>-<uuid:uuid>.<int:integer>.txt", mixed, "mixed", ASGI_STRING, ASGI_DOUBLE,
             ASGI_UUID, ASGI_INT),
    ASGI_URL("below/<path:path>", below, "below", ASGI_PATH),
    ASGI_URL("item", get_item, "item"),
    ASGI_URL("PUT,DELETE item", put_item, ""),
    ASGI_URL("search?<str:text>&<int:page=1>&<float:least=0.5>", search, "search", ASGI_STRING, ASGI_INT, ASGI_DOUBLE),
    ASGI_URL("comments/<int:of>/ form <str:author>&<str:text=nothing>", comment, "comment", ASGI_INT, ASGI_STRING, ASGI_STRING),
    ASGI_URL("orders json <str:title>&<int:copies=1>", order, "order", ASGI_STRING, ASGI_INT),
    ASGI_URL("echo body", echo, "echo"),
    ASGI_URL("echo.json json", echo_json, ""),
    ASGI_URL("login", login, "login"),
    ASGI_URL("cookie?<str:value>", bad_cookie, "", ASGI_STRING),
    ASGI_URL("header?<str:value>", bad_header, "", ASGI_STRING),
    ASGI_URL("moved", moved, ""),
    ASGI_URL("reverse?<str:name>&<str:text=>", reverse, "", ASGI_STRING, ASGI_STRING),
    ASGI_URL("memory", memory, ""),
    ASGI_URL("tree/<path:path>", tree, "tree", ASGI_PATH),
    ASGI_URL("later/<int:number>", later, "", ASGI_INT),
    ASGI_URL("POST collect", collect, ""),
    ASGI_URL("stream/<int:count>", stream, "", ASGI_INT),
    ASGI_URL("eight/<int:a>/<float:b>/<str:c>/<int:d>/<float:e>/<str:f>/<int:g>/<float:h>", eight, "eight", ASGI_INT, ASGI_DOUBLE,
             ASGI_STRING, ASGI_INT, ASGI_DOUBLE, ASGI_STRING, ASGI_INT, ASGI_DOUBLE),
};

#ifndef FLAGS
#define FLAGS 0
#endif
ASGI_APPLICATION(urls, "views", "1.0", "", FLAGS)
