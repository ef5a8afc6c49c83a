/* The functions for views, called when and where few do. */
#include <asgi_urls.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static asgi_result say(asgi_request *request, const char *format, int a, int b, int c)
{
    char *text = asgi_allocate(request, 100);
    asgi_string body = {text, 0};
    body.size = (size_t)snprintf(text, 100, format, a, b, c);
    return asgi_reply(request, 200, "text/plain", body);
}

/* For a collection that is to be over at once. */
static void never(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    (void)context, (void)id, (void)result, (void)event;
    abort();
}

static asgi_result collect_at_once(asgi_request *request, uint64_t limit)
{
    return request->views->collect(request->scope->id, limit, never, NULL);
}

/* Collects, and calls `then` whether it had to wait or not: the body may have come with the head. */
static asgi_result collect(asgi_request *request, uint64_t limit, asgi_then then)
{
    asgi_result result = request->views->collect(request->scope->id, limit, then, request);
    if (result != ASGI_PENDING) then(request, request->scope->id, result, NULL);
    return ASGI_PENDING;
}

static void collected(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    asgi_request *request = context;
    (void)id, (void)event;
    if (result == ASGI_CANCELLED) return;
    asgi_finish(request, say(request, "%d %d %d", result, collect_at_once(request, 100), (int)request->body.size));
}

static asgi_result twice(asgi_request *request) { return collect(request, 10, collected); }

/* The second finds the first under way. */
static int second;

static void collected_one(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    asgi_request *request = context;
    (void)id, (void)event;
    if (result != ASGI_CANCELLED) asgi_finish(request, say(request, "%d %d %d", result, second, (int)request->body.size));
}

static asgi_result busy(asgi_request *request)
{
    asgi_result first = request->views->collect(request->scope->id, 100, collected_one, request);
    second = collect_at_once(request, 100);
    return first;
}

static void collected_form(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    asgi_request *request = context;
    (void)id, (void)event;
    if (result != ASGI_CANCELLED) asgi_finish(request, say(request, "%d %d", result, asgi_form(request, "a") != NULL, 0));
}

static asgi_result form(asgi_request *request)
{
    return asgi_form(request, "a") ? ASGI_FAILED : collect(request, 0, collected_form);
}

/* A number that is no result. */
static asgi_result odd(asgi_request *request)
{
    say(request, "odd", 0, 0, 0);
    return 200;
}

/* Files that the kernel makes up are not all there. */
static asgi_result made_up(asgi_request *request)
{
    asgi_string path = asgi_text("/sys/kernel/mm/transparent_hugepage/enabled"), none = {NULL, 0};
    return say(request, "%d", request->views->reply_file(request->scope->id, &none, &path, &none), 0, 0);
}

/* No folder is none, not all of them. */
static asgi_result no_folder(asgi_request *request)
{
    asgi_string path = asgi_text("/etc/passwd"), none = {NULL, 0}, here = asgi_text("etc/passwd");
    return say(request, "%d %d %d", asgi_reply_file(request, NULL, path, ""), asgi_reply_file(request, "", path, ""),
               request->views->reply_file(request->scope->id, &none, &here, &none));
}

static asgi_result nowhere(asgi_request *request)
{
    const asgi_argument arguments[] = {asgi_int_argument(1)};
    return asgi_redirect(request, 303, asgi_reverse(request, "nothing", arguments, 1));
}

/* A response that the view sends itself, with the headers that wait. */
static asgi_result streamed(asgi_request *request)
{
    asgi_event event = asgi_event_of(ASGI_HTTP_RESPONSE);
    if (asgi_set_cookie(request, "a", asgi_text("b"), -1) || asgi_add_header(request, "x-own", asgi_text("c"))) return ASGI_FAILED;
    event.status = 200;
    event.headers = request->views->headers(request->scope->id, &event.header_count);
    return request->send(request->scope->id, &event, NULL, NULL);
}

/* Flags of a later header are not ignored. */
static asgi_result flags(asgi_request *request)
{
    asgi_cookie cookie = {sizeof cookie, 1u << 16, asgi_text("a"), asgi_text("b"), {NULL, 0}, {NULL, 0}, -1};
    return say(request, "%d", request->views->set_cookie(request->scope->id, &cookie), 0, 0);
}

