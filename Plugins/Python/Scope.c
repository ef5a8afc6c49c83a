/* Scope.c: the dict `scope` of a request or a WebSocket (asgi.md 1.2, 1.3, 1.5). */
#include "Scope.h"
#include "Interpreter.h"
#include "Values.h"
#include <string.h>

/* Returns the str of a string that is mostly the same as before: `last`, or a new one that becomes it. [GIL] */
static PyObject *same_text(PyObject **last, asgi_string string)
{
    Py_ssize_t size;
    const char *before = *last ? PyUnicode_AsUTF8AndSize(*last, &size) : NULL;
    if (!before || (size_t)size != string.size || (size && memcmp(before, string.data, string.size))) {
        PyObject *text = text_of(string);
        if (!text) return NULL;
        replace(last, text);
    }
    return Py_NewRef(*last);
}

static PyObject *method_of(asgi_string method)
{
    PyObject *const known[] = {names.GET, names.POST, names.PUT, names.HEAD, names.DELETE, names.OPTIONS, names.PATCH};
    PyObject *text, *upper;
    size_t at;
    for (at = 0; at < sizeof known / sizeof *known; at++) {
        Py_ssize_t size;
        const char *name = PyUnicode_AsUTF8AndSize(known[at], &size);
        if (name && (size_t)size == method.size && !memcmp(name, method.data, method.size)) return Py_NewRef(known[at]);
    }
    text = text_of(method);
    upper = text ? PyObject_CallMethod(text, "upper", NULL) : NULL;
    Py_XDECREF(text);
    return upper;
}

static PyObject *http_version_of(asgi_string version)
{
    if (asgi_equal(version, "1.1")) return Py_NewRef(names.http_1_1);
    if (asgi_equal(version, "2")) return Py_NewRef(names.http_2);
    if (asgi_equal(version, "1.0")) return Py_NewRef(names.http_1_0);
    return asgi_equal(version, "3") ? Py_NewRef(names.http_3) : text_of(version);
}

static PyObject *scheme_of(asgi_string scheme)
{
    if (asgi_equal(scheme, "http")) return Py_NewRef(names.http);
    if (asgi_equal(scheme, "https")) return Py_NewRef(names.https);
    if (asgi_equal(scheme, "ws")) return Py_NewRef(names.ws);
    return asgi_equal(scheme, "wss") ? Py_NewRef(names.wss) : text_of(scheme);
}

/* Returns (host, port); (path, None) without a port; None without an address. [GIL] */
static PyObject *address_of(PyObject **last, asgi_string address, int32_t port)
{
    PyObject *text, *number, *pair;
    if (address.size == 0) return Py_NewRef(Py_None);
    text = same_text(last, address);
    number = port < 0 ? Py_NewRef(Py_None) : PyLong_FromLong(port);
    pair = text && number ? PyTuple_Pack(2, text, number) : NULL;
    Py_XDECREF(text);
    Py_XDECREF(number);
    return pair;
}

static PyObject *list_of(const asgi_string *strings, size_t count)
{
    PyObject *list = PyList_New((Py_ssize_t)count), *text;
    size_t at;
    for (at = 0; list && at < count; at++) {
        if ((text = text_of(strings[at]))) PyList_SetItem(list, (Py_ssize_t)at, text);
        else
            Py_CLEAR(list);
    }
    return list;
}

static PyObject *text_or_none(asgi_string string)
{
    return string.size ? text_of(string) : Py_NewRef(Py_None);
}

static PyObject *number_or_none(uint32_t number)
{
    return number ? PyLong_FromUnsignedLong(number) : Py_NewRef(Py_None);
}

/* Returns the dict of the extension "tls" 0.2. [GIL] */
static PyObject *tls_dict(const asgi_tls *tls)
{
    PyObject *dict = PyDict_New();
    if (dict && dict_add(dict, names.server_cert, text_or_none(tls->server_certificate)) &&
        dict_add(dict, names.client_cert_chain, list_of(tls->client_chain, tls->client_chain_count)) &&
        dict_add(dict, names.client_cert_name, text_or_none(tls->client_name)) &&
        dict_add(dict, names.client_cert_error, text_or_none(tls->client_error)) &&
        dict_add(dict, names.tls_version, number_or_none(tls->version)) &&
        dict_add(dict, names.cipher_suite, number_or_none(tls->cipher_suite)))
        return dict;
    Py_XDECREF(dict);
    return NULL;
}

