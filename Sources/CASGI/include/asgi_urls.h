/* asgi_urls.h: typed views, a URL calls a function with the arguments that it declares. SPDX-License-Identifier: Apache-2.0
 *
 *     #include <asgi_urls.h>
 *
 *     static asgi_result article(asgi_request *request, int64_t year, const asgi_string *slug)
 *     {
 *         (void)year;
 *         return asgi_reply(request, 200, "text/plain; charset=utf-8", *slug);
 *     }
 *
 *     static const asgi_url urls[] = {
 *         ASGI_URL("articles/<int:year>/<slug:slug>/", article, "article", ASGI_INT, ASGI_STRING),
 *     };
 *
 *     ASGI_APPLICATION(urls, "articles", "1.0")
 *
 * C++ has it without the types: asgi_urls.hpp. Swift: URLTable of the SDK.
 *
 * A row is a pattern, a view, a name, and the types of the view's arguments behind the request, at most eight. The compiler checks the types
 * against the function; the host checks them against the pattern when it loads the module, and refuses one that does not fit.
 *
 * PATTERNS. [METHODS ' '] PATH ['?' FIELDS] [' ' BODY]
 *   METHODS  "POST", "GET,POST", "ANY"; without one GET, or POST where there is a BODY. HEAD goes with GET, OPTIONS is answered. There are
 *            GET HEAD POST PUT PATCH DELETE OPTIONS QUERY, and PROPFIND PROPPATCH MKCOL COPY MOVE LOCK UNLOCK REPORT; another word in
 *            capitals before a space is refused, so that there may be more.
 *   PATH     below the mount, without the slash at its beginning (the mount, or the prefix of an included row, is "" or "/"): text, and
 *            values <CONVERTER:NAME>:
 *              int   digits, within int64             ASGI_INT      int64_t
 *              float digits, a dot and more if wanted ASGI_DOUBLE   double
 *              str   anything but a slash             ASGI_STRING   const asgi_string *
 *              slug  letters, digits, - and _         ASGI_STRING   const asgi_string *
 *              uuid  as RFC 9562 writes it, lower     ASGI_UUID     const asgi_uuid *
 *              path  anything, slashes too            ASGI_PATH     const asgi_subpath *
 *            None is empty; what does not fit, or is out of range, is no match. Texts are percent-decoded UTF-8.
 *   FIELDS   <int:page=1>&<str:q>: fields of the query by their names, the last text being what holds when a field is not there; without one
 *            it has to be. Numbers may be negative here, a float may be 1.25e-7, texts may be empty or have slashes. What does not fit is
 *            answered with 422.
 *   BODY     body: all of it, before the view is called, as request->body
 *            form: the same, a form (URL-encoded or multipart), and FIELDS of it if wanted: form <str:author>&<str:text>
 *            json: the same, JSON, and FIELDS of its object: json <str:title>&<int:copies=1>
 *            without one the view reads the body itself, or asks for it with collect. form and json do not go with GET, nor with ANY.
 * Arguments come in the order of the pattern. Of several rows that match a path the first that takes the method is called; none takes it: 405
 * with `allow`. A path that would match with a slash at its end is redirected there.
 *
 * TEXT of a pattern has no space, question mark or angle bracket; the last text of a field has no space or ampersand. A field of a query or a
 * form that is sent twice is 422, one that is sent empty is as if it were not there, but for texts, and so is a JSON null. No converter takes
 * a JSON boolean. A body that is no form or no JSON (object, with no key twice) is 400, and 415 where its content-type says so.
 *
 * VIEWS run where `application` would, and answer as it does: at once; or later, returning ASGI_PENDING and ending with asgi_finish, from any
 * thread. The request and its arguments live as long as its scope, which may end while a thread of the module's own still works: such a thread
 * keeps scope->id, and calls the functions of asgi_views by it, which answer ASGI_STALE when it is over, as for a scope that no view was
 * called for; the request may be another's then.
 */
#ifndef ASGI_URLS_H
#define ASGI_URLS_H