/* What is reserved is zero, and a float comes back as it went. */
static asgi_result number(asgi_request *request, double given)
{
    asgi_argument arguments[] = {asgi_double_argument(given)};
    asgi_string path = asgi_reverse(request, "number", arguments, 1);
    arguments[0].kind |= 1u << 16;
    if (request->arguments[0].reserved || asgi_reverse(request, "number", arguments, 1).size) return ASGI_FAILED;
    return asgi_reply(request, 200, "", path);
}

static const asgi_urls table;

static asgi_result again(asgi_request *request)
{
    return say(request, "%d", request->views->call(&table, request->scope, request->receive, request->send), 0, 0);
}

/* A view on a thread of its own that ends its scope and works on: how busy the scope's loop is meanwhile, in hundredths. */
static clockid_t loop;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t isSaid = PTHREAD_COND_INITIALIZER;
static int share = -1;

static int64_t nanoseconds(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static asgi_result outlive(asgi_request *request)
{
    const struct timespec pause = {0, 200000000};
    int64_t busy, whole;
    asgi_finish(request, say(request, "first", 0, 0, 0));
    busy = nanoseconds(loop), whole = nanoseconds(CLOCK_MONOTONIC);
    nanosleep(&pause, NULL);
    busy = nanoseconds(loop) - busy, whole = nanoseconds(CLOCK_MONOTONIC) - whole;
    /* Nobody else has its memory yet. */
    pthread_mutex_lock(&lock);
    share = request->url && asgi_equal(request->url->name, "outlive") ? (int)(busy * 100 / whole) : 1000;
    pthread_cond_signal(&isSaid);
    pthread_mutex_unlock(&lock);
    return ASGI_DONE;
}

/* Waits until it is said, so that nobody has to ask the loop again and again. */
static void tell(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    asgi_request *request = context;
    int said;
    (void)id, (void)result, (void)event;
    pthread_mutex_lock(&lock);
    while (share < 0) pthread_cond_wait(&isSaid, &lock);
    said = share;
    share = -1;
    pthread_mutex_unlock(&lock);
    asgi_finish(request, say(request, "%d", said, 0, 0));
}

static asgi_result outlived(asgi_request *request)
{
    return request->scope->host->spawn(request->scope->id, tell, request);
}

static const asgi_url rows[] = {
    ASGI_URL("POST twice", twice, ""), ASGI_URL("POST busy", busy, ""), ASGI_URL("POST form", form, ""),
    ASGI_URL("odd body", odd, ""),     ASGI_URL("made-up", made_up, ""), ASGI_URL("again", again, ""),
    ASGI_URL("no-folder", no_folder, ""), ASGI_URL("nowhere", nowhere, ""), ASGI_URL("streamed", streamed, ""),
    ASGI_URL("flags", flags, ""), ASGI_URL("number/<float:given>", number, "number", ASGI_DOUBLE),
    ASGI_URL("outlive", outlive, "outlive"), ASGI_URL("outlived", outlived, ""),
};
static const asgi_urls table = ASGI_URLS(rows);

struct call {
    const asgi_scope *scope;
    asgi_receive receive;
    asgi_send send;
};

static void *call(void *context)
{
    struct call call = *(struct call *)context;
    free(context);
    asgi_call_urls(&table, call.scope, call.receive, call.send);
    return NULL;
}

static const void *extension(const asgi_string *name) { return asgi_equal(*name, "asgi.urls/1") ? &table : NULL; }

const asgi_module *asgi_module_info(void)
{
    static const asgi_module module = {sizeof(asgi_module), ASGI_ABI, ASGI_DRAFT, 0, ASGI_STRING("usage"), ASGI_STRING("1.0"),
                                       ASGI_STRING(""), extension};
    return &module;
}

asgi_result application(const asgi_scope *scope, asgi_receive receive, asgi_send send)
{
    struct call *own;
    pthread_t thread;
    if (scope->type != ASGI_HTTP || !asgi_equal(asgi_path(scope), "/outlive"))
        return asgi_call_urls(&table, scope, receive, send);
    if (pthread_getcpuclockid(pthread_self(), &loop) || !(own = malloc(sizeof *own))) return ASGI_FAILED;
    own->scope = scope, own->receive = receive, own->send = send;
    if (pthread_create(&thread, NULL, call, own)) return ASGI_FAILED;
    pthread_detach(thread);
    return ASGI_PENDING;
}
