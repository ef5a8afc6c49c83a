/* asgi_urls.h: the extension "asgi.urls/1": URLs that call functions with typed arguments.
 * SPDX-License-Identifier: Apache-2.0
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
 * A view is a function that answers requests. A row of the table has a pattern, a view, a name, and the types of the
 * view's arguments after the request, at most eight. The compiler checks the types against the function. The host
 * checks them against the pattern when it loads the module, and refuses a module whose types do not match.
 *
 * In C++, asgi_urls.hpp derives the types from the function. In Swift, use URLTable of the SDK.
 *
 * PATTERNS. [METHODS ' '] PATH ['?' FIELDS] [' ' BODY]
 *
 *   METHODS  The methods: "POST", "GET,POST", "ANY". Default: GET, or POST if there is a BODY. GET includes HEAD. The
 *            host answers OPTIONS if no row does. Known methods: GET HEAD POST PUT PATCH DELETE OPTIONS QUERY, PROPFIND
 *            PROPPATCH MKCOL COPY MOVE LOCK UNLOCK REPORT. Any other word in capitals before a space is refused: it is
 *            reserved for future methods.
 *   PATH     The path below the mount, without its first slash, as text and values <CONVERTER:NAME>. "" or "/" is the
 *            mount itself, or the prefix of an included table. <NAME> means <str:NAME>. Two values must have text
 *            between them.
 *
 *            converter  matches                              type          argument
 *            int        digits, within int64                 ASGI_INT      int64_t
 *            float      digits, with or without a fraction   ASGI_DOUBLE   double
 *            str        text without a slash                 ASGI_STRING   const asgi_string *
 *            slug       ASCII letters, digits, - and _       ASGI_STRING   const asgi_string *
 *            uuid       a UUID of RFC 9562, in lower case    ASGI_UUID     const asgi_uuid *
 *            path       text, including slashes              ASGI_PATH     const asgi_subpath *
 *
 *            A value is never empty. A path with an invalid value, or one out of range, does not match. Strings are
 *            percent-decoded UTF-8.
 *   FIELDS   Fields of the query string, by name: <int:page=1>&<str:q>. The text after '=' is the default value; a
 *            field without one is required. In a field a number may be negative, a float may have an exponent
 *            (1.25e-7), a UUID may be in capitals, and str and path may be empty and contain slashes. An invalid field
 *            gets 422.
 *   BODY     What is collected as request->body, before the view is called:
 *
 *            body       the complete body
 *            form       a form, URL-encoded or multipart; optionally with FIELDS of it: form <str:author>&<str:text>
 *            json       JSON; optionally with FIELDS of its object: json <str:title>&<int:copies=1>
 *
 *            Without BODY the view receives the body itself, or collects it with asgi_views.collect. form and json
 *            cannot be combined with GET or ANY.
 *
 * The arguments have the order of the pattern. If several rows match a path, the first one that accepts the method is
 * called. If none accepts it, the client gets 405 with `allow`. A path that would match with a slash at its end is
 * redirected there.
 *
 * The text of a pattern must not contain a space, '?', '<', '>', '%' or '#'; a default value must not contain a space
 * or '&'.
 *
 * FIELDS. A field of the query string or of a form that is sent twice gets 422. An empty field counts as missing,
 * except for str and path. So does a JSON null. No converter accepts a JSON boolean. A body with the wrong content-type
 * gets 415. A body that is not a valid form or valid JSON gets 400, as does JSON that is not an object if the pattern
 * has FIELDS of it.
 *
 * LIMITS. A collected body above --limit-view-body (1 MiB by default) gets 413. More fields than --limit-form-fields
 * (1,000) or more JSON values than --limit-json-values (250,000) get 400.
 *
 * VIEWS run where `application` runs, and return what it returns. A view can answer at once; or it returns
 * ASGI_PENDING, and later ends the request with asgi_finish, on any thread. The request and its arguments are valid as
 * long as the scope. The scope may end while a thread of the module still works for it. Such a thread must not use the
 * request, whose memory may belong to another request by then. It keeps scope->id, and calls the functions of
 * asgi_views with it. They return ASGI_STALE (or NULL) for a scope that has ended, and for one that was not given to
 * asgi_views.call. */
