/* Text that grows, and JSON in it. SPDX-License-Identifier: Apache-2.0 */
#ifndef CHAT_TEXT_H
#define CHAT_TEXT_H

#include <asgi.h>

/* Zero is an empty one; text_free gives its memory back. Without memory it stays as it is, and `failed` says so. */
typedef struct text {
    char *data;
    size_t size, capacity;
    int failed;
} text;

void text_free(text *t);
void text_add(text *t, const char *literal);
void text_add_bytes(text *t, asgi_string bytes);
void text_add_number(text *t, uint64_t number);
/* A JSON string with its quotes; `bytes` is UTF-8. */
void text_add_json(text *t, asgi_string bytes);
asgi_string text_string(const text *t);

#endif
