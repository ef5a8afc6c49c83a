/* WSGIEnviron.c: the dict `environ` of a WSGI request (PEP 3333, "environ Variables"). */
#include "WSGIEnviron.h"
#include "FieldNames.h"
#include "Interpreter.h"
#include "Values.h"
#include <stdlib.h>
#include <string.h>

/* Returns the name of the variable for a header field; None for a field that has none. A new reference. [GIL] */
static PyObject *new_variable_name(asgi_string name)
{
    char room[64], *text = room;
    PyObject *variable;
    size_t at;
    if (asgi_equal(name, "content-type")) return Py_NewRef(names.CONTENT_TYPE);
    if (asgi_equal(name, "content-length")) return Py_NewRef(names.CONTENT_LENGTH);
    /* HTTP_PROXY would be taken for the variable of that name (CVE-2016-5385). A name with an underscore would be taken
     * for the one with a hyphen, which a proxy in front may have set or removed. */
    if (asgi_equal(name, "proxy") || memchr(name.data, '_', name.size)) return Py_NewRef(Py_None);
    if (name.size + 5 > sizeof room && !(text = malloc(name.size + 5))) return PyErr_NoMemory();
    memcpy(text, "HTTP_", 5);
    for (at = 0; at < name.size; at++) {
        char byte = name.data[at];
        text[5 + at] = byte == '-' ? '_' : byte >= 'a' && byte <= 'z' ? (char)(byte - 'a' + 'A') : byte;
    }
    variable = latin1_of((asgi_string){text, name.size + 5});
    if (text != room) free(text);
    return variable;
}

static PyObject *variable_name(asgi_string name)
{
    static struct field_names known;
    PyObject **object = field_name_object(&known, name);
    if (!object) return PyErr_Occurred() ? NULL : new_variable_name(name);
    if (!*object) *object = new_variable_name(name);
    return Py_XNewRef(*object);
}

/* Adds a header field; the values of one name become one value (RFC 9110 §5.3, for cookies RFC 6265 §5.4). [GIL] */
static bool add_field(PyObject *environ, const asgi_header *field)
{
    PyObject *name = variable_name(field->name), *value = NULL, *before;
    bool added = name == Py_None;
    if (name && !added && (value = latin1_of(field->value))) {
        before = PyDict_GetItemWithError(environ, name);
        if (before)
            replace(&value, PyUnicode_FromFormat(asgi_equal(field->name, "cookie") ? "%U; %U" : "%U,%U", before, value));
        added = value && !PyErr_Occurred() && PyDict_SetItem(environ, name, value) == 0;
    }
    Py_XDECREF(name);
    Py_XDECREF(value);
    return added;
}

/* Returns the text of the target, as the client sent it. [GIL] */
static PyObject *target_of(const asgi_scope *scope)
{
    PyObject *path = latin1_of(scope->raw_path), *query, *target;
    if (!path || scope->query_string.size == 0) return path;
    query = latin1_of(scope->query_string);
    target = query ? PyUnicode_FromFormat("%U?%U", path, query) : NULL;
    Py_DECREF(path);
    Py_XDECREF(query);
    return target;
}

static PyObject *protocol_of(asgi_string version)
{
    PyObject *text, *protocol;
    if (asgi_equal(version, "1.1")) return Py_NewRef(names.protocol_1_1);
    if (asgi_equal(version, "1.0")) return Py_NewRef(names.protocol_1_0);
    text = latin1_of(version);
    protocol = text ? PyUnicode_FromFormat("HTTP/%U", text) : NULL;
    Py_XDECREF(text);
    return protocol;
}

/* Adds SERVER_NAME and SERVER_PORT, which must not be empty; a Unix socket has neither. [GIL] */
static bool add_server(PyObject *environ, const asgi_scope *scope)
{
    bool https = asgi_equal(scope->scheme, "https");
    if (scope->server_port < 0)
        return PyDict_SetItem(environ, names.SERVER_NAME, names.localhost) == 0 &&
               dict_add(environ, names.SERVER_PORT, PyUnicode_FromString(https ? "443" : "80"));
    return dict_add(environ, names.SERVER_NAME, latin1_of(scope->server_host)) &&
           dict_add(environ, names.SERVER_PORT, PyUnicode_FromFormat("%d", (int)scope->server_port));
}

static bool add_client(PyObject *environ, const asgi_scope *scope)
{
    return dict_add(environ, names.REMOTE_ADDR, latin1_of(scope->client_host)) &&
           (scope->client_port < 0 ||
            dict_add(environ, names.REMOTE_PORT, PyUnicode_FromFormat("%d", (int)scope->client_port)));
}

/* The path below the mount; it may be empty. */
static asgi_string path_info(const asgi_scope *scope)
{
    asgi_string path = scope->path;
    if (path.size < scope->root_path.size) return path;
    path.data += scope->root_path.size;
    path.size -= scope->root_path.size;
    return path;
}

PyObject *wsgi_environ(const struct wsgi_call *call, PyObject *input)
{
    const asgi_scope *scope = &call->scope;
    PyObject *environ, *target;
    bool complete;
    size_t at;
    if (!call->application->environ) return PyErr_Format(PyExc_RuntimeError, "the application has ended");
    environ = PyDict_Copy(call->application->environ);
    target = target_of(scope);
    complete = environ && target && dict_add(environ, names.REQUEST_METHOD, latin1_of(scope->method)) &&
                    dict_add(environ, names.SCRIPT_NAME, latin1_of(scope->root_path)) &&
                    dict_add(environ, names.PATH_INFO, latin1_of(path_info(scope))) &&
                    dict_add(environ, names.QUERY_STRING, latin1_of(scope->query_string)) &&
                    PyDict_SetItem(environ, names.REQUEST_URI, target) == 0 &&
                    PyDict_SetItem(environ, names.RAW_URI, target) == 0 &&
                    dict_add(environ, names.SERVER_PROTOCOL, protocol_of(scope->http_version)) &&
                    add_server(environ, scope) && add_client(environ, scope) &&
                    dict_add(environ, names.wsgi_url_scheme, latin1_of(scope->scheme)) &&
                    PyDict_SetItem(environ, names.wsgi_input, input) == 0;
    for (at = 0; complete && at < scope->header_count; at++) complete = add_field(environ, &scope->headers[at]);
    if (!complete) Py_CLEAR(environ);
    Py_XDECREF(target);
    return environ;
}
