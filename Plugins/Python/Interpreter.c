/* Interpreter.c: functions of CPython that the stable ABI of 3.11 lacks, and small additions to it. */
#define _GNU_SOURCE
#include "Interpreter.h"
#include "Names.h"
#include <dlfcn.h>

struct interpreter interpreter;

static int find(const char *name, void *function)
{
    void *found = dlsym(RTLD_DEFAULT, name);
    if (!found) {
        PyErr_Format(PyExc_ImportError, "this Python does not export %s, which roost needs; use CPython 3.11 or later",
                     name);
        return -1;
    }
    *(void **)function = found;
    return 0;
}

int interpreter_find(void)
{
    return find("PyObject_Vectorcall", &interpreter.vectorcall) ||
                   find("PyObject_VectorcallMethod", &interpreter.vectorcall_method) ||
                   find("PyContext_CopyCurrent", &interpreter.context_copy) ||
                   find("PyContext_Enter", &interpreter.context_enter) || find("PyContext_Exit", &interpreter.context_exit)
               ? -1
               : 0;
}

PyObject *call_with(PyObject *callable, PyObject *argument)
{
    return interpreter.vectorcall(callable, &argument, 1, NULL);
}

void replace(PyObject **place, PyObject *object)
{
    PyObject *before = *place;
    *place = object;
    Py_XDECREF(before);
}

PyObject *call_method(PyObject *object, PyObject *name)
{
    return interpreter.vectorcall_method(name, &object, 1, NULL);
}

PyObject *call_method_with(PyObject *object, PyObject *name, PyObject *argument)
{
    PyObject *arguments[2] = {object, argument};
    return interpreter.vectorcall_method(name, arguments, 2, NULL);
}

/* PyErr_Fetch is deprecated since 3.12, but its successor is not in the stable ABI of 3.11. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
PyObject *exception_take(void)
{
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    if (traceback) PyException_SetTraceback(value, traceback);
    Py_XDECREF(type);
    Py_XDECREF(traceback);
    return value;
}

void exception_restore(PyObject *exception)
{
    PyErr_Restore(Py_NewRef((PyObject *)Py_TYPE(exception)), exception, PyException_GetTraceback(exception));
}
#pragma GCC diagnostic pop

/* Raises StopIteration(value), also for a value that is a tuple or an exception. [GIL] */
static void raise_stop_iteration(PyObject *value)
{
    PyObject *stop = PyObject_CallFunctionObjArgs(PyExc_StopIteration, value, NULL);
    if (!stop) return;
    PyErr_SetObject(PyExc_StopIteration, stop);
    Py_DECREF(stop);
}

PyObject *step_result(PySendResult result, PyObject *value)
{
    if (result == PYGEN_NEXT) return value;
    if (result == PYGEN_RETURN) {
        raise_stop_iteration(value);
        Py_DECREF(value);
    }
    return NULL;
}

PyObject *throw_into(PyObject *iterator, PyObject *arguments)
{
    PyObject *method = PyObject_GetAttr(iterator, names.throw), *result;
    result = method ? PyObject_CallObject(method, arguments) : NULL;
    Py_XDECREF(method);
    return result;
}

void raise_thrown(PyObject *arguments)
{
    PyObject *type = NULL, *value = NULL, *traceback = NULL;
    if (!PyArg_ParseTuple(arguments, "O|OO:throw", &type, &value, &traceback)) return;
    if (PyExceptionInstance_Check(type)) {
        PyErr_SetObject((PyObject *)Py_TYPE(type), type);
        return;
    }
    if (!PyExceptionClass_Check(type)) {
        PyErr_SetString(PyExc_TypeError, "exceptions must be classes or instances deriving from BaseException");
        return;
    }
    PyErr_SetObject(type, value);
}