#include "asgi.h"
#include "asgi_json.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Arguments: these never grow ------------------------------------------------------------------------------- */

typedef struct asgi_uuid {
    uint8_t bytes[16];
} asgi_uuid;

/* Several segments of a path: a type of its own, so that nobody gets slashes who does not expect them. */
typedef struct asgi_subpath {
    asgi_string text;
} asgi_subpath;

/* Kinds of arguments, a letter each. */
#define ASGI_KIND_INT 'i'
#define ASGI_KIND_DOUBLE 'd'
#define ASGI_KIND_STRING 's'
#define ASGI_KIND_UUID 'u'
#define ASGI_KIND_PATH 'p'

#define ASGI_MOST_ARGUMENTS 8

/* An argument, for who takes them without a signature. */
typedef struct asgi_argument {
    uint32_t kind;
    uint32_t reserved; /* 0 */
    union {
        int64_t integer;
        double number;
        asgi_string string;
        asgi_uuid uuid;
        asgi_subpath subpath;
    } value;
} asgi_argument;

/* ---- Requests -------------------------------------------------------------------------------------------------- */

typedef struct asgi_views asgi_views;
typedef struct asgi_url asgi_url;

/* A request that a view answers. The host's, as long as its scope. One thread at a time works with it. */
typedef struct asgi_request {
    uint32_t size;
    uint32_t argument_count;
    const asgi_scope *scope;
    asgi_receive receive;           /* of the scope; for bodies that are read as they come                          */
    asgi_send send;                 /* of the scope; for responses that are sent as they come                       */
    const asgi_views *views;        /* the host's functions for views                                               */
    const asgi_url *url;            /* the row; NULL in `refused` where none matched                                */
    const asgi_argument *arguments; /* what the view was called with                                                */
    asgi_string body;               /* the body, where it was collected                                             */
    size_t header_count;            /* headers that wait for the reply: asgi_add_header, asgi_set_cookie            */
    void *context;                  /* of the row                                                                   */
} asgi_request;

/* A part of a multipart form. The host's, as long as the scope. Never grows. */
typedef struct asgi_part {
    asgi_string name;         /* as the page has it: any characters but NUL                                          */
    asgi_string filename;     /* of a file, without any folder; empty: no file was chosen                            */
    asgi_string content_type; /* as its sender says; empty: not said                                                 */
    asgi_string body;
    uint32_t flags;
    uint32_t reserved; /* 0 */
} asgi_part;

#define ASGI_PART_FILE 1u /* it is a file, not a field                                                                */

/* Where fields come from. */
#define ASGI_QUERY_FIELDS 1u
#define ASGI_FORM_FIELDS 2u
#define ASGI_COOKIES 3u

/* Flags of a cookie. */
#define ASGI_COOKIE_SCRIPTS 1u   /* scripts may read it: without this it is HttpOnly                                 */
#define ASGI_COOKIE_PLAIN 2u     /* without this it is Secure, where the request came by https                       */
#define ASGI_COOKIE_STRICT 4u    /* SameSite=Strict; without one of these two it is Lax                              */
#define ASGI_COOKIE_EVERYWHERE 8u /* SameSite=None, which has to be Secure                                           */

typedef struct asgi_cookie {
    uint32_t size;
    uint32_t flags;
    asgi_string name;   /* a token                                                                                   */
    asgi_string value;  /* printable ASCII but space, quote, comma, semicolon and backslash                          */
    asgi_string path;   /* empty: the application's mount                                                            */
    asgi_string domain; /* empty: this host only                                                                     */
    int64_t max_age;    /* seconds; below zero: until the browser is closed; 0: it is taken away                     */
} asgi_cookie;

/* Why a request is not for any view, or not for this one. */
typedef struct asgi_refusal {
    uint32_t size;
    int32_t status;     /* 400, 404, 405, 413, 415, 422                                                              */
    asgi_string allow;  /* of a 405: what the header says; else empty                                                */
    asgi_string reason; /* a line for people, of a 422 one for each field: "query field 'page': found 'x', ..."      */
} asgi_refusal;