#ifndef ASGI_URLS_H
#define ASGI_URLS_H

#include "asgi.h"
#include "asgi_json.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Arguments: these never grow ------------------------------------------------------------------------------- */

/* A UUID, in network byte order (RFC 9562). */
typedef struct asgi_uuid {
    uint8_t bytes[16];
} asgi_uuid;

/* The argument of a `path` value, which may contain slashes. A type of its own: a view that takes an asgi_string never
 * gets slashes from a path. */
typedef struct asgi_subpath {
    asgi_string text;
} asgi_subpath;

/* Kinds of arguments, one letter each. */
#define ASGI_KIND_INT 'i'
#define ASGI_KIND_DOUBLE 'd'
#define ASGI_KIND_STRING 's'
#define ASGI_KIND_UUID 'u'
#define ASGI_KIND_PATH 'p'

/* The maximum number of arguments after the request. */
#define ASGI_MAX_ARGUMENTS 8

/* An argument of any kind, for asgi_plain_view and asgi_reverse. */
typedef struct asgi_argument {
    uint32_t kind;     /* ASGI_KIND_INT, ... */
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

/* The request that a view answers. It belongs to the host, and is valid as long as its scope. Use it on one thread at a
 * time. */
typedef struct asgi_request {
    uint32_t size;
    uint32_t argument_count;
    const asgi_scope *scope;
    asgi_receive receive;           /* receive of the scope, to stream the request body                             */
    asgi_send send;                 /* send of the scope, to stream the response                                    */
    const asgi_views *views;        /* the host's functions for views                                               */
    const asgi_url *url;            /* the row; NULL in `refused` if no row matched                                 */
    const asgi_argument *arguments; /* the arguments of the view                                                    */
    asgi_string body;               /* the collected body; empty if it was not collected                            */
    size_t header_count;            /* number of pending header fields (asgi_add_header, asgi_set_cookie)           */
    void *context;                  /* `context` of the row                                                         */
} asgi_request;

/* A part of a multipart form. It belongs to the host, and is valid as long as the scope. Never grows. */
typedef struct asgi_part {
    asgi_string name;         /* as the client sent it: any characters but NUL                                       */
    asgi_string filename;     /* of a file, without folders; empty if no file was chosen                             */
    asgi_string content_type; /* as the client sent it; empty if it sent none                                        */
    asgi_string body;
    uint32_t flags;           /* ASGI_PART_FILE, or 0                                                                */
    uint32_t reserved;        /* 0                                                                                   */
} asgi_part;

/* Flags of a part. */
#define ASGI_PART_FILE 1u /* the part is a file, not a field                                                          */

/* Sources of fields, for asgi_views.fields. */
#define ASGI_QUERY_FIELDS 1u
#define ASGI_FORM_FIELDS 2u
#define ASGI_COOKIES 3u

/* Flags of a cookie. */
#define ASGI_COOKIE_NOT_HTTP_ONLY 1u   /* scripts can read the cookie: not HttpOnly (HttpOnly is the default)              */
#define ASGI_COOKIE_NOT_SECURE 2u     /* not Secure (the default is Secure if the scheme is https)                        */
#define ASGI_COOKIE_SAME_SITE_STRICT 4u    /* SameSite=Strict (the default is SameSite=Lax)                                    */
#define ASGI_COOKIE_SAME_SITE_NONE 8u /* SameSite=None; always Secure                                                    */

/* A cookie to set, for asgi_views.set_cookie. */
typedef struct asgi_cookie {
    uint32_t size;
    uint32_t flags;     /* ASGI_COOKIE_NOT_HTTP_ONLY, ...; 0 for the defaults                                              */
    asgi_string name;   /* a token (RFC 9110)                                                                        */
    asgi_string value;  /* printable ASCII without space, double quote, comma, semicolon and backslash               */
    asgi_string path;   /* empty: the mount of the application                                                       */
    asgi_string domain; /* empty: this host only                                                                     */
    int64_t max_age;    /* in seconds; below zero: until the browser is closed; 0: the cookie is deleted             */
} asgi_cookie;

/* Why the host refuses a request instead of calling a view. */
typedef struct asgi_refusal {
    uint32_t size;
    int32_t status;     /* 400, 404, 405, 413, 415 or 422                                                            */
    asgi_string allow;  /* with 405 the value of the header field `allow`; otherwise empty                           */
    asgi_string reason; /* a line of text; with 422 one for each field: "query field 'page': found 'x', ..."         */
} asgi_refusal;

/* ---- The table: "asgi.urls/1" of a module ---------------------------------------------------------------------- */

/* A view of any signature. */
typedef void (*asgi_view)(void);

/* A view that gets its arguments as an array, for languages that cannot export a function of any signature:
 * asgi_url.view of a row with ASGI_URL_PLAIN. */
typedef asgi_result (*asgi_plain_view)(asgi_request *request, const asgi_argument *arguments, size_t count);

/* Flags of a row. */
#define ASGI_URL_PLAIN 1u /* the view is an asgi_plain_view                                                           */

/* A row of a table. It belongs to the module, is constant, and valid for the life of the process. */
struct asgi_url {
    uint32_t size;
    uint32_t flags;          /* ASGI_URL_PLAIN, or 0                                                                  */
    asgi_string pattern;     /* see PATTERNS above                                                                    */
    asgi_string name;        /* for asgi_reverse; may be empty                                                        */
    asgi_string kinds;       /* the kinds of the view's arguments after the request, one letter each                  */
    asgi_string function;    /* the name of the function, for error messages; may be empty                            */
    asgi_view view;          /* [loop]; with ASGI_BLOCKING a thread of the pool                                       */
    void *context;           /* the module's own; the view finds it in request->context                               */
    const asgi_url *include; /* instead of a view: rows whose paths follow the pattern of this row, which must be a
                                path only; if this row has a name, theirs become "name:theirs"                        */
    size_t include_count;    /* number of these rows                                                                  */
    size_t include_stride;   /* distance between them in bytes; 0: as in this table                                   */
};

/* A table of rows. It belongs to the module, is constant, and valid for the life of the process. The module offers it
 * by asgi_module.extension, as "asgi.urls/1". */
typedef struct asgi_urls {
    uint32_t size;
    uint32_t stride;      /* distance between rows in bytes: sizeof(asgi_url)                                         */
    const asgi_url *rows;
    size_t count;         /* number of rows                                                                           */
    uint32_t flags;       /* ASGI_URLS_KEEP_SLASHES, or 0                                                             */
    uint32_t reserved;    /* 0                                                                                        */
    uint64_t body_limit;  /* maximum size of a collected body, in bytes (413 above it); 0: --limit-view-body          */

    /* Answers a request that the host refuses; may be NULL. Called like a view.
     *
     *   refusal  The reason; borrowed for the call. The header fields of the status (`allow`) are pending already.
     *
     * Returns what a view returns; ASGI_UNSUPPORTED to let the host answer. */
    asgi_result (*refused)(asgi_request *request, const asgi_refusal *refusal);
} asgi_urls;

/* Flags of a table. */
#define ASGI_URLS_KEEP_SLASHES 1u /* no redirect to a path with a slash at its end                                    */

/* ---- Functions of the host: "asgi.urls/1" of a host ------------------------------------------------------------ */

/* The functions of the host for views. Valid for the life of the process. Every function that takes an id returns
 * ASGI_STALE (or NULL) for a scope that has ended, and, except for reverse, for one that was not given to `call`. */
struct asgi_views {
    uint32_t size;
    uint32_t reserved; /* 0 */

    /* Calls the view that matches a request, or refuses the request. The module calls it in `application`, once for an
     * HTTP scope.
     *
     *   urls     The table that the module offers as "asgi.urls/1".
     *   scope    The argument of `application`. It must remain at its address as long as the scope.
     *   receive  The argument of `application`.
     *   send     The argument of `application`.
     *
     * Returns the result for `application` to return: that of the view or of asgi_urls.refused, or
     *   ASGI_PENDING  The body is being collected. The host calls the view later, and ends the scope with its result.
     *   ASGI_INVALID  The scope is not an HTTP scope, or was given to `call` before.
     *   ASGI_FAILED   `urls` is not the table that the module offers. */
    asgi_result (*call)(const asgi_urls *urls, const asgi_scope *scope, asgi_receive receive, asgi_send send);

    /* Writes the path of a row, by its name: with the mount, percent-encoded. [any]
     *
     *   id         The id of a scope of the application, also of the lifespan scope.
     *   name       The name of the row: "article", "shop:article". If several rows have it, the first one whose path
     *              takes arguments of these kinds is used.
     *   arguments  The arguments of the path, without those of FIELDS.
     *   count      Their number.
     *   text       Receives the path, at most `room` bytes of it, not NUL-terminated; may be NULL.
     *   room       The size of `text`, in bytes.
     *
     * Returns the size of the whole path in bytes, which may exceed `room`; or
     *   ASGI_INVALID  There is no such name, or an argument does not match its converter. The log has the reason.
     *   ASGI_STALE    The scope has ended. */
    int64_t (*reverse)(asgi_id id, const asgi_string *name, const asgi_argument *arguments, size_t count, char *text, size_t room);

    /* Collects the request body into request->body. [any] Not after a receive of the view's own: the parts that it got
     * would be missing, and after the last part the collection would wait until the client disconnects.
     *
     *   limit    The maximum size, in bytes; 0: that of the table, or of the host.
     *   then     Called if the result is ASGI_PENDING, with the result of the collection. NULL: a blocking thread waits
     *            in the call; an event loop gets ASGI_WOULD_BLOCK instead.
     *
     * Returns
     *   ASGI_DONE         request->body is complete, possibly since before.
     *   ASGI_PENDING      `then` follows.
     *   ASGI_FULL         The body is larger than `limit`. It is lost.
     *   ASGI_GONE         The client has disconnected.
     *   ASGI_BUSY         The body is being collected, or a receive is pending.
     *   ASGI_WOULD_BLOCK  The body is not collected yet, `then` is NULL, and the thread is an event loop.
     *
     * After ASGI_FULL or ASGI_GONE, further calls return the same result. */
    asgi_result (*collect)(asgi_id id, uint64_t limit, asgi_then then, void *context);

    /* Returns all fields of a source, decoded, in order. [any]
     *
     *   source   ASGI_QUERY_FIELDS, ASGI_FORM_FIELDS or ASGI_COOKIES.
     *   count    Receives the number of fields.
     *
     * Returns the fields, valid as long as the scope. NULL, with a count of 0, if there are none: also if the form was
     * not collected or is invalid, if there are more than --limit-form-fields, and if the scope has ended. */
    const asgi_header *(*fields)(asgi_id id, uint32_t source, size_t *count);

    /* Returns the parts of a collected multipart form, in order. [any] Results as in fields. */
    const asgi_part *(*parts)(asgi_id id, size_t *count);

    /* Adds a header field to the pending ones, which a reply sends. [any]
     *
     *   header   Copied. The name is lower-case.
     *
     * Returns
     *   ASGI_DONE     Added.
     *   ASGI_INVALID  The name or the value is invalid. The log has the reason.
     *   ASGI_FULL     64 header fields are pending. */
    asgi_result (*add_header)(asgi_id id, const asgi_header *header);

    /* Adds a `set-cookie` to the pending header fields. [any] Results as in add_header; ASGI_UNSUPPORTED for an unknown
     * flag. */
    asgi_result (*set_cookie)(asgi_id id, const asgi_cookie *cookie);

    /* Sends a complete response, with the pending header fields. [any]
     *
     *   content_type  The value of `content-type`; empty for none.
     *   body          The body; copied.
     *
     * Returns the results of send for ASGI_HTTP_RESPONSE and a NULL `then`; but ASGI_DONE instead of ASGI_PENDING and
     * of ASGI_GONE, since the view has nothing left to do. */
    asgi_result (*reply)(asgi_id id, int32_t status, const asgi_string *content_type, const asgi_string *body);

    /* Returns the collected body as JSON. [any] It is parsed once.
     *
     *   fault    Receives the reason if the result is NULL, valid as long as the scope; may be NULL.
     *
     * Returns the value, valid as long as the scope. NULL if the body is not valid JSON, has more values than
     * --limit-json-values, or was not collected. */
    const asgi_json *(*json)(asgi_id id, asgi_string *fault);

    /* Sends a value as JSON, as a complete response. [any] Results as in reply; ASGI_INVALID also if the value cannot
     * be written: nothing was sent, and the log has the reason. */
    asgi_result (*reply_json)(asgi_id id, int32_t status, const asgi_json *value);

    /* Sends a file as a complete response with status 200; for a GET or HEAD with a precondition or a range with 304, 206,
     * 412 or 416 (RFC 9110 sections 13 and 14), unless the view has added an `etag` or `last-modified` itself. [any]
     *
     *   folder        The folder of the file: neither `..` nor a link in `path` leads out of it. Empty: `path` must be
     *                 absolute, and is trusted.
     *   path          The path of a regular file.
     *   content_type  The value of `content-type`; empty to derive it from the extension of the file's name.
     *
     * Returns the results of reply, or
     *   ASGI_FAILED   There is no such regular file, or it is not readable. Nothing was sent.
     *   ASGI_INVALID  A response was sent before; or the file became unreadable during the call, and the response is
     *                 incomplete. */
    asgi_result (*reply_file)(asgi_id id, const asgi_string *folder, const asgi_string *path, const asgi_string *content_type);

    /* Allocates memory that is valid as long as the scope; the host frees it. [any]
     *
     *   size     In bytes.
     *
     * Returns the memory, aligned for every type, not zeroed. NULL if there is not enough memory, or the scope has
     * ended. */
    void *(*allocate)(asgi_id id, size_t size);

    /* Returns the pending header fields, for a response that the view sends with `send`: only replies send them by
     * themselves. [any] Results as in fields. */
    const asgi_header *(*headers)(asgi_id id, size_t *count);
};

/* ---- Convenience functions: nothing below is part of the contract ---------------------------------------------- */

/* Returns the functions of the host for views; NULL if this host does not have the extension. */
static inline const asgi_views *asgi_views_of(const asgi_scope *scope)
{
    static const asgi_string name = ASGI_STRING("asgi.urls/1");
    return (const asgi_views *)scope->host->extension(scope->id, &name);
}

/* Calls the view for a request: the complete `application` of a module with a table. Returns the result for
 * `application` to return. For other scopes that is ASGI_UNSUPPORTED: a module with a lifespan or WebSockets checks
 * scope->type before. */
static inline asgi_result asgi_call_urls(const asgi_urls *urls, const asgi_scope *scope, asgi_receive receive, asgi_send send)
{
    const asgi_views *views = asgi_views_of(scope);
    if (!views) {
        asgi_log(scope, ASGI_LOG_ERROR, "this host does not support asgi.urls/1");
        return ASGI_FAILED;
    }
    return scope->type == ASGI_HTTP ? views->call(urls, scope, receive, send) : ASGI_UNSUPPORTED;
}

/* Sends a complete response, with the pending header fields. `content_type`: "" for none. Returns the result for the
 * view to return: ASGI_DONE also if the client has disconnected. */
static inline asgi_result asgi_reply(asgi_request *request, int32_t status, const char *content_type, asgi_string body)
{
    asgi_string type;
    if (request->header_count == 0) return asgi_respond(request->scope, request->send, status, content_type, body);
    type = asgi_text(content_type);
    return request->views->reply(request->scope->id, status, &type, &body);
}

/* Sends a value as JSON, as a complete response. Returns the result for the view to return. A value that cannot be
 * written is an error, so that the client gets 500. */
static inline asgi_result asgi_reply_json(asgi_request *request, int32_t status, asgi_json value)
{
    return request->views->reply_json(request->scope->id, status, &value);
}

/* Returns the collected body as JSON, valid as long as the request; NULL if it is not valid JSON, or was not
 * collected. */
static inline const asgi_json *asgi_body_json(asgi_request *request)
{
    return request->views->json(request->scope->id, NULL);
}

/* Sends a file below a folder as a complete response; see asgi_views.reply_file. `folder` must not be empty. */
static inline asgi_result asgi_reply_file(asgi_request *request, const char *folder, asgi_string path, const char *content_type)
{
    asgi_string below = asgi_text(folder), type = asgi_text(content_type);
    if (!below.size) {
        asgi_log(request->scope, ASGI_LOG_ERROR, "asgi_reply_file: the folder is missing");
        return ASGI_INVALID;
    }
    return request->views->reply_file(request->scope->id, &below, &path, &type);
}

/* Adds a header field to the pending ones; see asgi_views.add_header. The name is lower-case. */
static inline asgi_result asgi_add_header(asgi_request *request, const char *name, asgi_string value)
{
    asgi_header header;
    header.name = asgi_text(name);
    header.value = value;
    return request->views->add_header(request->scope->id, &header);
}

/* Redirects the client: 302, 303 or 307, or permanently 301 or 308. Returns the result for the view to return. An empty
 * location, which asgi_reverse returns for an unknown name, is ASGI_INVALID, so that the client gets 500. */
static inline asgi_result asgi_redirect(asgi_request *request, int32_t status, asgi_string location)
{
    asgi_string none = {NULL, 0};
    asgi_result result;
    if (!location.size || status < 300 || status > 399) {
        asgi_log(request->scope, ASGI_LOG_ERROR, "asgi_redirect: the location is empty, or the status is not a redirection");
        return ASGI_INVALID;
    }
    result = asgi_add_header(request, "location", location);
    return result == ASGI_DONE ? request->views->reply(request->scope->id, status, &none, &none) : result;
}

/* Adds a cookie to the pending header fields: HttpOnly, SameSite=Lax, and Secure over https. `max_age`: in seconds;
 * below zero: until the browser is closed. See asgi_views.set_cookie. */
static inline asgi_result asgi_set_cookie(asgi_request *request, const char *name, asgi_string value, int64_t max_age)
{
    asgi_cookie cookie = {0, 0, {NULL, 0}, {NULL, 0}, {NULL, 0}, {NULL, 0}, 0};
    cookie.size = (uint32_t)sizeof cookie;
    cookie.name = asgi_text(name);
    cookie.value = value;
    cookie.max_age = max_age;
    return request->views->set_cookie(request->scope->id, &cookie);
}

/* Ends a request whose view returned ASGI_PENDING; see asgi_host.finish. */
static inline asgi_result asgi_finish(asgi_request *request, asgi_result result)
{
    return request->scope->host->finish(request->scope->id, result);
}

/* Return the value of the first field with this name, valid as long as the request; NULL if there is none. `source`:
 * ASGI_QUERY_FIELDS, ASGI_FORM_FIELDS or ASGI_COOKIES. */
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

/* Returns the first part of a multipart form with this name, such as a file; NULL if there is none. */
static inline const asgi_part *asgi_form_part(asgi_request *request, const char *name)
{
    size_t count, at;
    const asgi_part *parts = request->views->parts(request->scope->id, &count);
    for (at = 0; at < count; at++)
        if (asgi_equal(parts[at].name, name)) return &parts[at];
    return NULL;
}

/* Allocates memory that is valid as long as the request; see asgi_views.allocate. */
static inline void *asgi_allocate(asgi_request *request, size_t size)
{
    return request->views->allocate(request->scope->id, size);
}

/* Return an argument for asgi_reverse. Strings are borrowed. */
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

/* Returns the path of a row, by its name; valid as long as the request. Empty if there is no such name, or an argument
 * does not match its converter. See asgi_views.reverse. */
static inline asgi_string asgi_reverse(asgi_request *request, const char *name, const asgi_argument *arguments, size_t count)
{
    asgi_string text = asgi_text(name), path = {NULL, 0};
    int64_t size = request->views->reverse(request->scope->id, &text, arguments, count, NULL, 0);
    char *bytes = size > 0 ? (char *)asgi_allocate(request, (size_t)size) : NULL;
    if (!bytes) return path;
    /* Below zero if the scope has ended since the first call. */
    if (request->views->reverse(request->scope->id, &text, arguments, count, bytes, (size_t)size) != size) return path;
    path.data = bytes;
    path.size = (size_t)size;
    return path;
}

#ifdef __cplusplus
}
#endif

