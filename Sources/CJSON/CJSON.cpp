#include "CJSON.h"

// The headers that the library includes: their symbols must not be hidden.
#include <algorithm>
#include <any>
#include <array>
#include <cassert>
#include <cctype>
#include <cerrno>
#include <clocale>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <filesystem>
#include <forward_list>
#include <functional>
#include <initializer_list>
#include <iosfwd>
#include <istream>
#include <iterator>
#include <limits>
#include <map>
#include <memory>
#include <new>
#include <numeric>
#include <optional>
#include <ostream>
#include <set>
#include <stdexcept>
#include <streambuf>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <unordered_map>
#include <utility>
#include <valarray>
#include <vector>

#include <locale.h>

// The instantiations are hidden, since a module may contain another version of the library.
#pragma GCC visibility push(hidden)
#include <nlohmann/json.hpp>
#pragma GCC visibility pop

namespace {

using json = nlohmann::ordered_json;

constexpr size_t maxDepth = 128;

/// Sets the C locale for the calling thread until the end of the block.
///
/// nlohmann's lexer reads numbers with `localeconv` and `strtod`. A module may set a process locale with another
/// decimal point at any time; that does not affect a thread with a locale of its own (uselocale(3)).
class CLocale {
public:
    CLocale() : previous(uselocale(instance())) {}
    ~CLocale() { uselocale(previous); }
    CLocale(const CLocale &) = delete;
    CLocale &operator=(const CLocale &) = delete;

private:
    static locale_t instance()
    {
        // Never freed: threads of modules may use it until the process ends.
        static const locale_t locale = newlocale(LC_ALL_MASK, "C", nullptr);
        if (!locale) throw std::bad_alloc();
        return locale;
    }
    const locale_t previous;
};

/// The last error message of this thread.
thread_local char lastFault[200];

/// Removes the prefix of a message: "[json.exception.parse_error.101] parse error at line 1, column 2: ...".
const char *withoutLead(const char *text)
{
    for (const char *lead : {"parse error at ", "] "})
        if (const char *at = std::strstr(text, lead)) return at + std::strlen(lead);
    return text;
}

/// Records an error message, truncated and with '?' for other bytes than printable ASCII: it may quote a document, with
/// any length and invalid UTF-8.
void say(const char *text, asgi_string *fault) noexcept
{
    constexpr size_t most = 200;
    size_t size = 0;
    for (; text[size] && size < most; size++) {
        unsigned char byte = static_cast<unsigned char>(text[size]);
        lastFault[size] = byte >= 0x20 && byte < 0x7f ? text[size] : '?';
    }
    if (text[size])
        for (size_t at = size - 3; at < size; at++) lastFault[at] = '.';
    if (fault) *fault = {lastFault, size};
}

/// A parsed value, with everything that it points at.
struct Document {
    asgi_json root;
    std::vector<std::unique_ptr<char[]>> texts;
    std::vector<std::unique_ptr<asgi_json[]>> items;
};

/// A written text.
struct Text {
    asgi_string text;
    std::string bytes;
};

/// Builds values from the parser's events. The items of an array or object are kept in `open` until it is complete.
class Reader final : public nlohmann::json_sax<json> {
public:
    std::unique_ptr<Document> document = std::make_unique<Document>();
    std::string fault;

    explicit Reader(size_t most) : most(most) {}

    bool null() override { return put(of(ASGI_JSON_NULL)); }
    bool boolean(bool truth) override
    {
        asgi_json value = of(ASGI_JSON_BOOLEAN);
        value.integer = truth;
        return put(value);
    }
    bool number_integer(number_integer_t integer) override
    {
        asgi_json value = of(ASGI_JSON_INTEGER);
        value.integer = integer;
        value.number = static_cast<double>(integer);
        return put(value);
    }
    bool number_unsigned(number_unsigned_t integer) override
    {
        if (integer > static_cast<number_unsigned_t>(INT64_MAX)) return refuse("an integer exceeds 64 bits");
        return number_integer(static_cast<number_integer_t>(integer));
    }
    bool number_float(number_float_t number, const string_t &text) override
    {
        // The library reports an integer beyond 64 bits as a double, which would change its value.
        if (text.find_first_of(".eE") == std::string::npos) return refuse("an integer exceeds 64 bits");
        asgi_json value = of(ASGI_JSON_NUMBER);
        value.number = number;
        return put(value);
    }
    bool string(string_t &text) override
    {
        asgi_json value = of(ASGI_JSON_STRING);
        value.text = copy(text);
        return put(value);
    }
    bool binary(binary_t &) override { return refuse("not a JSON value"); }
    bool start_object(std::size_t) override { return begin(ASGI_JSON_OBJECT); }
    bool key(string_t &text) override
    {
        if (!open.back().keys.insert(text).second) return refuse("duplicate key '" + text + "'");
        next = copy(text);
        return true;
    }
    bool end_object() override { return end(); }
    bool start_array(std::size_t) override { return begin(ASGI_JSON_ARRAY); }
    bool end_array() override { return end(); }
    bool parse_error(std::size_t, const std::string &, const nlohmann::detail::exception &error) override
    {
        return refuse(withoutLead(error.what()));
    }

private:
    struct Open {
        asgi_json value;
        std::vector<asgi_json> items;
        std::set<std::string> keys;
    };

