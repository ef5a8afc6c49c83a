/* A module that sets the locale of the process, as GUI toolkits do, before a request reads or writes numbers.
 * SPDX-License-Identifier: Apache-2.0 */
#include <asgi_urls.h>
#include <locale.h>

__attribute__((constructor)) static void begin(void) { setlocale(LC_ALL, ""); }

/* Responds with the decimal point of the process's locale. */
static asgi_result point(asgi_request *r) { return asgi_reply(r, 200, "text/plain", asgi_text(localeconv()->decimal_point)); }

static asgi_result echo(asgi_request *r)
{
    const asgi_json *json = asgi_body_json(r);
    return json ? r->views->reply_json(r->scope->id, 200, json) : ASGI_FAILED;
}

static asgi_result sum(asgi_request *r, double in_path, double in_field)
{
    asgi_json value = {ASGI_JSON_NUMBER, 0, {NULL, 0}, 0, 0, {NULL, 0}, NULL, 0};
    value.number = in_path + in_field;
    return r->views->reply_json(r->scope->id, 200, &value);
}

/* Sets the locale of the calling thread only; asgi.json/1 must restore it. */
static asgi_result thread(asgi_request *r)
{
    locale_t before = uselocale(newlocale(LC_ALL_MASK, "", (locale_t)0)), during = uselocale((locale_t)0);
    asgi_json value = {ASGI_JSON_NUMBER, 0, {NULL, 0}, 0, 0, {NULL, 0}, NULL, 0};
    asgi_result result;
    value.number = 2.5;
    result = r->views->reply_json(r->scope->id, 200, &value);
    if (uselocale(before) != during) return ASGI_FAILED;
    freelocale(during);
    return result;
}

static const asgi_url urls[] = {
    ASGI_URL("point", point, "point"),
    ASGI_URL("echo json", echo, "echo"),
    ASGI_URL("sum/<float:a> json <float:b>", sum, "sum", ASGI_DOUBLE, ASGI_DOUBLE),
    ASGI_URL("thread", thread, "thread"),
};
ASGI_APPLICATION(urls, "locale", "1")
