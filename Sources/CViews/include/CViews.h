/* Calls of views by their signatures. SPDX-License-Identifier: Apache-2.0 */
#ifndef CVIEWS_H
#define CVIEWS_H

#include "asgi_fields.h"

/* A prepared call interface; valid for the life of the process. */
typedef struct roost_signature roost_signature;

/* Prepares the signature of a view with these kinds of arguments after the request, at most ASGI_MAX_ARGUMENTS. Called
 * on one thread at a time, since libffi may write to its types. Returns NULL if there is not enough memory, or the
 * system's libffi does not support the signature. */
const roost_signature *roost_signature_make(const char *kinds, size_t count);

/* Returns whether views of this signature are called without libffi. */
int roost_signature_is_direct(const roost_signature *signature);

/* Calls a view of this signature. [any] */
asgi_result roost_view_call(const roost_signature *signature, asgi_view view, asgi_request *request, const asgi_argument *arguments);

/* Calls a view that takes its arguments as an array (ASGI_URL_PLAIN). [any] */
static inline asgi_result roost_plain_view_call(asgi_view view, asgi_request *request, const asgi_argument *arguments, size_t count)
{
    return ((asgi_plain_view)view)(request, arguments, count);
}

/* What a scope keeps for its view. */
typedef struct roost_view {
    asgi_request request;
    asgi_argument arguments[ASGI_MAX_ARGUMENTS];
    void *details; /* an object of the caller, made on demand; NULL if none was made */
} roost_view;

static inline size_t roost_view_size(void) { return sizeof(roost_view); }
static inline asgi_argument *roost_view_arguments(roost_view *view) { return view->arguments; }
static inline void roost_view_reset(roost_view *view)
{
    asgi_request empty = {0, 0, NULL, NULL, NULL, NULL, NULL, NULL, {NULL, 0}, 0, NULL};
    view->request = empty;
    view->request.size = (uint32_t)sizeof view->request;
    view->request.arguments = view->arguments;
}

/* Access to `details`. roost_view_keep stores the first object that is made, and returns the stored one: if two threads
 * make one, the second must use that of the first. */
static inline void *roost_view_details(roost_view *view) { return __atomic_load_n(&view->details, __ATOMIC_ACQUIRE); }
static inline void *roost_view_keep(roost_view *view, void *details)
{
    void *there = NULL;
    return __atomic_compare_exchange_n(&view->details, &there, details, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE) ? details : there;
}
static inline void *roost_view_take(roost_view *view) { return __atomic_exchange_n(&view->details, NULL, __ATOMIC_ACQ_REL); }

/* Sizes of growing structs in this version of the header, and whether a given struct has a field. */
static inline int asgi_urls_has_rows(const asgi_urls *given) { return ASGI_HAS(given, count); }
static inline int asgi_url_has_view(const asgi_url *given) { return ASGI_HAS(given, view); }
static inline size_t asgi_views_size(void) { return sizeof(asgi_views); }
static inline size_t asgi_json_functions_size(void) { return sizeof(asgi_json_functions); }
static inline size_t asgi_refusal_size(void) { return sizeof(asgi_refusal); }
static inline size_t asgi_cookie_size(void) { return sizeof(asgi_cookie); }
static inline int asgi_cookie_has_value(const asgi_cookie *given) { return ASGI_HAS(given, value); }

#endif
