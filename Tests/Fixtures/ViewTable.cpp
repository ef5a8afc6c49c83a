/* The same table as in ViewTable.c and SwiftViews. */
#include <asgi_urls.hpp>
#include <sstream>
#include <stdexcept>

namespace {

template <class... Parts> asgi_result say(asgi_request *request, const Parts &...parts)
{
    std::ostringstream text;
    (text << ... << parts);
    return asgi_reply(request, 200, "text/plain; charset=utf-8", asgi::string(text.str()));
}

asgi_result home(asgi_request *request) { return say(request, "index"); }
asgi_result article(asgi_request *request, std::int64_t year, std::string_view slug)
{
    // No exception may leave a view.
    if (slug == "throw") throw std::runtime_error("no such article");
    return say(request, slug, " of ", year);
}
asgi_result numbers(asgi_request *request, double number, const asgi_uuid &uuid)
{
    return say(request, number, " ", int(uuid.bytes[0]), " ", int(uuid.bytes[15]));
}
asgi_result below(asgi_request *request, const asgi_subpath &path) { return say(request, "below ", asgi::view(path.text)); }
asgi_result search(asgi_request *request, std::string_view text, std::int64_t page)
{
    return say(request, "'", text, "' ", page);
}
asgi_result note(asgi_request *request, const asgi_string *text) { return say(request, "noted '", asgi::view(*text), "'"); }
asgi_result order(asgi_request *request, std::string_view title, std::int64_t copies)
{
    return say(request, copies, " '", title, "'");
}
asgi_result echo(asgi_request *request) noexcept
{
    return asgi_reply(request, 200, "text/plain; charset=utf-8", request->body);
}
asgi_result links(asgi_request *request, std::string_view text)
{
    const asgi_argument article[] = {asgi_int_argument(7), asgi_string_argument(asgi::string(text))};
    const asgi_argument path[] = {asgi_subpath_argument(asgi::string(text))};
    auto bracketed = [](asgi_string path) { return "[" + std::string(asgi::view(path)) + "]"; };
    return say(request, bracketed(asgi_reverse(request, "index", nullptr, 0)), bracketed(asgi_reverse(request, "article", article, 2)),
               bracketed(asgi_reverse(request, "in:below", path, 1)), bracketed(asgi_reverse(request, "none", nullptr, 0)));
}

const asgi_url in[] = {
    asgi::url<numbers>("<float:number>-<uuid:uuid>", "numbers"),
    asgi::url<below>("below/<path:path>", "below"),
};
const asgi_url urls[] = {
    asgi::url<home>("", "index"),
    asgi::url<article>("articles/<int:year>/<slug:slug>/", "article"),
    asgi::include("in/", in, "in"),
    asgi::url<search>("search?<str:text>&<int:page=1>", "search"),
    asgi::url<note>("notes form <str:text>"),
    asgi::url<order>("orders json <str:title>&<int:copies=1>"),
    asgi::url<echo>("echo body"),
    asgi::url<links>("links?<str:text>"),
};

}  // namespace

ASGI_APPLICATION(urls, "views", "1.0")
