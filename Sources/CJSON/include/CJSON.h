/* asgi.json/1, implemented with nlohmann-json. SPDX-License-Identifier: Apache-2.0 */
#ifndef CJSON_H
#define CJSON_H

#include "asgi_json.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Returns the function table, valid for the life of the process. [any] */
const asgi_json_functions *roost_json_functions(void);

/* asgi_json_functions.parse with a maximum number of values. [any] */
const asgi_json *roost_json_parse(const asgi_string *text, size_t most, asgi_string *fault);

#ifdef __cplusplus
}
#endif
#endif
