/* Module.c: the extension module roost._bridge. */
#include "Application.h"
#include "Call.h"
#include "Function.h"
#include "Guest.h"
#include "Interpreter.h"
#include "Lane.h"
#include "Library.h"
#include "Message.h"
#include "Names.h"
#include "Report.h"
#include "Request.h"
#include "Send.h"
#include "Turn.h"
#include "WSGIBody.h"
#include "WSGIQueue.h"
#include "WSGIResponse.h"
#include "WSGIRun.h"

/* wake(): requests a turn of the guest. [GIL], on any thread. */
static PyObject *wake(PyObject *module, PyObject *nothing)
{
    (void)module, (void)nothing;
    turn_request();
    Py_RETURN_NONE;
}

#define FAST(function) (PyCFunction)(void (*)(void))function

static PyMethodDef methods[] = {
    {"open", library_open, METH_O, "open(path): opens libRoost.so and registers the module builtin:python."},
    {"run", library_run, METH_VARARGS, "run(settings, started): serves on this thread until quit()."},
    {"worker", library_worker, METH_O, "worker(arguments): serves as a worker of the supervisor."},
    {"quit", library_quit, METH_NOARGS, "quit(): begins a graceful shutdown."},
    {"wake", wake, METH_NOARGS, "wake(): requests a turn of the event loop."},
    {"call_soon", FAST(guest_call_soon), METH_FASTCALL | METH_KEYWORDS, "call_soon(callback, *args, context=None)"},
    {"attach", FAST(guest_attach), METH_FASTCALL, "attach(loop, descriptor, call_soon, step, library, capsule)"},
    {"debug", guest_debug, METH_O, "debug(enabled): the loop's debug mode has changed."},
    {"on_application", application_set_start, METH_O, "on_application(start): sets the function for each lifespan."},
    {"client_disconnected", send_set_exception, METH_O, "client_disconnected(type): sets the exception of send."},
    {"reporters", FAST(report_set), METH_FASTCALL, "reporters(format, is_disconnect, awaitable)"},
    {"lane_threads", lane_threads, METH_O, "lane_threads(start): sets the function that starts a thread of lanes."},
    {"lane_work", lane_work, METH_O, "lane_work(worker): the function of a thread of lanes."},
    {"wsgi_threads", wsgi_threads, METH_VARARGS, "wsgi_threads(start, threads, waiting): starts the threads of WSGI."},
    {"wsgi_work", wsgi_work, METH_NOARGS, "wsgi_work(): the function of a thread of WSGI."},
    {"wsgi_streams", wsgi_set_streams, METH_VARARGS, "wsgi_streams(whole, stream): sets the types of wsgi.input."},
    {"wsgi_file_wrapper", wsgi_set_file_wrapper, METH_VARARGS, "wsgi_file_wrapper(type, plain_file)"},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "roost._bridge", "ASGI applications of CPython on the event loop of Roost.", -1, methods,
    NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__bridge(void)
{
    PyObject *module;
    if (interpreter_find() < 0 || names_create() < 0 || message_create_names() < 0) return NULL;
    if (!(module = PyModule_Create(&definition))) return NULL;
    if (lanes_create(module) == 0 && application_create_type(module) == 0 && request_create_type() == 0 &&
        call_create_type() == 0 && function_create_types() == 0 && wsgi_body_create_type() == 0 &&
        wsgi_response_create_type() == 0)
        return module;
    Py_DECREF(module);
    return NULL;
}
