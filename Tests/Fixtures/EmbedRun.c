/* A C program that serves on its own thread with modules that are a part of it. A second thread is its client. It
 * prints where the module runs, the signals of the threads, and the errors of refused calls.
 * SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <asgi.h>
#include <pthread.h>
#include <roost.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static pthread_t main_thread, client;
static roost_host *served;
static int starts, calls; /* shared with the module, since no second image of it is loaded */

/* Describes the calling thread: whether it is the main thread, and whether its mask is that of the main thread. */
static const char *describe_thread(void)
{
    static __thread char text[100];
    sigset_t mask;
    int number, blocked = 0;
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    for (number = 1; number < 32; number++) blocked += sigismember(&mask, number) && number != SIGUSR1;
    snprintf(text, sizeof text, "%s thread, SIGUSR1 %s, %d others blocked", pthread_equal(pthread_self(), main_thread) ? "main" : "other",
             sigismember(&mask, SIGUSR1) ? "blocked" : "open", blocked);
    return text;
}

/* Returns what a program inherits from this thread for SIGPIPE. */
static const char *describe_child(void)
{
    unsigned long long ignored = 0;
    FILE *output = popen("grep SigIgn /proc/self/status", "r");
    int found = output && fscanf(output, "SigIgn: %llx", &ignored) == 1;
    if (output) pclose(output);
    return !found ? "unknown" : ignored >> (SIGPIPE - 1) & 1 ? "ignored" : "default";
}

static void answer_job(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    const asgi_host *host = (const asgi_host *)((void **)context)[0];
    asgi_send send = (asgi_send)((void **)context)[1];
    asgi_event sent = asgi_event_of(ASGI_HTTP_RESPONSE);
    (void)result, (void)event;
    sent.status = 200;
    sent.body = asgi_text(describe_thread());
    send(id, &sent, NULL, NULL);
    host->finish(id, ASGI_DONE);
}

static void shut_down(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    asgi_event done = asgi_event_of(ASGI_LIFESPAN_SHUTDOWN_COMPLETE);
    (void)event;
    if (result == ASGI_DONE) ((asgi_send)context)(id, &done, NULL, NULL);
}

static asgi_result serve(const asgi_scope *scope, asgi_receive receive, asgi_send send)
{
    static void *work[2];
    struct sigaction pipes;
    char text[200];
    asgi_event event = asgi_event_of(0);
    if (scope->type == ASGI_LIFESPAN) {
        starts++;
        receive(scope->id, &event, NULL, NULL);
        event = asgi_event_of(ASGI_LIFESPAN_STARTUP_COMPLETE);
        send(scope->id, &event, NULL, NULL);
        return receive(scope->id, &event, shut_down, (void *)send);
    }
    if (scope->type != ASGI_HTTP) return ASGI_UNSUPPORTED;
    calls++;
    if (asgi_equal(asgi_path(scope), "/job")) {
        work[0] = (void *)scope->host;
        work[1] = (void *)send;
        return scope->host->spawn(scope->id, answer_job, work);
    }
    sigaction(SIGPIPE, NULL, &pipes);
    snprintf(text, sizeof text, "%s, SIGPIPE %s, child %s", describe_thread(),
             pipes.sa_handler == SIG_IGN ? "ignored" : pipes.sa_handler == SIG_DFL ? "default" : "handled", describe_child());
    if (asgi_equal(asgi_path(scope), "/quit")) roost_quit(served);
    return asgi_respond(scope, send, 200, "text/plain", asgi_text(text));
}

static const asgi_module *describe(void)
{
    static const asgi_module module = {sizeof module, ASGI_ABI, ASGI_DRAFT, ASGI_ONE_LOOP, ASGI_STRING("own"), ASGI_STRING("3"), {NULL, 0}, NULL};
    return &module;
}

static const asgi_module *describe_foreign(void)
{
    static const asgi_module module = {sizeof module, ASGI_ABI, 99, 0, ASGI_STRING("foreign"), {NULL, 0}, {NULL, 0}, NULL};
    return &module;
}

/* Sends a request, and prints the body of the response. */
static void ask(int port, const char *path)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
    char text[4096];
    size_t length = 0;
    ssize_t count;
    int file = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(file, (struct sockaddr *)&address, sizeof address) != 0) exit(3);
    dprintf(file, "GET %s HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", path);
    while ((count = read(file, text + length, sizeof text - 1 - length)) > 0) length += (size_t)count;
    text[length] = 0;
    close(file);
    printf("%s: %s\n", path, strstr(text, "\r\n\r\n") ? strstr(text, "\r\n\r\n") + 4 : "nothing");
}

static void *ask_all(void *context)
{
    char *status = roost_status(served);
    int port = *(int *)context;
    ask(port, "/");
    ask(port, "/job");
    printf("status: %s\n", strstr(status, "\"applications\""));
    roost_free(status);
    ask(port, "/quit");
    return NULL;
}

static void started(roost_host *host, void *context)
{
    static int port;
    served = host;
    port = roost_port(host);
    printf("%s: %s\n", (const char *)context, describe_thread());
    if (pthread_create(&client, NULL, ask_all, &port) != 0) exit(3);
}

static void print_result(const char *what, int result)
{
    const char *reason = result ? roost_error() : "";
    printf("%s: %d %s\n", what, result, reason);
}

int main(void)
{
    sigset_t mask;
    struct sigaction pipes;
    main_thread = pthread_self();
    sigemptyset(&mask);
    sigaddset(&mask, SIGUSR1);
    pthread_sigmask(SIG_SETMASK, &mask, NULL);
    print_result("provide", roost_provide("own", (roost_function)serve, (roost_function)describe));
    print_result("twice", roost_provide("own", (roost_function)serve, NULL));
    print_result("name", roost_provide("o-n", (roost_function)serve, NULL));
    print_result("nothing", roost_provide("none", NULL, NULL));
    print_result("foreign", roost_provide("foreign", (roost_function)serve, (roost_function)describe_foreign));
    print_result("run", roost_run("{port: 0, applications: [{module: 'builtin:onw'}]}", started, (void *)"x"));
    print_result("run", roost_run("{port: 0, applications: [{module: 'builtin:foreign'}]}", started, (void *)"x"));
    print_result("run", roost_run("{prot: 0}", started, (void *)"x"));
    print_result("run", roost_run("{port: 0, applications: [{module: 'builtin:own'}]}", started, (void *)"first"));
    pthread_join(client, NULL);
    print_result("run", roost_run("{port: 0, applications: [{module: 'builtin:own', mount: /}]}", started, (void *)"second"));
    pthread_join(client, NULL);
    sigaction(SIGPIPE, NULL, &pipes);
    printf("starts %d, calls %d, SIGPIPE %s, %s\n", starts, calls, pipes.sa_handler == SIG_DFL ? "default" : "changed", describe_thread());
    return 0;
}