/* ---- Macros for tables ----------------------------------------------------------------------------------------- */

/* A row: ASGI_URL(pattern, view, name, types...). The types are those of the view's arguments after the request:
 * ASGI_INT, ASGI_DOUBLE, ASGI_STRING, ASGI_UUID or ASGI_PATH. */
#define ASGI_URL(...) \
    ASGI_URL_CALL_(ASGI_URL_NAME_(__VA_ARGS__, X, X, X, X, 8, 7, 6, 5, 4, 3, 2, 1, 0, X, X, _), (__VA_ARGS__))

/* A row that includes other rows: ASGI_INCLUDE(prefix, rows, name). Their patterns follow the prefix; their names
 * follow `name` and a colon, unless it is "". */
#define ASGI_INCLUDE(prefix, rows, name) \
    {(uint32_t)sizeof(asgi_url), 0, ASGI_STRING(prefix), ASGI_STRING(name), {NULL, 0}, {NULL, 0}, NULL, NULL, (rows),     \
     sizeof(rows) / sizeof *(rows), sizeof *(rows)}

/* An initializer for a table, from an array of rows: static const asgi_urls site = ASGI_URLS(urls); or with all fields
 * of asgi_urls. */
#define ASGI_URLS(rows) ASGI_URLS_WITH(rows, 0, 0, NULL)
#define ASGI_URLS_WITH(rows, flags, body_limit, refused) \
    {(uint32_t)sizeof(asgi_urls), (uint32_t)sizeof(asgi_url), (rows), sizeof(rows) / sizeof *(rows), (flags), 0, (body_limit), (refused)}

