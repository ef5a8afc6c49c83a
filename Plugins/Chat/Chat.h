/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CHAT_H
#define CHAT_H

#include <asgi.h>

/* Sends the page of a room. */
asgi_result chat_page(const asgi_scope *scope, asgi_send send);

/* Responds with a line of text; 405 also names the allowed methods. */
asgi_result chat_refuse(const asgi_scope *scope, asgi_send send, int32_t status, const char *line);

#endif
