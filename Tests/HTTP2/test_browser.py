"""Pages in headless Chromium, over TLS."""

import sys
import unittest

from server import REPOSITORY, ROOST, Server, ServerTest, fields

# The tests of proxies have the browser.
sys.path.append(str(REPOSITORY / "Tests/Edge"))
from browser import chromium  # noqa: E402

PROTOCOL = 'performance.getEntriesByType("navigation")[0].nextHopProtocol'

# Reads a response part by part. Returns its size and the number of parts.
STREAM = """async path => {
    const reader = (await fetch(path)).body.getReader()
    let size = 0, parts = 0
    for (;;) {
        const {done, value} = await reader.read()
        if (done) return [size, parts]
        size += value.length
        parts += 1
    }
}"""

# Sends a body as a stream, which Chromium does over HTTP/2 only.
DUPLEX = """async parts => {
    const encoder = new TextEncoder()
    const body = new ReadableStream({
        pull(controller) {
            if (parts.length) controller.enqueue(encoder.encode(parts.shift()))
            else controller.close()
        }})
    const response = await fetch("/echo", {method: "POST", body, duplex: "half"})
    return await response.text()
}"""

SOCKET = """path => new Promise((resolve, reject) => {
    const socket = new WebSocket(`wss://${location.host}${path}`, ["one", "two"])
    socket.onmessage = event => { resolve([socket.protocol, event.data]); socket.close() }
    socket.onerror = () => reject(new Error("no WebSocket"))
})"""

# Opens a WebSocket, and closes it with a code if there is one. Returns how it was closed.
CLOSED = """([path, code]) => new Promise(resolve => {
    const socket = new WebSocket(`wss://${location.host}${path}`)
    if (code) socket.onopen = () => socket.close(code)
    socket.onclose = event => resolve([event.code, event.reason, event.wasClean])
})"""


class Browser(ServerTest):
    tls = True

    def page(self, browser, port=None, path="/version"):
        context = browser.new_context(ignore_https_errors=True)
        page = context.new_page()
        page.problems = []
        page.on("console", lambda message: message.type == "error" and page.problems.append(message.text))
        page.on("pageerror", lambda error: page.problems.append(str(error)))
        page.goto(f"https://localhost:{port or self.server.tls_port}{path}")
        self.assertEqual(page.evaluate(PROTOCOL), "h2")
        return page

    def test_requests(self):
        with chromium() as browser:
            page = self.page(browser)
            self.assertEqual(page.inner_text("body"), "1")
            size, parts = page.evaluate(STREAM, "/parts?2000")
            self.assertEqual(size, 2000000)
            self.assertGreater(parts, 1)
            self.assertEqual(page.evaluate(DUPLEX, ["up, ", "and down"]), "up, and down")
            statuses = page.evaluate(
                "async () => (await Promise.all([...Array(300).keys()].map(n => fetch(`/size?${n}`)))).map(r => r.status)")
            self.assertEqual(statuses, [200] * 300)
            scope = fields(page.evaluate("async () => (await fetch('/scope', {headers: {'x-a': '1'}})).text()"))
            self.assertEqual((scope["http_version"], scope["scheme"], dict(scope["headers"])["x-a"]), ("2", "https", "1"))
            self.assertEqual(dict(scope["headers"])["host"], f"localhost:{self.server.tls_port}")
            self.assertEqual(page.problems, [])

    def test_aborted_request(self):
        with chromium() as browser:
            page = self.page(browser)
            page.evaluate("""() => {
                const abort = new AbortController()
                const answer = fetch("/wait?browser", {signal: abort.signal}).catch(error => error.name)
                return fetch("/version").then(() => { abort.abort(); return answer })
            }""")
            self.server.output.wait_for("disconnected /wait?browser")

    def test_websocket(self):
        """the browser uses the connection of the page (RFC 8441)"""
        with chromium() as browser:
            page = self.page(browser)
            protocol, text = page.evaluate(SOCKET, "/scope")
            scope = fields(text)
            self.assertEqual((protocol, scope["http_version"], scope["scheme"]), ("two", "2", "wss"))
            self.assertEqual(page.problems, [])

    def test_closed_websocket(self):
        """the browser takes a close by either side for a clean one"""
        with chromium() as browser:
            page = self.page(browser)
            self.assertEqual(page.evaluate(CLOSED, ["/close", None]), [4000, "enough", True])
            self.assertEqual(page.evaluate(CLOSED, ["/left", 3001]), [3001, "", True])
            self.server.output.wait_for("socket disconnected /left? 3001")
            self.assertEqual(page.problems, [])

    def test_chat(self):
        """two people in a room"""
        server = Server(tls=True, module=ROOST.parent / "libChat.so")
        self.addCleanup(server.stop)
        with chromium() as browser:
            pages = [self.page(browser, server.tls_port, "/room") for _ in range(2)]
            for page, name in zip(pages, ("Ada", "Grace")):
                page.fill("#input", name)
                page.press("#input", "Enter")
                page.wait_for_selector("#state:text('connected')")
            for page in pages:
                page.wait_for_function("document.querySelectorAll('#people li').length === 2")
            pages[0].fill("#input", "Hello over one connection")
            pages[0].press("#input", "Enter")
            for page in pages:
                page.wait_for_selector("#messages li:has-text('Hello over one connection')")
                self.assertEqual(page.problems, [])
            pages[1].screenshot(path=REPOSITORY / ".build/h2/chat.png")


if __name__ == "__main__":
    unittest.main()
