/* Notes: a REST API with JSON, on SQLite or PostgreSQL. SPDX-License-Identifier: Apache-2.0
 *
 * The views start an operation of the store and return ASGI_PENDING; `answer` ends the request. */
#include "Store.h"
#include <stdio.h>
#include <string.h>

enum {
    text_limit = 10000, /* bytes of a note */
    list_limit = 1000
};

/* ---- Responses --------------------------------------------------------------------------------------------------- */

static asgi_result fail(asgi_request *request, int32_t status, asgi_string reason)
{
    const asgi_json members[] = {asgi_json_string("error", reason)};
    if (status == 503) asgi_add_header(request, "retry-after", asgi_text("1"));
    return asgi_reply_json(request, status, asgi_json_object("", members, 1));
}

/* Calls of the host are refused with a reason: 404, 405, 413, 415, 422. */
static asgi_result refused(asgi_request *request, const asgi_refusal *refusal)
{
    return fail(request, refusal->status, refusal->reason);
}

enum { MEMBERS = 3 };

static asgi_json object_of(const note *n, asgi_json members[MEMBERS])
{
    members[0] = asgi_json_integer("id", n->id);
    members[1] = asgi_json_string("text", n->text);
    members[2] = asgi_json_string("created", n->created);
    return asgi_json_object("", members, MEMBERS);
}

static asgi_result reply_list(task *t)
{
    size_t at, count = t->count;
    asgi_json *items = (asgi_json *)asgi_allocate(t->request, (count + 1) * (MEMBERS + 1) * sizeof *items);
    asgi_json *members = items ? items + count : NULL;
    if (!items) return ASGI_FAILED;
    for (at = 0; at < count; at++) items[at] = object_of(&t->notes[at], members + MEMBERS * at);
    return asgi_reply_json(t->request, 200, asgi_json_array("", items, count));
}

static asgi_result reply_one(task *t)
{
    asgi_json members[MEMBERS];
    asgi_argument id = asgi_int_argument(t->id);
    asgi_string none = {NULL, 0};
    if (!t->count) return fail(t->request, 404, asgi_text("There is no such note."));
    if (t->operation == REMOVE_NOTE) return asgi_reply(t->request, 204, "", none);
    if (t->operation == ADD_NOTE) {
        id = asgi_int_argument(t->notes[0].id);
        asgi_add_header(t->request, "location", asgi_reverse(t->request, "note", &id, 1));
    }
    return asgi_reply_json(t->request, t->operation == ADD_NOTE ? 201 : 200, object_of(&t->notes[0], members));
}

static asgi_result reply(task *t)
{
    switch (t->result) {
    case ASGI_DONE: return t->operation == LIST_NOTES ? reply_list(t) : reply_one(t);
    case ASGI_FULL: return fail(t->request, 503, asgi_text("The database is not available. Try again later."));
    case ASGI_FAILED:
        return fail(t->request, 503, asgi_text("The connection to the database was lost. It is unknown whether the request was executed."));
    default:
        asgi_log(t->request->scope, ASGI_LOG_ERROR, t->error);
        return fail(t->request, 500, asgi_text("Internal Server Error"));
    }
}

static void answer(task *t)
{
    if (t->result == ASGI_CANCELLED) return; /* the request has ended */
    asgi_finish(t->request, reply(t));
}

/* ---- Views ------------------------------------------------------------------------------------------------------- */

static asgi_result start(asgi_request *request, operation operation, int64_t id, int64_t limit, asgi_string text)
{
    task *t = (task *)asgi_allocate(request, sizeof *t);
    asgi_result result;
    if (!t) return ASGI_FAILED;
    memset(t, 0, sizeof *t);
    t->request = request;
    t->store = (store *)request->scope->state;
    t->operation = operation;
    t->id = id;
    t->limit = limit;
    t->text = text;
    result = t->store->start(t->store, t);
    return result == ASGI_FULL ? fail(request, 503, asgi_text("Too many requests wait for the database. Try again later.")) : result;
}

