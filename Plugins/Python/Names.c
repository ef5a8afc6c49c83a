/* Names.c: interned strings and constant objects that the bridge uses for every request. */
#include "Names.h"

struct names names;

int names_create(void)
{
#define X(name) \
    if (!(names.name = PyUnicode_InternFromString(#name))) return -1;
    PLAIN_NAMES(X)
#undef X
#define X(name, text) \
    if (!(names.name = PyUnicode_InternFromString(text))) return -1;
    OTHER_NAMES(X)
#undef X
    names.empty_bytes = PyBytes_FromStringAndSize(NULL, 0);
    return names.empty_bytes ? 0 : -1;
}
