/* asgi.json/1, by nlohmann's library. SPDX-License-Identifier: Apache-2.0 */
#ifndef CJSON_H
#define CJSON_H

#include "asgi_json.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The table; valid for the life of the process. */
const asgi_json_functions *roost_json_functions(void);

/* Its parse, of a text that has at most so many values. */
const asgi_json *roost_json_parse(const asgi_string *text, size_t most, asgi_string *fault);

#ifdef __cplusplus
}
#endif
#endif
