/* The same table as in ViewTable.cpp and SwiftViews. */
#include <asgi_urls.h>
#include <stdarg.h>
#include <stdio.h>

static asgi_result say(asgi_request *request, const char *format, ...)
{
    char *text = asgi_allocate(request, 1024);
    asgi_string body = {text, 0};
    va_list list;
    va_start(list, format);
    body.size = (size_t)vsnprintf(text, 1024, format, list);
    va_end(list);
    return asgi_reply(request, 200, "text/plain; charset=utf-8", body);
}

#define TEXT(string) (int)(string).size, (string).data

static asgi_result home(asgi_request *request) { return say(request, "index"); }
static asgi_result article(asgi_request *request, int64_t year, const asgi_string *slug)
{
    return say(request, "%.*s of %lld", TEXT(*slug), (long long)year);
}
static asgi_result numbers(asgi_request *request, double number, const asgi_uuid *uuid)
{
    return say(request, "%g %d %d", number, uuid->bytes[0], uuid->bytes[15]);
}
static asgi_result below(asgi_request *request, const asgi_subpath *path)
{
    return say(request, "below %.*s", TEXT(path->text));
}
static asgi_result search(asgi_request *request, const asgi_string *text, int64_t page)
{
    return say(request, "'%.*s' %lld", TEXT(*text), (long long)page);
}
static asgi_result note(asgi_request *request, const asgi_string *text) { return say(request, "noted '%.*s'", TEXT(*text)); }
static asgi_result order(asgi_request *request, const asgi_string *title, int64_t copies)
{
    return say(request, "%lld '%.*s'", (long long)copies, TEXT(*title));
}
static asgi_result echo(asgi_request *request)
{
    return asgi_reply(request, 200, "text/plain; charset=utf-8", request->body);
}
static asgi_result links(asgi_request *request, const asgi_string *text)
{
    const asgi_argument article[] = {asgi_int_argument(7), asgi_string_argument(*text)};
    const asgi_argument path[] = {asgi_subpath_argument(*text)};
    asgi_string index = asgi_reverse(request, "index", NULL, 0), year = asgi_reverse(request, "article", article, 2);
    asgi_string in = asgi_reverse(request, "in:below", path, 1), none = asgi_reverse(request, "none", NULL, 0);
    return say(request, "[%.*s][%.*s][%.*s][%.*s]", TEXT(index), TEXT(year), TEXT(in), TEXT(none));
}

static const asgi_url in[] = {
    ASGI_URL("<float:number>-<uuid:uuid>", numbers, "numbers", ASGI_DOUBLE, ASGI_UUID),
    ASGI_URL("below/<path:path>", below, "below", ASGI_PATH),
};
static const asgi_url urls[] = {
    ASGI_URL("", home, "index"),
    ASGI_URL("articles/<int:year>/<slug:slug>/", article, "article", ASGI_INT, ASGI_STRING),
    ASGI_INCLUDE("in/", in, "in"),
    ASGI_URL("search?<str:text>&<int:page=1>", search, "search", ASGI_STRING, ASGI_INT),
    ASGI_URL("notes form <str:text>", note, "", ASGI_STRING),
    ASGI_URL("orders json <str:title>&<int:copies=1>", order, "", ASGI_STRING, ASGI_INT),
    ASGI_URL("echo body", echo, ""),
    ASGI_URL("links?<str:text>", links, "", ASGI_STRING),
};
ASGI_APPLICATION(urls, "views", "1.0")