/* ---- The table: "asgi.urls/1" of a module ---------------------------------------------------------------------- */

/* A view, whatever its signature. */
typedef void (*asgi_view)(void);

/* A view that takes its arguments as they are; ASGI_URL_PLAIN. For languages that cannot export a function of any signature. */
typedef asgi_result (*asgi_plain_view)(asgi_request *request, const asgi_argument *arguments, size_t count);

#define ASGI_URL_PLAIN 1u

/* A row. The module's, constant, valid for the life of the process. */
struct asgi_url {
    uint32_t size;
    uint32_t flags;
    asgi_string pattern;
    asgi_string name;        /* for asgi_reverse; may be empty                                                        */
    asgi_string kinds;       /* of the view's arguments behind the request                                            */
    asgi_string function;    /* what the view is called, for messages; may be empty                                   */
    asgi_view view;          /* [loop], or a thread of the pool with ASGI_BLOCKING                                    */
    void *context;           /* the module's own                                                                      */
    const asgi_url *include; /* instead of a view: rows whose patterns follow behind this one's, which is a path. Their
                                names are "name:theirs", where this row has a name                                    */
    size_t include_count;
    size_t include_stride;   /* from row to row of those; 0: as in this table                                         */
};

typedef struct asgi_urls {
    uint32_t size;
    uint32_t stride;      /* from row to row: sizeof(asgi_url)                                                        */
    const asgi_url *rows;
    size_t count;
    uint32_t flags;
    uint32_t reserved;    /* 0 */
    uint64_t body_limit;  /* bytes of a body that is collected: above it 413; 0: the host's (1 MiB by default)         */

    /* Answers what no view gets, in the module's own words; may be NULL. As a view. `refusal` is borrowed for the call. The headers that
     * belong to the status (`allow`) wait for the reply already. ASGI_UNSUPPORTED: the host answers. */
    asgi_result (*refused)(asgi_request *request, const asgi_refusal *refusal);
} asgi_urls;

#define ASGI_URLS_KEEP_SLASHES 1u /* no redirect to a path with a slash at its end                                    */

/* ---- The host's functions: "asgi.urls/1" of a host ------------------------------------------------------------- */

struct asgi_views {
    uint32_t size;
    uint32_t reserved; /* 0 */

    /* Calls the view for a request, or refuses it. Where `application` may be called, once for a scope, with what it was called with: `scope`
     * stays where it is as long as the scope, and `urls` is the module's table as it offers it. Answers what `application` should return. */
    asgi_result (*call)(const asgi_urls *urls, const asgi_scope *scope, asgi_receive receive, asgi_send send);

    /* Writes the path of a name, with the mount, percent-encoded. [any] Of several rows the first that takes arguments of these kinds, those of
     * its path. id may be the lifespan's.
     * text     where it goes, as far as there is room.
     * How many bytes it has, which may be more than there was room for. ASGI_INVALID: there is no such name, or an argument does not fit its
     * converter, which is logged. ASGI_STALE. */
    int64_t (*reverse)(asgi_id id, const asgi_string *name, const asgi_argument *arguments, size_t count, char *text, size_t room);

    /* Collects the body, to request->body. [any] As receive: ASGI_DONE, ASGI_PENDING with `then`, which a NULL waits for where waiting is fine;
     * ASGI_FULL: it is larger than `limit` bytes (0: the table's, or the host's), and lost; ASGI_GONE: the client has left; ASGI_BUSY: it is
     * being collected. What is collected already is ASGI_DONE again, and what could not be answers again as it did. Not behind a receive of
     * the view's own: what that has taken is not in it, and who has taken all waits for the client to leave. */
    asgi_result (*collect)(asgi_id id, uint64_t limit, asgi_then then, void *context);

    /* All fields of a source, decoded, in order. [any] They live as long as the scope. NULL with a count of 0: there are none; the form was not
     * collected, or is none; more than the host takes; the scope is over. */
    const asgi_header *(*fields)(asgi_id id, uint32_t source, size_t *count);

