/* FieldNames.c: the names of request header fields that the host knows, as objects that are made once.
 *
 * A name that the host knows has one address for the life of the process: it is found by its offset in the block of all
 * names. */
#include "FieldNames.h"
#include <stdlib.h>

static asgi_string block; /* written on the loop thread, before the first request reaches another thread */

bool field_name_is_known(asgi_string name)
{
    if (!block.data && ASGI_HAS(host, field_name_count) && host->field_name_count > 0) {
        const asgi_string *last = &host->field_names[host->field_name_count - 1];
        block.data = host->field_names[0].data;
        block.size = (size_t)(last->data + last->size - block.data);
    }
    return name.data >= block.data && name.data < block.data + block.size;
}

PyObject **field_name_object(struct field_names *names, asgi_string name)
{
    if (!field_name_is_known(name)) return NULL;
    if (!names->objects && !(names->objects = calloc(block.size, sizeof *names->objects))) {
        PyErr_NoMemory();
        return NULL;
    }
    return &names->objects[name.data - block.data];
}
