/* The page, with its style and script, so that the module stays one file. SPDX-License-Identifier: Apache-2.0 */
#include "Chat.h"

static const char page[] =
    "<!doctype html>\n"
    "<html lang=\"en\">\n"
    "<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<title>Chat</title>\n"
    "<style>\n"
    ":root { color-scheme: light dark; --line: light-dark(#d8dce2, #33383f); --soft: light-dark(#5b6470, #9aa4b0);\n"
    "  --back: light-dark(#f5f6f8, #15181c); --card: light-dark(#fff, #1d2126); --accent: light-dark(#0b57d0, #8ab4f8); }\n"
    "* { box-sizing: border-box; }\n"
    "body { margin: 0; height: 100dvh; font: 16px/1.5 system-ui, sans-serif; background: var(--back); display: flex; flex-direction: column; }\n"
    "header { display: flex; gap: .75rem; align-items: baseline; padding: .6rem 1rem; border-bottom: 1px solid var(--line); background: var(--card); }\n"
    "h1 { font-size: 1.1rem; margin: 0; flex: 1; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }\n"
    "#state { color: var(--soft); font-size: .85rem; }\n"
    "#state.lost { color: light-dark(#a33b00, #ffb37a); }\n"
    "main { flex: 1; min-height: 0; display: grid; grid-template-columns: 1fr 12rem; }\n"
    "#messages { margin: 0; padding: 1rem; overflow-y: auto; list-style: none; }\n"
    "#messages li { margin: 0 0 .6rem; overflow-wrap: anywhere; white-space: pre-wrap; }\n"
    "#messages b { margin-right: .5rem; } #messages time { color: var(--soft); font-size: .8rem; }\n"
    "#messages p { margin: 0; }\n"
    "aside { border-left: 1px solid var(--line); padding: 1rem; overflow-y: auto; background: var(--card); }\n"
    "h2 { font-size: .85rem; color: var(--soft); margin: 0 0 .4rem; } #people { margin: 0; padding: 0; list-style: none; overflow-wrap: anywhere; }\n"
    "form { display: flex; gap: .5rem; padding: .75rem 1rem; border-top: 1px solid var(--line); background: var(--card); }\n"
    "input { flex: 1; min-width: 0; font: inherit; padding: .5rem .7rem; border: 1px solid var(--line); border-radius: .5rem; background: var(--back); color: inherit; }\n"
    "button { font: inherit; padding: .5rem 1rem; border: 0; border-radius: .5rem; background: var(--accent); color: light-dark(#fff, #0b1a33); }\n"
    "button:disabled { opacity: .5; } :focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }\n"
    "#refused { margin: 0; padding: 0 1rem; color: light-dark(#a3001b, #ff9aa8); } #refused:empty { display: none; }\n"
    "@media (max-width: 40rem) { main { grid-template-columns: 1fr; grid-template-rows: auto 1fr; }\n"
    "  aside { order: -1; border-left: 0; border-bottom: 1px solid var(--line); padding: .4rem 1rem; display: flex; gap: .6rem; max-height: 5rem; }\n"
    "  h2 { margin: 0; line-height: 1.75; } #people { display: flex; flex-wrap: wrap; gap: 0 .6rem; } }\n"
    "</style>\n"
    "<header><h1 id=\"room\">Chat</h1><span id=\"state\" role=\"status\">not connected</span></header>\n"
    "<main>\n"
    "  <ol id=\"messages\" aria-live=\"polite\" aria-label=\"Messages\"></ol>\n"
    "  <aside><h2>Here</h2><ul id=\"people\"></ul></aside>\n"
    "</main>\n"
    "<p id=\"refused\" role=\"alert\"></p>\n"
    "<form id=\"form\"><input id=\"input\" autocomplete=\"off\" maxlength=\"1000\" aria-label=\"Your name\" placeholder=\"Your name\" autofocus><button id=\"button\">Enter</button></form>\n"
    "<script>\n"
    "'use strict';\n"
    "const at = id => document.getElementById(id);\n"
    "const room = decodeURIComponent(location.pathname.split('/').pop()) || 'lobby';\n"
    "let name = sessionStorage.getItem('name') || '', socket = null, isIn = false, last = 0, pause = 500, timer = 0;\n"
    "at('room').textContent = document.title = 'Chat: ' + room;\n"
    "function show(message) {\n"
    "  if (message.number <= last) return;\n"
    "  last = message.number;\n"
    "  const list = at('messages'), isAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 60;\n"
    "  const item = document.createElement('li'), who = document.createElement('b'), when = document.createElement('time'), text = document.createElement('p');\n"
    "  who.textContent = message.name;\n"
    "  when.textContent = new Date(message.time).toLocaleTimeString([], {hour: '2-digit', minute: '2-digit'});\n"
    "  text.textContent = message.text;\n"
    "  item.append(who, when, text);\n"
    "  list.append(item);\n"
    "  while (list.children.length > 500) list.firstChild.remove();\n"
    "  if (isAtEnd) list.scrollTop = list.scrollHeight;\n"
    "}\n"
    "function showPeople(people) {\n"
    "  at('people').replaceChildren(...people.sort().map(person => {\n"
    "    const item = document.createElement('li');\n"
    "    item.textContent = person;\n"
    "    return item;\n"
    "  }));\n"
    "}\n"
    "function showState() {\n"
    "  const isOpen = socket && socket.readyState === 1;\n"
    "  at('state').textContent = isIn ? 'connected' : !name ? 'not connected' : isOpen ? 'entering' : 'connection lost, trying again';\n"
    "  at('state').className = name && !isIn && !isOpen ? 'lost' : '';\n"
    "  at('input').placeholder = at('input').ariaLabel = name ? 'Message' : 'Your name';\n"
    "  at('button').textContent = name ? 'Send' : 'Enter';\n"
    "  at('button').disabled = !!name && !isIn;\n"
    "}\n"
    "function connect() {\n"
    "  clearTimeout(timer);\n"
    "  if (socket) return;\n"
    "  socket = new WebSocket(location.href.replace(/^http/, 'ws').replace(/[?#].*/, ''));\n"
    "  socket.onopen = () => { socket.send('name ' + name); showState(); };\n"
    "  socket.onmessage = event => {\n"
    "    const message = JSON.parse(event.data);\n"
    "    if (message.type === 'room') { isIn = true; pause = 500; message.messages.forEach(show); showPeople(message.people); }\n"
    "    if (message.type === 'message') show(message);\n"
    "    if (message.type === 'people') showPeople(message.people);\n"
    "    at('refused').textContent = message.type === 'refused' ? message.text : '';\n"
    "    if (message.type === 'refused' && !isIn) { name = ''; sessionStorage.removeItem('name'); socket.close(); }\n"
    "    showState();\n"
    "  };\n"
    "  socket.onclose = event => {\n"
    "    socket = null;\n"
    "    isIn = false;\n"
    "    if (name) {\n"
    "      // 1012: what takes over remembers the room, and waits for its people.\n"
    "      timer = setTimeout(connect, event.code === 1012 ? 100 * Math.random() : pause * (0.5 + Math.random()));\n"
    "      pause = Math.min(pause * 2, 10000);\n"
    "    }\n"
    "    showState();\n"
    "  };\n"
    "}\n"
    "at('form').onsubmit = event => {\n"
    "  event.preventDefault();\n"
    "  const words = at('input').value.trim();\n"
    "  if (!words || (name && !isIn)) return;\n"
    "  if (name) socket.send('say ' + words);\n"
    "  else { name = words; sessionStorage.setItem('name', name); connect(); }\n"
    "  at('input').value = '';\n"
    "  showState();\n"
    "};\n"
    "addEventListener('online', () => name && connect());\n"
    "document.addEventListener('visibilitychange', () => !document.hidden && name && connect());\n"
    "if (name) connect();\n"
    "showState();\n"
    "</script>\n"
    "</html>\n";

