/* asgi_json.h: JSON for modules, read and written by the host. SPDX-License-Identifier: Apache-2.0
 *
 *     asgi_string fault;
 *     const asgi_json_functions *json = asgi_json_of(scope);                 // NULL: this host has none
 *     const asgi_json *order = json->parse(&text, &fault);                   // NULL: fault says where and why
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
 * Values are plain structs. Views have it shorter: asgi_body_json and asgi_reply_json of asgi_urls.h.
 */
#ifndef ASGI_JSON_H
#define ASGI_JSON_H

#include "asgi.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ASGI_JSON_NULL 0u
#define ASGI_JSON_BOOLEAN 1u /* integer: 0 or 1                                          */
#define ASGI_JSON_INTEGER 2u /* integer; number is the same, as near as it goes          */
#define ASGI_JSON_NUMBER 3u  /* number, finite                                           */
#define ASGI_JSON_STRING 4u  /* text, UTF-8                                              */
#define ASGI_JSON_ARRAY 5u   /* items, count                                             */
#define ASGI_JSON_OBJECT 6u  /* items, count: each with its key, no key twice, in order  */

/* A value. Never grows. */
typedef struct asgi_json asgi_json;
struct asgi_json {
    uint32_t type;
    uint32_t reserved; /* 0 */
    asgi_string key;   /* of a member of an object; empty elsewhere */
    int64_t integer;
    double number;
    asgi_string text;
    const asgi_json *items;
    size_t count;
};

/* The extension "asgi.json/1". Its functions know no scope: the table is valid for the life of the process. */
typedef struct asgi_json_functions {
    uint32_t size;
    uint32_t depth; /* of so many levels a value may be */

    /* Reads a text, RFC 8259 to the letter: UTF-8, no key twice in an object, integers within 64 bits, nothing behind the value. [any]
     * fault    where it goes why it is none, of what is no JSON at all with its place, "line 1, column 5: ..."; ASCII, valid until the
     *          thread's next call; may be NULL.
     * The value is the caller's until it is given to release. NULL: it is no JSON, or nested too deep. */
    const asgi_json *(*parse)(const asgi_string *text, asgi_string *fault);

    /* Gives back what parse gave, once, with all that is in it. [any] NULL is nothing. */
    void (*release)(const asgi_json *value);

    /* Writes a value, without spaces. [any]
     * The text is the caller's until it is given to release_text. NULL: a text in it is no UTF-8, a number is not finite, a key is there
     * twice, it is nested too deep; fault as of parse. */
    const asgi_string *(*write)(const asgi_json *value, asgi_string *fault);

    /* Gives back what write gave, once. [any] NULL is nothing. */
    void (*release_text)(const asgi_string *text);
} asgi_json_functions;

/* ---- Conveniences: nothing below is part of the contract ------------------------------------------------------- */

/* The host's; NULL: it has none. */
static inline const asgi_json_functions *asgi_json_of(const asgi_scope *scope)
{
    static const asgi_string name = ASGI_STRING("asgi.json/1");
    return (const asgi_json_functions *)scope->host->extension(scope->id, &name);
}

/* The member of an object; NULL: there is none such, or it is no object, or NULL. */
static inline const asgi_json *asgi_json_find(const asgi_json *object, const char *key)
{
    size_t at;
    if (!object || object->type != ASGI_JSON_OBJECT) return NULL;
    for (at = object->count; at-- > 0;)
        if (asgi_equal(object->items[at].key, key)) return &object->items[at];
    return NULL;
}

/* Values to write. `key`: of a member, else "". What they point at is borrowed. */
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
