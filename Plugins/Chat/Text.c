/* SPDX-License-Identifier: Apache-2.0 */
#include "Text.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void text_free(text *t)
{
    free(t->data);
    memset(t, 0, sizeof *t);
}

asgi_string text_string(const text *t)
{
    asgi_string string = {t->data, t->size};
    return string;
}

void text_add_bytes(text *t, asgi_string bytes)
{
    if (t->failed || bytes.size == 0) return;
    if (bytes.size > t->capacity - t->size) {
        size_t capacity = (t->size + bytes.size) * 2;
        char *data = (char *)realloc(t->data, capacity);
        if (data == NULL) {
            t->failed = 1;
            return;
        }
        t->data = data;
        t->capacity = capacity;
    }
    memcpy(t->data + t->size, bytes.data, bytes.size);
    t->size += bytes.size;
}

void text_add(text *t, const char *literal) { text_add_bytes(t, asgi_text(literal)); }

void text_add_number(text *t, uint64_t number)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%llu", (unsigned long long)number);
    text_add(t, digits);
}

void text_add_json(text *t, asgi_string bytes)
{
    size_t at, plain = 0;
    text_add(t, "\"");
    for (at = 0; at < bytes.size; at++) {
        unsigned char byte = (unsigned char)bytes.data[at];
        char escape[8];
        asgi_string before = {bytes.data + plain, at - plain};
        if (byte >= 0x20 && byte != '"' && byte != '\\') continue;
        text_add_bytes(t, before);
        snprintf(escape, sizeof escape, "\\u%04x", byte);
        text_add(t, escape);
        plain = at + 1;
    }
    bytes.data += plain;
    bytes.size -= plain;
    text_add_bytes(t, bytes);
    text_add(t, "\"");
}
