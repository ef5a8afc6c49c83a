/* asgi_json.h: the extension "asgi.json/1": JSON, parsed and written by the host. SPDX-License-Identifier: Apache-2.0
 *
 *     asgi_string fault;
 *     const asgi_json_functions *json = asgi_json_of(scope);                 // NULL: this host lacks it
 *     const asgi_json *order = json->parse(&text, &fault);                   // NULL: invalid; see `fault`
 *     const asgi_json *title = asgi_json_find(order, "title");
 *     ...
 *     json->release(order);
 *
 *     const asgi_json members[] = {asgi_json_string("title", name), asgi_json_integer("copies", 3)};
 *     const asgi_json answer = asgi_json_object("", members, 2);
 *     const asgi_string *written = json->write(&answer, &fault);             // {"title":"...","copies":3}
 *     ...
 *     json->release_text(written);
 *
 * Values are plain structs. In a view, use asgi_body_json and asgi_reply_json of asgi_urls.h instead.
 */
#ifndef ASGI_JSON_H
#define ASGI_JSON_H

#include "asgi.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Types of values, with the fields of asgi_json that they use. */
#define ASGI_JSON_NULL 0u
#define ASGI_JSON_BOOLEAN 1u /* integer: 0 or 1                                                                       */
#define ASGI_JSON_INTEGER 2u /* integer; in a parsed value also number: the nearest double                            */
#define ASGI_JSON_NUMBER 3u  /* number: finite                                                                        */
#define ASGI_JSON_STRING 4u  /* text: UTF-8                                                                           */
#define ASGI_JSON_ARRAY 5u   /* items, count                                                                          */
#define ASGI_JSON_OBJECT 6u  /* items, count: the members, each with its `key`, in order; keys are unique             */

/* A value. Never grows. */
typedef struct asgi_json asgi_json;
struct asgi_json {
    uint32_t type;     /* ASGI_JSON_NULL, ... */
    uint32_t reserved; /* 0 */
    asgi_string key;   /* the key of a member of an object; empty otherwise */
    int64_t integer;
    double number;
    asgi_string text;
    const asgi_json *items;
    size_t count;
};

/* The functions of the extension. They belong to the host, and are valid for the life of the process. They need no
 * scope. */
typedef struct asgi_json_functions {
    uint32_t size;
    uint32_t depth; /* maximum depth of nested arrays and objects */

    /* Parses JSON text (RFC 8259). [any] The text must be UTF-8, with no key twice in an object, no integer outside of
     * int64, and nothing after the value.
     *
     *   text     The text; borrowed for the call.
     *   fault    Receives the reason if the result is NULL; a syntax error has its position in front ("line 1, column
     *            5: ..."). ASCII, valid until the thread's next call of a function of this table. May be NULL.
     *
     * Returns the value. The caller owns it, with everything that it points at, and frees it with release. NULL if the
     * text is not valid JSON, or is nested too deep. */
    const asgi_json *(*parse)(const asgi_string *text, asgi_string *fault);

    /* Frees a value that parse has returned, once, with everything that it points at. [any] Ignores NULL. */
    void (*release)(const asgi_json *value);

    /* Writes a value as JSON text, without spaces. [any]
     *
     *   value    The value; borrowed for the call.
     *   fault    Receives the reason if the result is NULL, as in parse; may be NULL.
     *
     * Returns the text. The caller owns it, and frees it with release_text. NULL if a string is not UTF-8, a number is
     * not finite, an object has a key twice, or the value is nested too deep. */
    const asgi_string *(*write)(const asgi_json *value, asgi_string *fault);

    /* Frees a text that write has returned, once. [any] Ignores NULL. */
    void (*release_text)(const asgi_string *text);
} asgi_json_functions;

/* ---- Convenience functions: nothing below is part of the contract ---------------------------------------------- */

/* Returns the functions of the host; NULL if this host does not have the extension. */
static inline const asgi_json_functions *asgi_json_of(const asgi_scope *scope)
{
    static const asgi_string name = ASGI_STRING("asgi.json/1");
    return (const asgi_json_functions *)scope->host->extension(scope->id, &name);
}

/* Returns a member of an object, by its key; NULL if there is none, or `object` is not an object or is NULL. */
static inline const asgi_json *asgi_json_find(const asgi_json *object, const char *key)
{
    size_t at;
    if (!object || object->type != ASGI_JSON_OBJECT) return NULL;
    for (at = object->count; at-- > 0;)
        if (asgi_equal(object->items[at].key, key)) return &object->items[at];
    return NULL;
}

/* Return a value to write. `key`: the key of a member of an object, otherwise "". The value borrows its arguments. */
static inline asgi_json asgi_json_value(uint32_t type, const char *key)
{
    asgi_json value = {0, 0, {NULL, 0}, 0, 0, {NULL, 0}, NULL, 0};
    value.type = type;
    value.key = asgi_text(key);
    return value;
}
static inline asgi_json asgi_json_null(const char *key) { return asgi_json_value(ASGI_JSON_NULL, key); }
static inline asgi_json asgi_json_boolean(const char *key, int truth)
{
    asgi_json value = asgi_json_value(ASGI_JSON_BOOLEAN, key);
    value.integer = truth != 0;
    return value;
}
static inline asgi_json asgi_json_integer(const char *key, int64_t integer)
{
    asgi_json value = asgi_json_value(ASGI_JSON_INTEGER, key);
    value.integer = integer;
    return value;
}
static inline asgi_json asgi_json_number(const char *key, double number)
{
    asgi_json value = asgi_json_value(ASGI_JSON_NUMBER, key);
    value.number = number;
    return value;
}
static inline asgi_json asgi_json_string(const char *key, asgi_string text)
{
    asgi_json value = asgi_json_value(ASGI_JSON_STRING, key);
    value.text = text;
    return value;
}
static inline asgi_json asgi_json_array(const char *key, const asgi_json *items, size_t count)
{
    asgi_json value = asgi_json_value(ASGI_JSON_ARRAY, key);
    value.items = items;
    value.count = count;
    return value;
}
static inline asgi_json asgi_json_object(const char *key, const asgi_json *members, size_t count)
{
    asgi_json value = asgi_json_array(key, members, count);
    value.type = ASGI_JSON_OBJECT;
    return value;
}

#ifdef __cplusplus
}
#endif
#endif
