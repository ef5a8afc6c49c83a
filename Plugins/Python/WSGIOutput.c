/* WSGIOutput.c: complete responses and ends of WSGI requests, on their way to the loop thread.
 *
 * The loop thread gives all queued ones to the host at once, without the GIL. A send from the application's own thread
 * would cost a call to the loop for the response, and another for its end. */
#include "WSGIOutput.h"
#include "Lent.h"
#include "Turn.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/* Protected by the lock. */
static struct wsgi_call *first, *last;
static bool posted; /* the loop thread is told */

struct wsgi_answer *wsgi_answer_new(const struct head *head, PyObject *body)
{
    struct wsgi_answer *answer;
    size_t fields = head->count * sizeof *head->fields, size = 0, at;
    char *data = NULL, *bytes;
    bool lends;
    if (body) {
        Py_ssize_t length;
        if (PyBytes_AsStringAndSize(body, &data, &length) < 0) return NULL;
        size = (size_t)length;
    }
    lends = body && lent_is_worthwhile(body, size);
    answer = malloc(sizeof *answer + fields + head->size + (lends ? 0 : size));
    if (!answer) {
        PyErr_NoMemory();
        return NULL;
    }
    answer->status = head->status;
    answer->fields = (asgi_header *)(answer + 1);
    answer->count = head->count;
    bytes = (char *)answer->fields + fields;
    memcpy(answer->fields, head->fields, fields);
    if (head->size) memcpy(bytes, head->bytes, head->size);
    for (at = 0; at < head->count; at++) {
        answer->fields[at].name.data = bytes + (head->fields[at].name.data - head->bytes);
        answer->fields[at].value.data = bytes + (head->fields[at].value.data - head->bytes);
    }
    answer->lent = lends ? Py_NewRef(body) : NULL;
    answer->body = (asgi_string){lends ? data : bytes + head->size, size};
    if (size && !lends) memcpy(bytes + head->size, data, size);
    return answer;
}

/* Gives an answer to the host, and frees it. On the loop thread. */
static void send_answer(struct wsgi_call *call, struct wsgi_answer *answer)
{
    asgi_event event = asgi_event_of(ASGI_HTTP_RESPONSE);
    asgi_result result;
    event.status = answer->status;
    event.headers = answer->fields;
    event.header_count = answer->count;
    event.body = answer->body;
    if (answer->lent) lend_bytes(&event, answer->lent);
    result = call->send(call->scope.id, &event, NULL, NULL);
    if (result < 0 && answer->lent) lent_return(answer->lent);
    if (result == ASGI_INVALID) call->is_refused = true;
    free(answer);
}

/* The posted completion: gives all queued answers and ends to the host. On the loop thread, without the GIL. */
static void flush(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    struct wsgi_call *call, *next;
    (void)context, (void)id, (void)result, (void)event;
    pthread_mutex_lock(&lock);
    call = first;
    first = last = NULL;
    posted = false;
    pthread_mutex_unlock(&lock);
    for (; call; call = next) {
        struct wsgi_answer *answer;
        asgi_result end;
        bool finished;
        pthread_mutex_lock(&lock);
        next = call->next;
        call->is_queued = false;
        answer = call->answer;
        call->answer = NULL;
        finished = call->is_finished;
        end = call->result;
        pthread_mutex_unlock(&lock);
        /* From here on the application's thread may queue the call again, unless it has finished. */
        if (answer) send_answer(call, answer);
        if (!finished) continue;
        host->finish(call->scope.id, call->is_refused ? ASGI_FAILED : end);
        wsgi_call_free(call);
    }
}

/* Queues a call unless it is queued. Under the lock. Returns whether the loop thread must be told. */
static bool put(struct wsgi_call *call)
{
    bool tell = !posted;
    if (!call->is_queued) {
        call->is_queued = true;
        call->next = NULL;
        if (last) last->next = call;
        else
            first = call;
        last = call;
    }
    posted = true;
    return tell;
}

static void tell_loop(void)
{
    if (host->post(turn_anchored(), flush, NULL) == ASGI_PENDING) return;
    /* No application serves any more: the host has ended all scopes. */
    pthread_mutex_lock(&lock);
    posted = false;
    pthread_mutex_unlock(&lock);
}

void wsgi_output_answer(struct wsgi_call *call)
{
    bool tell;
    pthread_mutex_lock(&lock);
    tell = call->answer && put(call);
    pthread_mutex_unlock(&lock);
    if (tell) tell_loop();
}

void wsgi_output_finish(struct wsgi_call *call, asgi_result result)
{
    bool tell;
    pthread_mutex_lock(&lock);
    call->is_finished = true;
    call->result = result;
    tell = put(call);
    pthread_mutex_unlock(&lock);
    if (tell) tell_loop();
}
