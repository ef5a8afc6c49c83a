/* Transactions and the queue of asgi_pq.h, with a pool of one connection. Each path runs a script, and responds with the
 * result of each step. SPDX-License-Identifier: Apache-2.0 */
#include <asgi_pq.h>

static asgi_pq_pool *pool;
static unsigned started, completed; /* calls of the pool; the tests have one event loop */

typedef struct work {
    const asgi_host *host;
    asgi_id id;
    asgi_send send;
    asgi_receive receive;
    const char *const *step; /* of the script */
    asgi_pq_transaction transaction;
    unsigned pending; /* completions that will follow */
    int is_over;
    char text[2048];
} work;

static const char insert[] = "INSERT INTO marks (text) VALUES ('mark')";
static const char *const committed[] = {"begin", insert, "commit", "answer", NULL};
static const char *const rolled_back[] = {"begin", insert, "rollback", "answer", NULL};
static const char *const failed[] = {"begin", insert, "SELECT * FROM missing", "commit", "answer", NULL};
static const char *const stale[] = {"begin", "commit", insert, "rollback", "answer", NULL};
static const char *const killed[] = {"begin", insert, "SELECT pg_terminate_backend(pg_backend_pid())", insert, "answer", NULL};
static const char *const copied[] = {"begin", "COPY marks TO STDOUT", "answer", NULL};
static const char *const left_open[] = {"begin", insert, "answer", NULL};
static const char *const abandoned[] = {"begin", insert, "later SELECT pg_advisory_xact_lock(1)", "answer", NULL};
static const char *const held[] = {"begin", insert, "hold", NULL};

static const char *name_of(asgi_result result)
{
    static const char *const names[] = {"DONE", "STALE", "GONE", "CANCELLED", "INVALID",
                                        "UNSUPPORTED", "BUSY", "FULL", "WOULD_BLOCK", "FAILED"};
    return result == ASGI_PENDING ? "PENDING" : names[-result];
}

static void note(work *w, const char *what)
{
    size_t size = strlen(w->text);
    snprintf(w->text + size, sizeof w->text - size, "%s ", what);
}

static void answer(work *w, uint32_t flags)
{
    asgi_event start = asgi_event_of(ASGI_HTTP_RESPONSE_START), body = asgi_event_of(ASGI_HTTP_RESPONSE_BODY);
    start.status = 200;
    body.body = asgi_text(w->text);
    body.flags = flags;
    w->send(w->id, &start, NULL, NULL);
    w->send(w->id, &body, NULL, NULL);
}

static void end(work *w, asgi_result result)
{
    w->is_over = 1;
    w->host->finish(w->id, result);
}

/* Frees the work after its last completion. */
static void leave(work *w)
{
    if (!--w->pending && w->is_over) free(w);
}

static void go_on(work *w);

static void begun(void *context, asgi_id id, asgi_result result, asgi_pq_transaction transaction, const char *error)
{
    work *w = (work *)context;
    (void)id;
    (void)error;
    completed++;
    note(w, name_of(result));
    w->transaction = transaction;
    go_on(w);
    leave(w);
}

static void executed(void *context, asgi_id id, asgi_result result, const PGresult *rows, const char *error)
{
    work *w = (work *)context;
    const char *state = PQresultErrorField(rows, PG_DIAG_SQLSTATE);
    (void)id;
    completed++;
    note(w, name_of(result));
    if (state) note(w, state);
    if ((result == ASGI_DONE) != (error == NULL)) note(w, "unexpected error text");
    go_on(w);
    leave(w);
}

static void completed_later(void *context, asgi_id id, asgi_result result, const PGresult *rows, const char *error)
{
    (void)id;
    (void)result;
    (void)rows;
    (void)error;
    completed++;
    leave((work *)context);
}

static void disconnected(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    work *w = (work *)context;
    asgi_event next = asgi_event_of(0);
    (void)id;
    if (result == ASGI_DONE && event->type == ASGI_HTTP_REQUEST) result = w->receive(w->id, &next, disconnected, w);
    if (result == ASGI_PENDING) return;
    if (!w->is_over) end(w, ASGI_GONE); /* without a rollback: the pool must do it */
    leave(w);
}

static asgi_result run_step(work *w, const char *step)
{
    if (!strcmp(step, "begin")) return asgi_pq_begin(pool, w->id, begun, w);
    if (!strcmp(step, "commit")) return asgi_pq_commit(pool, w->transaction, executed, w);
    if (!strcmp(step, "rollback")) return asgi_pq_rollback(pool, w->transaction, executed, w);
    if (!strncmp(step, "later ", 6)) return asgi_pq_query_on(pool, w->transaction, step + 6, NULL, 0, completed_later, w);
    return asgi_pq_query_on(pool, w->transaction, step, NULL, 0, executed, w);
}

static void hold(work *w)
{
    asgi_event event = asgi_event_of(0);
    asgi_result result;
    answer(w, ASGI_MORE);
    while ((result = w->receive(w->id, &event, disconnected, w)) == ASGI_DONE && event.type == ASGI_HTTP_REQUEST) continue;
    if (result == ASGI_PENDING) w->pending++;
    else end(w, ASGI_GONE);
}