/* Every response has this header. */
#define NOSNIFF {ASGI_STRING("x-content-type-options"), ASGI_STRING("nosniff")}

/* Sends a complete response. A client that has disconnected is not a failure. */
static asgi_result respond(const asgi_scope *scope, asgi_send send, int32_t status, const asgi_header *headers, size_t count, asgi_string body)
{
    asgi_event event = asgi_event_of(ASGI_HTTP_RESPONSE);
    asgi_result result;
    event.status = status;
    event.headers = headers;
    event.header_count = count;
    event.body = body;
    result = send(scope->id, &event, NULL, NULL);
    return result == ASGI_PENDING || result == ASGI_GONE ? ASGI_DONE : result;
}

asgi_result chat_page(const asgi_scope *scope, asgi_send send)
{
    static const asgi_header headers[] = {
        {ASGI_STRING("content-type"), ASGI_STRING("text/html; charset=utf-8")},
        NOSNIFF,
        {ASGI_STRING("content-security-policy"),
         ASGI_STRING("default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self';"
                     " base-uri 'none'; form-action 'none'; frame-ancestors 'none'")},
        {ASGI_STRING("referrer-policy"), ASGI_STRING("no-referrer")}};
    asgi_string body = {page, sizeof page - 1};
    return respond(scope, send, 200, headers, sizeof headers / sizeof headers[0], body);
}

asgi_result chat_refuse(const asgi_scope *scope, asgi_send send, int32_t status, const char *line)
{
    /* The last header is for 405 only (RFC 9110 section 15.5.6). */
    static const asgi_header headers[] = {{ASGI_STRING("content-type"), ASGI_STRING("text/plain; charset=utf-8")},
                                          NOSNIFF,
                                          {ASGI_STRING("allow"), ASGI_STRING("GET, HEAD")}};
    return respond(scope, send, status, headers, status == 405 ? 3 : 2, asgi_text(line));
}
