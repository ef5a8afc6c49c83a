/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CHAT_H
#define CHAT_H

#include <asgi.h>

/* Answers the page of a room. */
asgi_result chat_page(const asgi_scope *scope, asgi_send send);

#endif
