/* WSGIOutput.h: complete responses and ends of WSGI requests, on their way to the loop thread. */
#ifndef WSGI_OUTPUT_H
#define WSGI_OUTPUT_H

#include "Head.h"
#include "WSGICall.h"

#pragma GCC visibility push(hidden)

/* Makes a complete response. [GIL] `body` is a bytes object, or NULL. Returns NULL with an exception set. */
struct wsgi_answer *wsgi_answer_new(const struct head *head, PyObject *body);

/* Gives the call's answer to the loop thread, if it has one, before the application has finished. */
void wsgi_output_answer(struct wsgi_call *call);
/* Gives the call to the loop thread, which ends its scope with a result after the answer, and frees it. */
void wsgi_output_finish(struct wsgi_call *call, asgi_result result);

#pragma GCC visibility pop

#endif
