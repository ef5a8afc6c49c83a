/* Interpreter.h: functions of CPython that the stable ABI of 3.11 lacks, and small additions to it. */
#ifndef INTERPRETER_H
#define INTERPRETER_H

#include "Bridge.h"

#pragma GCC visibility push(hidden)

/* Functions that all supported versions export but that the stable ABI declares later or never. */
struct interpreter {
    PyObject *(*vectorcall)(PyObject *callable, PyObject *const *arguments, size_t count, PyObject *names);
    PyObject *(*vectorcall_method)(PyObject *name, PyObject *const *arguments, size_t count, PyObject *names);
    PyObject *(*context_copy)(void); /* of the current one */
    int (*context_enter)(PyObject *context);
    int (*context_exit)(PyObject *context);
};
extern struct interpreter interpreter;

/* Finds the functions by name. [GIL] Returns 0; -1 with ImportError set. */
int interpreter_find(void);

/* The type of a vectorcall function, and the flag of a type that has one (declared in the stable ABI of 3.12). */
typedef PyObject *(*vectorcall_function)(PyObject *callable, PyObject *const *arguments, size_t count, PyObject *names);
#define HAVE_VECTORCALL (1UL << 11)
/* The number of arguments in a vectorcall's count. */
#define VECTORCALL_COUNT(count) ((count) & ~((size_t)1 << (8 * sizeof(size_t) - 1)))

/* Calls callable(argument). [GIL] */
PyObject *call_with(PyObject *callable, PyObject *argument);

/* Calls object.name() and object.name(argument). [GIL] */
PyObject *call_method(PyObject *object, PyObject *name);
PyObject *call_method_with(PyObject *object, PyObject *name, PyObject *argument);

/* Puts an object in the place of another, which may be NULL. [GIL] Steals the reference. */
void replace(PyObject **place, PyObject *object);

/* Takes the current exception, with its traceback, out of the thread state. [GIL] A new reference; never NULL while an
 * exception is set. */
PyObject *exception_take(void);

/* Sets an exception again. [GIL] Steals the reference. */
void exception_restore(PyObject *exception);

/* Ends one step of an iterator for its Python method `send`: returns the yielded object, or raises. [GIL] */
PyObject *step_result(PySendResult result, PyObject *value);

/* Calls iterator.throw(*arguments). [GIL] */
PyObject *throw_into(PyObject *iterator, PyObject *arguments);

/* Raises the exception that the arguments of a coroutine's `throw` name. [GIL] */
void raise_thrown(PyObject *arguments);

#pragma GCC visibility pop

#endif