    /* The parts of a multipart form that was collected. [any] As fields. */
    const asgi_part *(*parts)(asgi_id id, size_t *count);

    /* Adds a header to the reply, copied. [any] ASGI_DONE; ASGI_INVALID: it is none, which is logged; ASGI_FULL: more than 64; ASGI_STALE. */
    asgi_result (*add_header)(asgi_id id, const asgi_header *header);

    /* Adds a cookie to the reply. [any] As add_header. */
    asgi_result (*set_cookie)(asgi_id id, const asgi_cookie *cookie);

    /* Replies with the headers that wait. [any] As send, of ASGI_HTTP_RESPONSE with `then` NULL: ASGI_DONE also when the client has left.
     * content_type   empty: none. */
    asgi_result (*reply)(asgi_id id, int32_t status, const asgi_string *content_type, const asgi_string *body);

    /* The body that was collected, as JSON; read once. [any] It lives as long as the scope. NULL: it is none, or was not collected.
     * fault    as of asgi_json_functions.parse; may be NULL. */
    const asgi_json *(*json)(asgi_id id, asgi_string *fault);

    /* Replies with a value, as reply. [any] ASGI_INVALID: it cannot be written, which is logged; nothing was sent. */
    asgi_result (*reply_json)(asgi_id id, int32_t status, const asgi_json *value);

    /* Replies with a file, as reply. [any] ASGI_FAILED: there is none such, or it is no regular one, or it is not to be read; nothing was sent.
     * ASGI_INVALID: a reply was sent before, or the file went away while it was: the response is cut.
     * folder   the file is below it, whatever `path` says; empty: `path` begins with a slash, and is trusted.
     * content_type   empty: by the ending of its name. */
    asgi_result (*reply_file)(asgi_id id, const asgi_string *folder, const asgi_string *path, const asgi_string *content_type);

    /* Memory that lives as long as the scope, aligned for everything, not zeroed. [any] NULL: there is none, or the scope is over. */
    void *(*allocate)(asgi_id id, size_t size);

    /* The headers that wait, for a response that the view sends itself: only replies have them by themselves. [any] As fields. */
    const asgi_header *(*headers)(asgi_id id, size_t *count);
};

/* ---- Conveniences: nothing below is part of the contract ------------------------------------------------------- */

/* The host's functions for views; NULL: it has none. */
static inline const asgi_views *asgi_views_of(const asgi_scope *scope)
{
    static const asgi_string name = ASGI_STRING("asgi.urls/1");
    return (const asgi_views *)scope->host->extension(scope->id, &name);
}

/* What `application` of a module with a table returns. It has no lifespan and no WebSockets: who wants them asks scope->type before. */
static inline asgi_result asgi_call_urls(const asgi_urls *urls, const asgi_scope *scope, asgi_receive receive, asgi_send send)
{
    const asgi_views *views = asgi_views_of(scope);
    if (!views) {
        asgi_log(scope, ASGI_LOG_ERROR, "this host has no asgi.urls/1: it cannot call views");
        return ASGI_FAILED;
    }
    return scope->type == ASGI_HTTP ? views->call(urls, scope, receive, send) : ASGI_UNSUPPORTED;
}

/* Replies in one call. What a view returns: ASGI_DONE also when the client has left. content_type "": none. */
static inline asgi_result asgi_reply(asgi_request *request, int32_t status, const char *content_type, asgi_string body)
{
    asgi_string type;
    if (request->header_count == 0) return asgi_respond(request->scope, request->send, status, content_type, body);
    type = asgi_text(content_type);
    return request->views->reply(request->scope->id, status, &type, &body);
}

/* Replies with a value; one that cannot be written is a failure, so a 500. */
static inline asgi_result asgi_reply_json(asgi_request *request, int32_t status, asgi_json value)
{
    return request->views->reply_json(request->scope->id, status, &value);
}

