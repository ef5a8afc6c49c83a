/* asgi_urls.hpp: tables of asgi_urls.h in C++17, with types derived from the functions.
 * SPDX-License-Identifier: Apache-2.0
 *
 *     #include <asgi_urls.hpp>
 *
 *     static asgi_result article(asgi_request *request, std::int64_t year, std::string_view slug)
 *     {
 *         return asgi_reply(request, 200, "text/plain; charset=utf-8", asgi::string(slug));
 *     }
 *
 *     static const asgi_url urls[] = {
 *         asgi::url<article>("articles/<int:year>/<slug:slug>/", "article"),
 *     };
 *
 *     ASGI_APPLICATION(urls, "articles", "1.0")
 *
 * A view takes asgi_request * and at most eight arguments. Their types are int64_t, double, std::string_view or const
 * asgi_string *, const asgi_uuid & or *, and const asgi_subpath & or *; any other type does not compile. A view may be
 * a constexpr lambda without captures: asgi::url<+lambda>. An exception that a view throws is logged, and the client
 * gets 500. For asgi_urls.refused, use asgi::refusing<refused>. */
#ifndef ASGI_URLS_HPP
#define ASGI_URLS_HPP

#include "asgi_urls.h"

#include <exception>
#include <string_view>
#include <type_traits>

namespace asgi {

/* Convert between std::string_view and asgi_string. The bytes are borrowed. */
inline asgi_string string(std::string_view text) noexcept { return {text.data(), text.size()}; }
inline std::string_view view(const asgi_string &text) noexcept
{
    return text.data ? std::string_view(text.data, text.size) : std::string_view();
}

namespace detail {

/* For a type of argument: its C type, the letter of its kind, and the conversion from the C type. */
template <class Type> struct argument {
    static_assert(sizeof(Type) == 0, "a view takes int64_t, double, std::string_view, const asgi_uuid & and const asgi_subpath &");
};
template <> struct argument<std::int64_t> {
    using c = std::int64_t;
    static constexpr char letter = ASGI_KIND_INT;
    static c pass(c value) noexcept { return value; }
};
template <> struct argument<double> {
    using c = double;
    static constexpr char letter = ASGI_KIND_DOUBLE;
    static c pass(c value) noexcept { return value; }
};
template <> struct argument<std::string_view> {
    using c = const asgi_string *;
    static constexpr char letter = ASGI_KIND_STRING;
    static std::string_view pass(c value) noexcept { return view(*value); }
};
template <class Type, char Letter> struct pointer {
    using c = const Type *;
    static constexpr char letter = Letter;
    static c pass(c value) noexcept { return value; }
};
template <class Type, char Letter> struct reference {
    using c = const Type *;
    static constexpr char letter = Letter;
    static const Type &pass(c value) noexcept { return *value; }
};
template <> struct argument<const asgi_string *> : pointer<asgi_string, ASGI_KIND_STRING> {};
template <> struct argument<const asgi_uuid *> : pointer<asgi_uuid, ASGI_KIND_UUID> {};
template <> struct argument<const asgi_uuid &> : reference<asgi_uuid, ASGI_KIND_UUID> {};
template <> struct argument<const asgi_subpath *> : pointer<asgi_subpath, ASGI_KIND_PATH> {};
template <> struct argument<const asgi_subpath &> : reference<asgi_subpath, ASGI_KIND_PATH> {};

/* Calls a function, logs an exception that it throws, and returns ASGI_FAILED then. */
template <class Call> asgi_result guarded(asgi_request *request, Call call) noexcept
{
#ifdef __cpp_exceptions
    try {
        return call();
    } catch (const std::exception &error) {
        asgi_log(request->scope, ASGI_LOG_ERROR, error.what());
    } catch (...) {
        asgi_log(request->scope, ASGI_LOG_ERROR, "a view threw an exception that is not a std::exception");
    }
    return ASGI_FAILED;
#else
    (void)request;
    return call();
#endif
}

template <auto View, class Function> struct row {
    static_assert(sizeof(Function) == 0, "a view is a function of asgi_request * and its arguments that returns asgi_result");
};
template <auto View, class... Arguments> struct row<View, asgi_result (*)(asgi_request *, Arguments...)> {
    static_assert(sizeof...(Arguments) <= ASGI_MAX_ARGUMENTS, "a view takes at most eight arguments after the request");
    static constexpr char letters[] = {argument<Arguments>::letter..., '\0'};

    /* The function that the host calls: it takes C types, and lets no exception through. */
    static asgi_result call(asgi_request *request, typename argument<Arguments>::c... values) noexcept
    {
        return guarded(request, [&] { return View(request, argument<Arguments>::pass(values)...); });
    }
};
template <auto View, class... Arguments>
struct row<View, asgi_result (*)(asgi_request *, Arguments...) noexcept> : row<View, asgi_result (*)(asgi_request *, Arguments...)> {};

}  // namespace detail

/* Returns a row. The strings must be valid for the life of the process, as literals are. */
template <auto View> inline asgi_url url(std::string_view pattern, std::string_view name = {}) noexcept
{
    using row = detail::row<View, std::decay_t<decltype(+View)>>;
    asgi_url made{};
    made.size = sizeof(asgi_url);
    made.pattern = string(pattern);
    made.name = string(name);
    made.kinds = {row::letters, sizeof row::letters - 1};
    made.view = reinterpret_cast<asgi_view>(&row::call);
    return made;
}

/* Returns a row that includes other rows; see ASGI_INCLUDE. */
template <std::size_t Count> inline asgi_url include(std::string_view prefix, const asgi_url (&rows)[Count], std::string_view name = {}) noexcept
{
    asgi_url made{};
    made.size = sizeof(asgi_url);
    made.pattern = string(prefix);
    made.name = string(name);
    made.include = rows;
    made.include_count = Count;
    made.include_stride = sizeof(asgi_url);
    return made;
}

/* `refused` for a table, with an exception barrier: ASGI_URLS_WITH(urls, 0, 0, asgi::refusing<refused>). */
template <asgi_result (*Refused)(asgi_request *, const asgi_refusal *)>
inline asgi_result refusing(asgi_request *request, const asgi_refusal *refusal) noexcept
{
    return detail::guarded(request, [&] { return Refused(request, refusal); });
}

}  // namespace asgi

#endif