/* Returns the dict of the extensions on this connection, each a new dict: applications write into them. [GIL] */
static PyObject *extensions_of(const asgi_scope *scope)
{
    static PyObject *last[16]; /* the str of each place of the list, which is mostly the same */
    PyObject *dict = PyDict_New();
    size_t at;
    bool complete = dict != NULL;
    for (at = 0; complete && at < scope->extension_count; at++) {
        PyObject *spare = NULL, *name = same_text(at < 16 ? &last[at] : &spare, scope->extensions[at]);
        complete = name && dict_add(dict, name, PyDict_New());
        Py_XDECREF(name);
        Py_XDECREF(spare);
    }
    if (complete && scope->tls) complete = dict_add(dict, names.tls, tls_dict(scope->tls));
    if (!complete) Py_CLEAR(dict);
    return dict;
}

/* Returns a new dict `asgi`: middleware writes into it (uvicorn#2976). [GIL] */
static PyObject *asgi_dict(const asgi_scope *scope, struct application *application)
{
    if (!application->asgi) {
        PyObject *dict = PyDict_New();
        if (!dict || PyDict_SetItem(dict, names.version, application->version) < 0 ||
            !dict_add(dict, names.spec_version, text_of(scope->spec_version))) {
            Py_XDECREF(dict);
            return NULL;
        }
        application->asgi = dict;
    }
    return PyDict_Copy(application->asgi);
}

/* Returns a new dict with all keys: a copy of it does not grow while it is filled. [GIL] */
static PyObject *new_dict(bool http)
{
    static PyObject *templates[2];
    PyObject *const keys[] = {names.type,   names.asgi,   names.http_version, names.server,
                              names.client, names.scheme, names.root_path,    names.path,
                              names.raw_path, names.query_string, names.headers, names.state,
                              names.extensions, http ? names.method : names.subprotocols};
    PyObject *dict;
    size_t at;
    if (templates[http]) return PyDict_Copy(templates[http]);
    dict = PyDict_New();
    for (at = 0; dict && at < sizeof keys / sizeof *keys; at++)
        if (PyDict_SetItem(dict, keys[at], Py_None) < 0) Py_CLEAR(dict);
    if (dict && PyDict_SetItem(dict, names.type, http ? names.http : names.websocket) < 0) Py_CLEAR(dict);
    templates[http] = dict;
    return dict ? PyDict_Copy(dict) : NULL;
}

PyObject *scope_dict(const asgi_scope *scope, struct application *application)
{
    static PyObject *client, *server; /* the last addresses */
    bool http = scope->type == ASGI_HTTP;
    PyObject *dict = new_dict(http);
    if (dict && dict_add(dict, names.asgi, asgi_dict(scope, application)) &&
        dict_add(dict, names.http_version, http_version_of(scope->http_version)) &&
        dict_add(dict, names.server, address_of(&server, scope->server_host, scope->server_port)) &&
        dict_add(dict, names.client, address_of(&client, scope->client_host, scope->client_port)) &&
        dict_add(dict, names.scheme, scheme_of(scope->scheme)) && (!http || dict_add(dict, names.method, method_of(scope->method))) &&
        dict_add(dict, names.root_path, same_text(&application->root_path, scope->root_path)) &&
        dict_add(dict, names.path, text_of(scope->path)) && dict_add(dict, names.raw_path, bytes_of(scope->raw_path)) &&
        dict_add(dict, names.query_string, bytes_of(scope->query_string)) && dict_add(dict, names.headers, scope_headers(scope)) &&
        (http || dict_add(dict, names.subprotocols, list_of(scope->subprotocols, scope->subprotocol_count))) &&
        dict_add(dict, names.state, PyDict_Copy(application->state)) && dict_add(dict, names.extensions, extensions_of(scope)))
        return dict;
    Py_XDECREF(dict);
    return NULL;
}