/* The body as JSON, where it was collected; NULL: it is none. */
static inline const asgi_json *asgi_body_json(asgi_request *request)
{
    return request->views->json(request->scope->id, NULL);
}

/* Replies with a file below a folder, whatever `path` says; see reply_file. There has to be a folder. */
static inline asgi_result asgi_reply_file(asgi_request *request, const char *folder, asgi_string path, const char *content_type)
{
    asgi_string below = asgi_text(folder), type = asgi_text(content_type);
    if (!below.size) {
        asgi_log(request->scope, ASGI_LOG_ERROR, "asgi_reply_file: there is no folder");
        return ASGI_INVALID;
    }
    return request->views->reply_file(request->scope->id, &below, &path, &type);
}

/* Adds a header to the reply; the name is lower-case. */
static inline asgi_result asgi_add_header(asgi_request *request, const char *name, asgi_string value)
{
    asgi_header header;
    header.name = asgi_text(name);
    header.value = value;
    return request->views->add_header(request->scope->id, &header);
}

/* Redirects: 302, 303, 307, or 301 and 308 for good. ASGI_INVALID, so a 500: nowhere, as asgi_reverse says that there is no such path. */
static inline asgi_result asgi_redirect(asgi_request *request, int32_t status, asgi_string location)
{
    asgi_string none = {NULL, 0};
    asgi_result result;
    if (!location.size || status < 300 || status > 399) {
        asgi_log(request->scope, ASGI_LOG_ERROR, "asgi_redirect: there is no location, or the status is no redirection");
        return ASGI_INVALID;
    }
    result = asgi_add_header(request, "location", location);
    return result == ASGI_DONE ? request->views->reply(request->scope->id, status, &none, &none) : result;
}

/* Adds a cookie to the reply, HttpOnly, SameSite=Lax and Secure over https; max_age in seconds, below zero: until the browser is closed. */
static inline asgi_result asgi_set_cookie(asgi_request *request, const char *name, asgi_string value, int64_t max_age)
{
    asgi_cookie cookie = {0, 0, {NULL, 0}, {NULL, 0}, {NULL, 0}, {NULL, 0}, 0};
    cookie.size = (uint32_t)sizeof cookie;
    cookie.name = asgi_text(name);
    cookie.value = value;
    cookie.max_age = max_age;
    return request->views->set_cookie(request->scope->id, &cookie);
}

/* Ends a request whose view returned ASGI_PENDING. */
static inline asgi_result asgi_finish(asgi_request *request, asgi_result result)
{
    return request->scope->host->finish(request->scope->id, result);
}

/* The first field of that name; NULL: there is none. */
static inline const asgi_string *asgi_field(asgi_request *request, uint32_t source, const char *name)
{
    size_t count, at;
    const asgi_header *fields = request->views->fields(request->scope->id, source, &count);
    for (at = 0; at < count; at++)
        if (asgi_equal(fields[at].name, name)) return &fields[at].value;
    return NULL;
}
static inline const asgi_string *asgi_query(asgi_request *request, const char *name)
{
    return asgi_field(request, ASGI_QUERY_FIELDS, name);
}
static inline const asgi_string *asgi_form(asgi_request *request, const char *name)
{
    return asgi_field(request, ASGI_FORM_FIELDS, name);
}
static inline const asgi_string *asgi_cookie_value(asgi_request *request, const char *name)
{
    return asgi_field(request, ASGI_COOKIES, name);
}

/* The first part of that name of a multipart form, a file say; NULL: there is none. */
static inline const asgi_part *asgi_form_part(asgi_request *request, const char *name)
{
    size_t count, at;
    const asgi_part *parts = request->views->parts(request->scope->id, &count);
    for (at = 0; at < count; at++)
        if (asgi_equal(parts[at].name, name)) return &parts[at];
    return NULL;
}

/* Memory that lives as long as the request. */
static inline void *asgi_allocate(asgi_request *request, size_t size)
{
    return request->views->allocate(request->scope->id, size);
}

