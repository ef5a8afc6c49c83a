/* Growable text, and JSON. SPDX-License-Identifier: Apache-2.0 */
#ifndef CHAT_TEXT_H
#define CHAT_TEXT_H

#include <asgi.h>

/* A zero-initialized text is empty; text_free frees it. If memory runs out, the text stays as it is and sets `failed`. */
typedef struct text {
    char *data;
    size_t size, capacity;
    int failed;
} text;

void text_free(text *t);
void text_add(text *t, const char *literal);
void text_add_bytes(text *t, asgi_string bytes);
void text_add_number(text *t, uint64_t number);
/* Adds a JSON string with its quotes; `bytes` must be UTF-8. */
void text_add_json(text *t, asgi_string bytes);
asgi_string text_string(const text *t);

#endif