/* Defines the exports of a module: ASGI_APPLICATION(rows, name, version, settings, flags). Arguments after `rows` may
 * be omitted, and are empty then. */
#define ASGI_APPLICATION(...) ASGI_APPLICATION_(__VA_ARGS__, ASGI_APPLICATION_5_, ASGI_APPLICATION_4_, ASGI_APPLICATION_3_, ASGI_APPLICATION_2_, ASGI_APPLICATION_1_, _)(__VA_ARGS__)
#define ASGI_APPLICATION_(rows, name, version, settings, flags, macro, ...) macro
#define ASGI_APPLICATION_1_(rows) ASGI_APPLICATION_5_(rows, "", "", "", 0)
#define ASGI_APPLICATION_2_(rows, name) ASGI_APPLICATION_5_(rows, name, "", "", 0)
#define ASGI_APPLICATION_3_(rows, name, version) ASGI_APPLICATION_5_(rows, name, version, "", 0)
#define ASGI_APPLICATION_4_(rows, name, version, settings) ASGI_APPLICATION_5_(rows, name, version, settings, 0)
#define ASGI_APPLICATION_5_(rows, name, version, settings, flags)                                                         \
    static const asgi_urls asgi_application_urls = ASGI_URLS(rows);                                                       \
    ASGI_APPLICATION_OF(asgi_application_urls, name, version, settings, flags)

/* The same for an existing table:
 *
 *     static const asgi_urls site = ASGI_URLS_WITH(...);
 *     ASGI_APPLICATION_OF(site, "site", "1.0", "", 0)
 */
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

/* Exports with C linkage, also inside a C++ namespace. */
#ifdef __cplusplus
#define ASGI_EXPORTED_ extern "C" ASGI_EXPORT
#else
#define ASGI_EXPORTED_ ASGI_EXPORT
#endif

/* The C type of an argument, and the letter of its kind. */
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

/* The compiler's check: a function of another type than the row has does not compile. */
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
/* Too few or too many arguments of ASGI_URL: this name appears in the compiler's error message. */
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
