/* Function.c: the functions `receive` and `send` of an application. */
#include "Function.h"
#include "Call.h"
#include "Interpreter.h"
#include <structmember.h>

struct function {
    PyObject_HEAD
    struct request *request; /* owned */
    vectorcall_function vectorcall;
};

static PyTypeObject *receive_type, *send_type;

static PyObject *receive_called(PyObject *self, PyObject *const *arguments, size_t count, PyObject *keywords)
{
    (void)arguments;
    if (VECTORCALL_COUNT(count) || keywords) return PyErr_Format(PyExc_TypeError, "receive() takes no arguments");
    return call_new(((struct function *)self)->request, NULL);
}

static PyObject *send_called(PyObject *self, PyObject *const *arguments, size_t count, PyObject *keywords)
{
    if (VECTORCALL_COUNT(count) + (keywords ? (size_t)PyTuple_Size(keywords) : 0) != 1)
        return PyErr_Format(PyExc_TypeError, "send() takes one argument, the event");
    return call_new(((struct function *)self)->request, arguments[0]);
}

/* The call with a tuple and a dict, for callers without vectorcall. */
static PyObject *function_call(PyObject *self, PyObject *arguments, PyObject *keywords)
{
    PyObject *given[1] = {NULL};
    Py_ssize_t count = PyTuple_Size(arguments);
    if (keywords && PyDict_Size(keywords)) {
        Py_ssize_t position = 0;
        count += PyDict_Size(keywords);
        if (count == 1) PyDict_Next(keywords, &position, NULL, &given[0]);
    } else if (count == 1)
        given[0] = PyTuple_GetItem(arguments, 0);
    return ((struct function *)self)->vectorcall(self, given, (size_t)count, NULL);
}

static PyObject *function_new(PyTypeObject *type, vectorcall_function vectorcall, struct request *request)
{
    struct function *function = PyObject_GC_New(struct function, type);
    if (!function) return NULL;
    function->request = (struct request *)Py_NewRef((PyObject *)request);
    function->vectorcall = vectorcall;
    PyObject_GC_Track(function);
    return (PyObject *)function;
}

PyObject *function_receive(struct request *request)
{
    return function_new(receive_type, receive_called, request);
}

PyObject *function_send(struct request *request)
{
    return function_new(send_type, send_called, request);
}

static int function_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT((PyObject *)((struct function *)self)->request);
    return 0;
}

static int function_clear(PyObject *self)
{
    Py_CLEAR(((struct function *)self)->request);
    return 0;
}

static void function_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    function_clear(self);
    PyObject_GC_Del(self);
    Py_DECREF(type);
}

static PyTypeObject *create_function_type(const char *name)
{
    static PyMemberDef members[] = {
        {"__vectorcalloffset__", T_PYSSIZET, offsetof(struct function, vectorcall), READONLY, NULL},
        {NULL, 0, 0, 0, NULL},
    };
    static PyType_Slot slots[] = {
        {Py_tp_dealloc, function_dealloc}, {Py_tp_traverse, function_traverse}, {Py_tp_clear, function_clear},
        {Py_tp_members, members},          {Py_tp_call, function_call},     {0, NULL},
    };
    PyType_Spec spec = {name, sizeof(struct function), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | HAVE_VECTORCALL, slots};
    return (PyTypeObject *)PyType_FromSpec(&spec);
}

/* Marks the functions as coroutine functions for asyncio.iscoroutinefunction and inspect.iscoroutinefunction. [GIL] */
static int mark(PyTypeObject *type, const char *module, const char *mark, const char *attribute)
{
    PyObject *imported = PyImport_ImportModule(module), *value = imported ? PyObject_GetAttrString(imported, mark) : NULL;
    int result = value ? PyObject_SetAttrString((PyObject *)type, attribute, value) : 0;
    PyErr_Clear(); /* a version without the mark has another way to tell */
    Py_XDECREF(value);
    Py_XDECREF(imported);
    return result;
}

static int create_functions(PyTypeObject **type, const char *name)
{
    *type = create_function_type(name);
    return *type && mark(*type, "asyncio.coroutines", "_is_coroutine", "_is_coroutine") == 0 &&
                   mark(*type, "inspect", "_is_coroutine_mark", "_is_coroutine_marker") == 0
               ? 0
               : -1;
}

int function_create_types(void)
{
    return create_functions(&receive_type, "roost._bridge.Receive") == 0 &&
                   create_functions(&send_type, "roost._bridge.Send") == 0
               ? 0
               : -1;
}