/* Runs the script until a step is pending. The caller counts as a completion, so the work is not freed here. */
static void go_on(work *w)
{
    while (!w->is_over && *w->step) {
        const char *step = *w->step++;
        asgi_result result;
        if (!strcmp(step, "hold")) {
            hold(w);
            return;
        }
        if (!strcmp(step, "answer")) {
            answer(w, 0);
            end(w, ASGI_DONE);
            return;
        }
        result = run_step(w, step);
        if (result == ASGI_PENDING) {
            started++;
            w->pending++;
            if (strncmp(step, "later ", 6)) return;
        } else {
            note(w, name_of(result));
        }
    }
}

/* ---- The queue --------------------------------------------------------------------------------------------------- */

static void in_order(void *context, asgi_id id, asgi_result result, const PGresult *rows, const char *error)
{
    work *w = (work *)context;
    (void)id;
    (void)error;
    completed++;
    note(w, result == ASGI_DONE ? PQgetvalue(rows, 0, 0) : name_of(result));
    if (w->pending == 1 && !w->is_over) {
        answer(w, 0);
        end(w, ASGI_DONE);
    }
    leave(w);
}

/* Starts twelve queries at once, of which at most nine can wait for a connection. */
static void many(work *w)
{
    char number[12];
    const char *parameters[] = {number};
    int at;
    for (at = 0; at < 12; at++) {
        asgi_result result;
        snprintf(number, sizeof number, "%d", at);
        result = asgi_pq_query(pool, w->id, "SELECT $1::text", parameters, 1, in_order, w);
        if (result != ASGI_PENDING) note(w, name_of(result));
        else started++, w->pending++;
    }
}

/* ---- Requests ---------------------------------------------------------------------------------------------------- */

static asgi_result begin(const asgi_scope *scope, asgi_receive receive, asgi_send send, const char *const *script)
{
    work *w = (work *)calloc(1, sizeof *w);
    if (!w) return ASGI_FAILED;
    w->host = scope->host;
    w->id = scope->id;
    w->send = send;
    w->receive = receive;
    w->step = script;
    w->pending = 1; /* this call */
    if (script) go_on(w);
    else many(w);
    leave(w);
    return ASGI_PENDING;
}

static void counted(void *context, asgi_id id, asgi_result result, const PGresult *rows, const char *error)
{
    work *w = (work *)context;
    (void)id;
    completed++;
    snprintf(w->text, sizeof w->text, "marks=%s started=%u completed=%u", result == ASGI_DONE ? PQgetvalue(rows, 0, 0) : error, started,
             completed);
    answer(w, 0);
    end(w, ASGI_DONE);
    leave(w);
}

static asgi_result count(const asgi_scope *scope, asgi_send send)
{
    work *w = (work *)calloc(1, sizeof *w);
    if (!w) return ASGI_FAILED;
    w->host = scope->host;
    w->id = scope->id;
    w->send = send;
    w->pending = 1;
    started++;
    return asgi_pq_query(pool, scope->id, "SELECT count(*) FROM marks", NULL, 0, counted, w);
}

static asgi_result lifespan(const asgi_scope *scope, asgi_receive receive, asgi_send send)
{
    asgi_event event = asgi_event_of(0), done = asgi_event_of(ASGI_LIFESPAN_STARTUP_COMPLETE);
    char fault[512];
    receive(scope->id, &event, NULL, NULL);
    pool = asgi_pq_open(scope, "default", 1, fault, sizeof fault);
    if (!pool || asgi_pq_run(scope, "default", "DROP TABLE IF EXISTS marks; CREATE TABLE marks (text text)", fault, sizeof fault) != ASGI_DONE) {
        asgi_pq_close(pool);
        done.type = ASGI_LIFESPAN_STARTUP_FAILED;
        done.text = asgi_text(fault);
        return send(scope->id, &done, NULL, NULL);
    }
    asgi_pq_limit(pool, 9, 2000000);
    send(scope->id, &done, NULL, NULL);
    receive(scope->id, &event, NULL, NULL);
    asgi_pq_close(pool);
    done.type = ASGI_LIFESPAN_SHUTDOWN_COMPLETE;
    return send(scope->id, &done, NULL, NULL);
}

asgi_result application(const asgi_scope *scope, asgi_receive receive, asgi_send send)
{
    static const struct {
        const char *path;
        const char *const *script;
    } scripts[] = {{"/committed", committed}, {"/rolled-back", rolled_back}, {"/failed", failed}, {"/stale", stale},
                   {"/killed", killed},       {"/copied", copied},           {"/left-open", left_open},
                   {"/abandoned", abandoned}, {"/held", held},               {"/many", NULL}};
    asgi_string path = asgi_path(scope);
    size_t at;
    if (scope->type == ASGI_LIFESPAN) return lifespan(scope, receive, send);
    if (scope->type != ASGI_HTTP) return ASGI_UNSUPPORTED;
    if (asgi_equal(path, "/count")) return count(scope, send);
    for (at = 0; at < sizeof scripts / sizeof *scripts; at++)
        if (asgi_equal(path, scripts[at].path)) return begin(scope, receive, send, scripts[at].script);
    return asgi_respond(scope, send, 404, "text/plain", asgi_text("no such script"));
}
