#include "CViews.h"

#include <ffi.h>
#include <stdlib.h>

struct roost_signature {
    int direct; /* the number of its case in roost_view_call; -1: called by libffi */
    size_t count;
    ffi_cif call;
    ffi_type *types[ASGI_MAX_ARGUMENTS + 1];
    char kinds[ASGI_MAX_ARGUMENTS];
};

/* Returns the digit of a kind, from 1: a signature of up to two arguments becomes a number below 36. */
static int digit(char kind)
{
    switch (kind) {
    case ASGI_KIND_INT: return 1;
    case ASGI_KIND_DOUBLE: return 2;
    case ASGI_KIND_STRING: return 3;
    case ASGI_KIND_UUID: return 4;
    case ASGI_KIND_PATH: return 5;
    default: return 0;
    }
}

const roost_signature *roost_signature_make(const char *kinds, size_t count)
{
    roost_signature *signature = count <= ASGI_MAX_ARGUMENTS ? calloc(1, sizeof *signature) : NULL;
    size_t at;
    if (!signature) return NULL;
    signature->count = count;
    signature->types[0] = &ffi_type_pointer;
    for (at = 0; at < count; at++) {
        signature->kinds[at] = kinds[at];
        switch (kinds[at]) {
        case ASGI_KIND_INT: signature->types[at + 1] = &ffi_type_sint64; break;
        case ASGI_KIND_DOUBLE: signature->types[at + 1] = &ffi_type_double; break;
        default: signature->types[at + 1] = &ffi_type_pointer; break;
        }
    }
    signature->direct = count > 2 ? -1 : 0;
    for (at = 0; at < count && count <= 2; at++) signature->direct = signature->direct * 6 + digit(kinds[at]);
    if (ffi_prep_cif(&signature->call, FFI_DEFAULT_ABI, (unsigned)count + 1, &ffi_type_sint32, signature->types) != FFI_OK) {
        free(signature);
        return NULL;
    }
    return signature;
}

int roost_signature_is_direct(const roost_signature *signature) { return signature->direct >= 0; }

static asgi_result call_by_ffi(const roost_signature *signature, asgi_view view, asgi_request *request, const asgi_argument *arguments)
{
    const void *pointers[ASGI_MAX_ARGUMENTS];
    void *values[ASGI_MAX_ARGUMENTS + 1];
    /* libffi widens a result that is narrower than a register (its manual, "Simple Example"). */
    ffi_arg result = 0;
    size_t at;
    values[0] = &request;
    for (at = 0; at < signature->count; at++) {
        const asgi_argument *argument = &arguments[at];
        switch (signature->kinds[at]) {
        case ASGI_KIND_INT: values[at + 1] = (void *)&argument->value.integer; break;
        case ASGI_KIND_DOUBLE: values[at + 1] = (void *)&argument->value.number; break;
        default:
            /* All members of the union begin at the same address. */
            pointers[at] = &argument->value;
            values[at + 1] = &pointers[at];
            break;
        }
    }
    /* ffi_call only reads the call interface. */
    ffi_call((ffi_cif *)&signature->call, FFI_FN(view), &result, values);
    return (asgi_result)(ffi_sarg)result;
}

/* One case for each pair of kinds, so that the function is called with its exact type. */
#define TYPE_1 int64_t
#define TYPE_2 double
#define TYPE_3 const asgi_string *
#define TYPE_4 const asgi_uuid *
#define TYPE_5 const asgi_subpath *
#define VALUE_1(at) arguments[at].value.integer
#define VALUE_2(at) arguments[at].value.number
#define VALUE_3(at) &arguments[at].value.string
#define VALUE_4(at) &arguments[at].value.uuid
#define VALUE_5(at) &arguments[at].value.subpath
#define CASE(a) \
    case a: return ((asgi_result(*)(asgi_request *, TYPE_##a))view)(request, VALUE_##a(0));
#define CASE_2(a, b) \
    case a * 6 + b: return ((asgi_result(*)(asgi_request *, TYPE_##a, TYPE_##b))view)(request, VALUE_##a(0), VALUE_##b(1));
#define CASES(a) CASE(a) CASE_2(a, 1) CASE_2(a, 2) CASE_2(a, 3) CASE_2(a, 4) CASE_2(a, 5)

asgi_result roost_view_call(const roost_signature *signature, asgi_view view, asgi_request *request, const asgi_argument *arguments)
{
    switch (signature->direct) {
    case 0: return ((asgi_result(*)(asgi_request *))view)(request);
    CASES(1) CASES(2) CASES(3) CASES(4) CASES(5)
    default: return call_by_ffi(signature, view, request, arguments);
    }
}