    const size_t most;
    size_t values = 0;
    std::vector<Open> open;
    asgi_string next = {nullptr, 0};

    bool refuse(const std::string &text)
    {
        if (fault.empty()) fault = text;
        return false;
    }
    asgi_json of(uint32_t type)
    {
        asgi_json value = {type, 0, next, 0, 0, {nullptr, 0}, nullptr, 0};
        next = {nullptr, 0};
        return value;
    }
    asgi_string copy(const std::string &text)
    {
        document->texts.push_back(std::make_unique<char[]>(text.size()));
        std::memcpy(document->texts.back().get(), text.data(), text.size());
        return {document->texts.back().get(), text.size()};
    }
    bool begin(uint32_t type)
    {
        if (open.size() >= maxDepth) return refuse("nested deeper than " + std::to_string(maxDepth));
        open.push_back({of(type), {}, {}});
        return true;
    }
    bool end()
    {
        Open ended = std::move(open.back());
        open.pop_back();
        ended.value.count = ended.items.size();
        if (!ended.items.empty()) {
            document->items.push_back(std::make_unique<asgi_json[]>(ended.items.size()));
            std::copy(ended.items.begin(), ended.items.end(), document->items.back().get());
            ended.value.items = document->items.back().get();
        }
        return put(ended.value);
    }
    bool put(const asgi_json &value)
    {
        // A value takes many times the memory of its text.
        if (++values > most) return refuse("more than " + std::to_string(most) + " values");
        if (!open.empty()) {
            open.back().items.push_back(value);
            return true;
        }
        document->root = value;
        return true;
    }
};

std::string text(asgi_string given) { return std::string(given.data ? given.data : "", given.data ? given.size : 0); }

struct Fault {
    std::string text;
};

json make(const asgi_json &value, size_t depth)
{
    switch (value.type) {
    case ASGI_JSON_NULL: return nullptr;
    case ASGI_JSON_BOOLEAN: return value.integer != 0;
    case ASGI_JSON_INTEGER: return value.integer;
    case ASGI_JSON_NUMBER:
        if (!std::isfinite(value.number)) throw Fault{"a number is infinite or not a number"};
        return value.number;
    case ASGI_JSON_STRING: return text(value.text);
    case ASGI_JSON_ARRAY:
    case ASGI_JSON_OBJECT: {
        if (depth == 0) throw Fault{"nested deeper than " + std::to_string(maxDepth)};
        if (!value.items && value.count) throw Fault{"items is NULL, but count is " + std::to_string(value.count)};
        bool named = value.type == ASGI_JSON_OBJECT;
        json whole = named ? json::object() : json::array();
        std::set<std::string> keys;
        for (size_t at = 0; at < value.count; at++) {
            const asgi_json &item = value.items[at];
            if (!named) {
                whole.push_back(make(item, depth - 1));
                continue;
            }
            // A lookup in ordered_json is linear, so that many keys would take quadratic time.
            std::string key = text(item.key);
            if (!keys.insert(key).second) throw Fault{"duplicate key '" + key + "'"};
            static_cast<json::object_t &>(whole.get_ref<json::object_t &>()).Container::emplace_back(key, make(item, depth - 1));
        }
        return whole;
    }
    default: throw Fault{"unknown type " + std::to_string(value.type)};
    }
}

const asgi_json *parse(const asgi_string *given, asgi_string *fault) { return roost_json_parse(given, SIZE_MAX, fault); }

// A value is the first member of its Document, and a text that of its Text.
void release(const asgi_json *value) { delete reinterpret_cast<Document *>(const_cast<asgi_json *>(value)); }
void releaseText(const asgi_string *given) { delete reinterpret_cast<Text *>(const_cast<asgi_string *>(given)); }

const asgi_string *write(const asgi_json *value, asgi_string *fault)
{
    try {
        CLocale numbers;
        auto written = std::make_unique<Text>();
        written->bytes = make(*value, maxDepth).dump();
        written->text = {written->bytes.data(), written->bytes.size()};
        return &written.release()->text;
    } catch (const Fault &error) {
        say(error.text.c_str(), fault);
    } catch (const std::exception &error) {
        say(withoutLead(error.what()), fault);
    }
    return nullptr;
}

}  // namespace

const asgi_json_functions *roost_json_functions(void)
{
    static const asgi_json_functions functions = {sizeof(asgi_json_functions), maxDepth, parse, release, write, releaseText};
    return &functions;
}

const asgi_json *roost_json_parse(const asgi_string *given, size_t most, asgi_string *fault)
{
    try {
        CLocale numbers;
        Reader reader(most);
        const char *start = given->data ? given->data : "";
        size_t size = given->data ? given->size : 0;
        // The library takes a NUL for the end of the text, and would ignore the rest.
        if (std::memchr(start, 0, size)) {
            say("contains NUL", fault);
            return nullptr;
        }
        if (json::sax_parse(start, start + size, &reader)) return &reader.document.release()->root;
        say(reader.fault.c_str(), fault);
    } catch (const std::exception &error) {
        say(withoutLead(error.what()), fault);
    }
    return nullptr;
}