static asgi_result list(asgi_request *request, int64_t after, int64_t limit)
{
    asgi_string none = {NULL, 0};
    if (limit < 1 || limit > list_limit) return fail(request, 422, asgi_text("query field 'limit': expected 1 to 1000"));
    return start(request, LIST_NOTES, after, limit, none);
}

static asgi_result add(asgi_request *request, const asgi_string *text)
{
    if (!text->size || text->size > text_limit) return fail(request, 422, asgi_text("json field 'text': expected 1 to 10000 bytes"));
    if (memchr(text->data, 0, text->size)) return fail(request, 422, asgi_text("json field 'text': contains a NUL character"));
    return start(request, ADD_NOTE, 0, 0, *text);
}

static asgi_result find(asgi_request *request, int64_t id)
{
    asgi_string none = {NULL, 0};
    return start(request, FIND_NOTE, id, 0, none);
}

static asgi_result delete_note(asgi_request *request, int64_t id)
{
    asgi_string none = {NULL, 0};
    return start(request, REMOVE_NOTE, id, 0, none);
}

static const asgi_url urls[] = {
    ASGI_URL("notes?<int:after=0>&<int:limit=100>", list, "notes", ASGI_INT, ASGI_INT),
    ASGI_URL("notes json <str:text>", add, "", ASGI_STRING),
    ASGI_URL("notes/<int:id>", find, "note", ASGI_INT),
    ASGI_URL("DELETE notes/<int:id>", delete_note, "", ASGI_INT),
};
static const asgi_urls site = ASGI_URLS_WITH(urls, 0, 128 << 10, refused);

/* ---- Lifespan ---------------------------------------------------------------------------------------------------- */

static store *open_store(const asgi_scope *scope, char *fault, size_t room)
{
    asgi_string engine = asgi_setting(scope, "roost.databases.default.engine", "sqlite");
    store *s = NULL;
    if (asgi_equal(engine, "sqlite")) s = sqlite_open(scope, fault, room);
    else if (asgi_equal(engine, "postgresql")) s = postgres_open(scope, fault, room);
    else snprintf(fault, room, "unknown engine '%.*s'; expected sqlite or postgresql", (int)engine.size, engine.data);
    if (s) s->then = answer;
    return s;
}

static asgi_result lifespan(const asgi_scope *scope, asgi_receive receive, asgi_send send)
{
    asgi_event event = asgi_event_of(0), answer_event = asgi_event_of(ASGI_LIFESPAN_STARTUP_COMPLETE);
    char fault[1024] = "";
    store *s;
    asgi_result result = receive(scope->id, &event, NULL, NULL);
    if (result != ASGI_DONE) return result;
    s = open_store(scope, fault, sizeof fault);
    answer_event.state = s;
    if (!s) {
        answer_event.type = ASGI_LIFESPAN_STARTUP_FAILED;
        answer_event.text = asgi_text(fault);
    }
    result = send(scope->id, &answer_event, NULL, NULL);
    if (!s) return result;
    if (result == ASGI_DONE) result = receive(scope->id, &event, NULL, NULL);
    s->close(s);
    answer_event = asgi_event_of(ASGI_LIFESPAN_SHUTDOWN_COMPLETE);
    return result == ASGI_DONE ? send(scope->id, &answer_event, NULL, NULL) : result;
}

asgi_result application(const asgi_scope *scope, asgi_receive receive, asgi_send send)
{
    if (scope->type == ASGI_LIFESPAN) return lifespan(scope, receive, send);
    return asgi_call_urls(&site, scope, receive, send);
}

static const void *offer(const asgi_string *name) { return asgi_equal(*name, "asgi.urls/1") ? &site : NULL; }

const asgi_module *asgi_module_info(void)
{
    static const asgi_module module = {sizeof module,         ASGI_ABI,           ASGI_DRAFT,      0,
                                       ASGI_STRING("notes"), ASGI_STRING("1.0"), ASGI_STRING(""), offer};
    return &module;
}
