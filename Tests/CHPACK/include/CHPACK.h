/* Decodes header blocks of HTTP/2 for tests, by libnghttp2. SPDX-License-Identifier: Apache-2.0 */
#ifndef CHPACK_H
#define CHPACK_H

#include <stddef.h>
#include <stdint.h>

typedef struct hpack hpack;
hpack *hpack_make(void);
void hpack_destroy(hpack *decoder);

/* Calls `field` for each field of a complete block. Returns 0, or below zero for a malformed block. */
int hpack_decode(hpack *decoder, const uint8_t *block, size_t size, void *context,
                 void (*field)(void *context, const uint8_t *name, size_t name_size, const uint8_t *value, size_t value_size));

#endif