/* Arguments for asgi_reverse. */
static inline asgi_argument asgi_argument_of(uint32_t kind)
{
    asgi_argument argument;
    argument.kind = kind;
    argument.reserved = 0;
    argument.value.string.data = NULL;
    argument.value.string.size = 0;
    return argument;
}
static inline asgi_argument asgi_int_argument(int64_t integer)
{
    asgi_argument argument = asgi_argument_of(ASGI_KIND_INT);
    argument.value.integer = integer;
    return argument;
}
static inline asgi_argument asgi_double_argument(double number)
{
    asgi_argument argument = asgi_argument_of(ASGI_KIND_DOUBLE);
    argument.value.number = number;
    return argument;
}
static inline asgi_argument asgi_string_argument(asgi_string string)
{
    asgi_argument argument = asgi_argument_of(ASGI_KIND_STRING);
    argument.value.string = string;
    return argument;
}
static inline asgi_argument asgi_uuid_argument(asgi_uuid uuid)
{
    asgi_argument argument = asgi_argument_of(ASGI_KIND_UUID);
    argument.value.uuid = uuid;
    return argument;
}
static inline asgi_argument asgi_subpath_argument(asgi_string text)
{
    asgi_argument argument = asgi_argument_of(ASGI_KIND_PATH);
    argument.value.subpath.text = text;
    return argument;
}

/* The path of a name, for as long as the request; empty: there is none, or an argument does not fit. */
static inline asgi_string asgi_reverse(asgi_request *request, const char *name, const asgi_argument *arguments, size_t count)
{
    asgi_string text = asgi_text(name), path = {NULL, 0};
    int64_t size = request->views->reverse(request->scope->id, &text, arguments, count, NULL, 0);
    char *bytes = size > 0 ? (char *)asgi_allocate(request, (size_t)size) : NULL;
    if (!bytes) return path;
    /* Below zero: the scope has ended meanwhile. */
    if (request->views->reverse(request->scope->id, &text, arguments, count, bytes, (size_t)size) != size) return path;
    path.data = bytes;
    path.size = (size_t)size;
    return path;
}

#ifdef __cplusplus
}
#endif

/* ---- Writing the table ----------------------------------------------------------------------------------------- */

/* A row: ASGI_URL(pattern, view, name, types...), types of ASGI_INT, ASGI_DOUBLE, ASGI_STRING, ASGI_UUID, ASGI_PATH. */
#define ASGI_URL(...) \
    ASGI_URL_CALL_(ASGI_URL_NAME_(__VA_ARGS__, X, X, X, X, 8, 7, 6, 5, 4, 3, 2, 1, 0, X, X, _), (__VA_ARGS__))

/* A row of rows: ASGI_INCLUDE(prefix, rows, name), the name in front of theirs, or "". */
#define ASGI_INCLUDE(prefix, rows, name) \
    {(uint32_t)sizeof(asgi_url), 0, ASGI_STRING(prefix), ASGI_STRING(name), {NULL, 0}, {NULL, 0}, NULL, NULL, (rows),     \
     sizeof(rows) / sizeof *(rows), sizeof *(rows)}

/* A table of an array of rows, in an initialiser: static const asgi_urls site = ASGI_URLS(urls); or with all that a table may say. */
#define ASGI_URLS(rows) ASGI_URLS_WITH(rows, 0, 0, NULL)
#define ASGI_URLS_WITH(rows, flags, body_limit, refused) \
    {(uint32_t)sizeof(asgi_urls), (uint32_t)sizeof(asgi_url), (rows), sizeof(rows) / sizeof *(rows), (flags), 0, (body_limit), (refused)}

