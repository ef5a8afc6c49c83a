/* Application.c: an application of the host in Python, and the ASGI function of the module.
 *
 * The host calls the function without the GIL. The function only notes the scope; the next turn, which is posted at once,
 * starts all noted scopes with the GIL. */
#include "Application.h"
#include "Interpreter.h"
#include "Function.h"
#include "Report.h"
#include "Request.h"
#include "Turn.h"
#include "Values.h"
#include "WSGIQueue.h"
#include <stdlib.h>
#include <structmember.h>

struct staged {
    asgi_id id;
    const asgi_scope *scope;
    asgi_receive receive;
    asgi_send send;
};

static struct staged *staged; /* loop thread only */
static size_t staged_count, staged_capacity;
static PyTypeObject *application_type;
static PyObject *start_lifespan;
static struct application *live; /* applications whose lifespan has not ended; each is owned; [GIL] */

asgi_result application_called(const asgi_scope *scope, asgi_receive receive, asgi_send send)
{
    static const asgi_string loop_name = ASGI_STRING("asgi.loop/1");
    if (scope->type != ASGI_HTTP && scope->type != ASGI_WEBSOCKET && scope->type != ASGI_LIFESPAN) return ASGI_UNSUPPORTED;
    if (scope->type != ASGI_LIFESPAN && ((struct application *)scope->state)->is_wsgi)
        return scope->type == ASGI_HTTP ? wsgi_queue_put(scope, receive, send) : ASGI_UNSUPPORTED;
    if (staged_count == staged_capacity) {
        size_t more = staged_capacity ? staged_capacity * 2 : 64;
        struct staged *grown = realloc(staged, more * sizeof *grown);
        if (!grown) return ASGI_FAILED;
        staged = grown;
        staged_capacity = more;
    }
    /* The host ends a lifespan at its timeouts without the application. */
    if (scope->type == ASGI_LIFESPAN && (!turn_anchored() || host->alive(turn_anchored()) == ASGI_STALE)) {
        host = scope->host;
        loops = host->extension(scope->id, &loop_name);
        if (!loops) return ASGI_FAILED;
        turn_anchor(scope->id);
    }
    staged[staged_count++] = (struct staged){scope->id, scope, receive, send};
    turn_request();
    return ASGI_PENDING;
}

const asgi_module *application_info(void)
{
    static const asgi_module module = {sizeof module,
                                       ASGI_ABI,
                                       ASGI_DRAFT,
                                       ASGI_ONE_LOOP | ASGI_RELOAD_PROCESS,
                                       ASGI_STRING("python"),
                                       ASGI_STRING("1.0"),
                                       {NULL, 0},
                                       NULL};
    return &module;
}

/* Takes an application out of the live ones. [GIL] Returns whether it was one; then the caller owns the reference. */
static bool remove_live(struct application *application)
{
    struct application **link;
    for (link = &live; *link && *link != application; link = &(*link)->next) continue;
    if (!*link) return false;
    *link = application->next;
    return true;
}

/* Ends a lifespan for the host. [GIL] The guest's work moves to another one first. */
static void end(asgi_id id, asgi_result result)
{
    if (turn_anchored() == id) turn_anchor(live ? live->id : 0);
    host->finish(id, result);
}

/* Makes the Python object of a lifespan, and calls the function that runs it. [GIL] */
static void start_application(const struct staged *entry)
{
    struct application *application = PyObject_New(struct application, application_type);
    struct request *lifespan = NULL;
    PyObject *result = NULL;
    if (application) {
        application->id = entry->id;
        application->function = Py_NewRef(Py_None);
        application->state = PyDict_New();
        application->version = PyUnicode_FromString("3.0");
        application->environ = NULL;
        application->is_wsgi = 0;
        application->receive = application->send = application->root_path = application->asgi = NULL;
        application->cancel_on_disconnect = 0;
        lifespan = request_new(application, ASGI_LIFESPAN, entry->id, entry->receive, entry->send);
    }
    if (lifespan) {
        application->receive = function_receive(lifespan);
        application->send = function_send(lifespan);
        Py_DECREF((PyObject *)lifespan);
    }
    if (lifespan && application->state && application->version && application->receive && application->send) {
        application->next = live;
        live = (struct application *)Py_NewRef((PyObject *)application);
        result = call_with(start_lifespan, (PyObject *)application);
    }
    if (!result) {
        log_exception(entry->id, "the application could not be started");
        if (remove_live(application)) Py_DECREF((PyObject *)application);
        end(entry->id, ASGI_FAILED);
    }
    Py_XDECREF(result);
    Py_XDECREF((PyObject *)application);
}

void application_start_staged(void)
{
    size_t at;
    /* A scope that the host has ended since has no memory any more. */
    for (at = 0; at < staged_count; at++) {
        struct staged entry = staged[at];
        if (host->alive(entry.id) == ASGI_STALE) continue;
        if (entry.scope->type == ASGI_LIFESPAN) start_application(&entry);
        else
            request_start(entry.scope, entry.receive, entry.send);
    }
    staged_count = 0;
}

