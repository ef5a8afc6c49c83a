/* Notes that a fixture records on any thread, until a request reads them. SPDX-License-Identifier: Apache-2.0 */
#include <asgi.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char notes[1 << 16];
static size_t noted;

static void note(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    pthread_mutex_lock(&lock);
    noted += (size_t)vsnprintf(notes + noted, sizeof notes - noted, format, arguments);
    pthread_mutex_unlock(&lock);
    va_end(arguments);
}

static const char *name_of(asgi_result result)
{
    static const char *const names[] = {"DONE", "STALE", "GONE", "CANCELLED", "INVALID",
                                        "UNSUPPORTED", "BUSY", "FULL", "WOULD_BLOCK", "FAILED"};
    return result == ASGI_PENDING ? "PENDING" : names[-result];
}

static asgi_result note_result(const char *what, asgi_result result)
{
    note("%s=%s\n", what, name_of(result));
    return result;
}

/* Responds with what was recorded since the last call. */
static asgi_result answer_notes(const asgi_scope *scope, asgi_send send)
{
    asgi_string text = {notes, 0};
    asgi_result result;
    pthread_mutex_lock(&lock);
    text.size = noted;
    result = asgi_respond(scope, send, 200, "text/plain", text);
    noted = 0;
    pthread_mutex_unlock(&lock);
    return result;
}