/* All that a module exports: ASGI_APPLICATION(rows, name, version, settings, flags); what is not given is empty. */
#define ASGI_APPLICATION(...) ASGI_APPLICATION_(__VA_ARGS__, ASGI_APPLICATION_5_, ASGI_APPLICATION_4_, ASGI_APPLICATION_3_, ASGI_APPLICATION_2_, ASGI_APPLICATION_1_, _)(__VA_ARGS__)
#define ASGI_APPLICATION_(rows, name, version, settings, flags, macro, ...) macro
#define ASGI_APPLICATION_1_(rows) ASGI_APPLICATION_5_(rows, "", "", "", 0)
#define ASGI_APPLICATION_2_(rows, name) ASGI_APPLICATION_5_(rows, name, "", "", 0)
#define ASGI_APPLICATION_3_(rows, name, version) ASGI_APPLICATION_5_(rows, name, version, "", 0)
#define ASGI_APPLICATION_4_(rows, name, version, settings) ASGI_APPLICATION_5_(rows, name, version, settings, 0)
#define ASGI_APPLICATION_5_(rows, name, version, settings, flags)                                                         \
    static const asgi_urls asgi_application_urls = ASGI_URLS(rows);                                                       \
    ASGI_APPLICATION_OF(asgi_application_urls, name, version, settings, flags)

/* The same of a table that there is: static const asgi_urls site = ASGI_URLS_WITH(...); ASGI_APPLICATION_OF(site, "site", "1.0", "", 0) */
#define ASGI_APPLICATION_OF(table, name, version, settings, flags)                                                        \
    static const void *asgi_application_extension(const asgi_string *extension)                                           \
    {                                                                                                                     \
        return asgi_equal(*extension, "asgi.urls/1") ? &(table) : NULL;                                                   \
    }                                                                                                                     \
    ASGI_EXPORTED_ asgi_result application(const asgi_scope *scope, asgi_receive receive, asgi_send send)                 \
    {                                                                                                                     \
        return asgi_call_urls(&(table), scope, receive, send);                                                            \
    }                                                                                                                     \
    ASGI_EXPORTED_ const asgi_module *asgi_module_info(void)                                                              \
    {                                                                                                                     \
        static const asgi_module module = {(uint32_t)sizeof(asgi_module), ASGI_ABI, ASGI_DRAFT, (flags),                  \
                                           ASGI_STRING(name), ASGI_STRING(version), ASGI_STRING(settings),                \
                                           asgi_application_extension};                                                   \
        return &module;                                                                                                   \
    }

/* They are C's in a namespace too. */
#ifdef __cplusplus
#define ASGI_EXPORTED_ extern "C" ASGI_EXPORT
#else
#define ASGI_EXPORTED_ ASGI_EXPORT
#endif

/* Of a word: the type of the argument, and the letter of its kind. */
#define ASGI_TYPE_ASGI_INT int64_t
#define ASGI_TYPE_ASGI_DOUBLE double
#define ASGI_TYPE_ASGI_STRING const asgi_string *
#define ASGI_TYPE_ASGI_UUID const asgi_uuid *
#define ASGI_TYPE_ASGI_PATH const asgi_subpath *
#define ASGI_LETTER_ASGI_INT "i"
#define ASGI_LETTER_ASGI_DOUBLE "d"
#define ASGI_LETTER_ASGI_STRING "s"
#define ASGI_LETTER_ASGI_UUID "u"
#define ASGI_LETTER_ASGI_PATH "p"

/* The compiler's check: it does not compile when the function is of another type than the words say. */
#ifdef __cplusplus
#define ASGI_VIEW_(view, ...) reinterpret_cast<asgi_view>(static_cast<asgi_result (*)(__VA_ARGS__)>(view))
#else
#define ASGI_VIEW_(view, ...) ((asgi_view)_Generic((view), asgi_result (*)(__VA_ARGS__): (view)))
#endif