PyObject *application_set_start(PyObject *module, PyObject *start)
{
    (void)module;
    replace(&start_lifespan, Py_NewRef(start));
    Py_RETURN_NONE;
}

/* setting(key): a value of the application's settings as text; None if there is none. [GIL] */
static PyObject *setting(PyObject *self, PyObject *key)
{
    const asgi_string *value;
    asgi_string name;
    Py_ssize_t size;
    if (!(name.data = PyUnicode_AsUTF8AndSize(key, &size))) return NULL;
    name.size = (size_t)size;
    value = host->setting(((struct application *)self)->id, &name);
    if (!value) Py_RETURN_NONE;
    return text_of(*value);
}

/* log(level, text): writes to the host's log. [GIL] */
static PyObject *log_method(PyObject *self, PyObject *arguments)
{
    int level;
    PyObject *text;
    if (!PyArg_ParseTuple(arguments, "iU:log", &level, &text)) return NULL;
    log_text(((struct application *)self)->id, level, text);
    Py_RETURN_NONE;
}

/* finish(): ends the lifespan. [GIL] */
static PyObject *finish(PyObject *self, PyObject *nothing)
{
    struct application *application = (struct application *)self;
    (void)nothing;
    if (!remove_live(application)) return PyErr_Format(PyExc_RuntimeError, "the lifespan has ended");
    wsgi_queue_drop(application);
    end(application->id, ASGI_DONE);
    /* They refer to the application. */
    Py_CLEAR(application->receive);
    Py_CLEAR(application->send);
    Py_CLEAR(application->environ);
    Py_DECREF(self);
    Py_RETURN_NONE;
}

/* live(): the number of applications whose lifespan has not ended. [GIL] */
static PyObject *count_live(PyObject *self, PyObject *nothing)
{
    struct application *application;
    long count = 0;
    (void)self, (void)nothing;
    for (application = live; application; application = application->next) count += host->alive(application->id) != ASGI_STALE;
    return PyLong_FromLong(count);
}

static void dealloc(PyObject *self)
{
    struct application *application = (struct application *)self;
    PyTypeObject *type = Py_TYPE(self);
    Py_XDECREF(application->function);
    Py_XDECREF(application->environ);
    Py_XDECREF(application->state);
    Py_XDECREF(application->version);
    Py_XDECREF(application->receive);
    Py_XDECREF(application->send);
    Py_XDECREF(application->root_path);
    Py_XDECREF(application->asgi);
    PyObject_Free(self);
    Py_DECREF(type);
}

int application_create_type(PyObject *module)
{
    static PyMethodDef methods[] = {
        {"setting", setting, METH_O, "setting(key): a value of the settings as text, or None."},
        {"log", log_method, METH_VARARGS, "log(level, text): writes to the host's log."},
        {"finish", finish, METH_NOARGS, "finish(): ends the lifespan."},
        {"live", count_live, METH_NOARGS, "live(): the number of lifespans that have not ended."},
        {NULL, NULL, 0, NULL},
    };
    static PyMemberDef members[] = {
        {"function", T_OBJECT_EX, offsetof(struct application, function), 0, "The ASGI 3 callable, or the WSGI application."},
        {"environ", T_OBJECT_EX, offsetof(struct application, environ), 0, "The entries that all environ dicts have."},
        {"is_wsgi", T_BOOL, offsetof(struct application, is_wsgi), 0, "Whether the application is one of WSGI."},
        {"state", T_OBJECT_EX, offsetof(struct application, state), 0, "The dict of the lifespan."},
        {"version", T_OBJECT_EX, offsetof(struct application, version), 0, "The version of ASGI in the scopes."},
        {"cancel_on_disconnect", T_BOOL, offsetof(struct application, cancel_on_disconnect), 0,
         "Whether a disconnect of the client cancels the task of the request."},
        {"receive", T_OBJECT_EX, offsetof(struct application, receive), READONLY, "Gets an event of the lifespan."},
        {"send", T_OBJECT_EX, offsetof(struct application, send), READONLY, "Sends an event of the lifespan."},
        {NULL, 0, 0, 0, NULL},
    };
    static PyType_Slot slots[] = {
        {Py_tp_doc, "A lifespan of the host."}, {Py_tp_dealloc, dealloc}, {Py_tp_methods, methods},
        {Py_tp_members, members},               {0, NULL},
    };
    static PyType_Spec spec = {"roost._bridge.Application", sizeof(struct application), 0,
                               Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, slots};
    application_type = (PyTypeObject *)PyType_FromSpec(&spec);
    return application_type ? PyModule_AddObjectRef(module, "Application", (PyObject *)application_type) : -1;
}
