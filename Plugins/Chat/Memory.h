/* State transfer to the next generation of the chat: asgi.state/1. SPDX-License-Identifier: Apache-2.0 */
#ifndef CHAT_MEMORY_H
#define CHAT_MEMORY_H

#include <asgi.h>

extern const asgi_state chat_state;

#endif