#define ASGI_ROW_(pattern, view, name, letters, ...)                                                                      \
    {(uint32_t)sizeof(asgi_url), 0, ASGI_STRING(pattern), ASGI_STRING(name), ASGI_STRING(letters), ASGI_STRING(#view),    \
     ASGI_VIEW_(view, __VA_ARGS__), NULL, NULL, 0, 0}
#define ASGI_URL_NAME_(pattern, view, name, t1, t2, t3, t4, t5, t6, t7, t8, t9, t10, t11, t12, count, ...) ASGI_URL_##count##_
#define ASGI_URL_CALL_(macro, arguments) macro arguments
/* Too few, or too many: the compiler's message has these words. */
#define ASGI_URL_X_(...) {ASGI_URL_takes_a_pattern_a_view_a_name_and_at_most_eight_types}
#define ASGI_URL_0_(p, v, n) ASGI_ROW_(p, v, n, "", asgi_request *)
#define ASGI_URL_1_(p, v, n, a) ASGI_ROW_(p, v, n, ASGI_LETTER_##a, asgi_request *, ASGI_TYPE_##a)
#define ASGI_URL_2_(p, v, n, a, b) ASGI_ROW_(p, v, n, ASGI_LETTER_##a ASGI_LETTER_##b, asgi_request *, ASGI_TYPE_##a, ASGI_TYPE_##b)
#define ASGI_URL_3_(p, v, n, a, b, c) \
    ASGI_ROW_(p, v, n, ASGI_LETTER_##a ASGI_LETTER_##b ASGI_LETTER_##c, asgi_request *, ASGI_TYPE_##a, ASGI_TYPE_##b, ASGI_TYPE_##c)
#define ASGI_URL_4_(p, v, n, a, b, c, d)                                                                                  \
    ASGI_ROW_(p, v, n, ASGI_LETTER_##a ASGI_LETTER_##b ASGI_LETTER_##c ASGI_LETTER_##d, asgi_request *, ASGI_TYPE_##a,    \
              ASGI_TYPE_##b, ASGI_TYPE_##c, ASGI_TYPE_##d)
#define ASGI_URL_5_(p, v, n, a, b, c, d, e)                                                                               \
    ASGI_ROW_(p, v, n, ASGI_LETTER_##a ASGI_LETTER_##b ASGI_LETTER_##c ASGI_LETTER_##d ASGI_LETTER_##e, asgi_request *,   \
              ASGI_TYPE_##a, ASGI_TYPE_##b, ASGI_TYPE_##c, ASGI_TYPE_##d, ASGI_TYPE_##e)
#define ASGI_URL_6_(p, v, n, a, b, c, d, e, f)                                                                            \
    ASGI_ROW_(p, v, n, ASGI_LETTER_##a ASGI_LETTER_##b ASGI_LETTER_##c ASGI_LETTER_##d ASGI_LETTER_##e ASGI_LETTER_##f,   \
              asgi_request *, ASGI_TYPE_##a, ASGI_TYPE_##b, ASGI_TYPE_##c, ASGI_TYPE_##d, ASGI_TYPE_##e, ASGI_TYPE_##f)
#define ASGI_URL_7_(p, v, n, a, b, c, d, e, f, g)                                                                         \
    ASGI_ROW_(p, v, n,                                                                                                    \
              ASGI_LETTER_##a ASGI_LETTER_##b ASGI_LETTER_##c ASGI_LETTER_##d ASGI_LETTER_##e ASGI_LETTER_##f ASGI_LETTER_##g, \
              asgi_request *, ASGI_TYPE_##a, ASGI_TYPE_##b, ASGI_TYPE_##c, ASGI_TYPE_##d, ASGI_TYPE_##e, ASGI_TYPE_##f,   \
              ASGI_TYPE_##g)
#define ASGI_URL_8_(p, v, n, a, b, c, d, e, f, g, h)                                                                      \
    ASGI_ROW_(p, v, n,                                                                                                    \
              ASGI_LETTER_##a ASGI_LETTER_##b ASGI_LETTER_##c ASGI_LETTER_##d ASGI_LETTER_##e ASGI_LETTER_##f ASGI_LETTER_##g \
                  ASGI_LETTER_##h,                                                                                        \
              asgi_request *, ASGI_TYPE_##a, ASGI_TYPE_##b, ASGI_TYPE_##c, ASGI_TYPE_##d, ASGI_TYPE_##e, ASGI_TYPE_##f,   \
              ASGI_TYPE_##g, ASGI_TYPE_##h)

#endif
