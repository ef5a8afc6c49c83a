"""Channels: the chat of its tutorial."""

import json
import sys
import unittest

from django_site import CHAT_SETTINGS, DjangoTestCase
from support import PICTURES, browser, needs


@needs("channels", "daphne")
class ChatTests(DjangoTestCase):
    PROJECT = ("mysite", "chat", CHAT_SETTINGS)
    APPLICATION = "mysite.asgi:application"

    def joined(self, path: bytes):
        socket = self.server.websocket(path, [(b"origin", b"http://test")])
        self.addCleanup(socket.socket.close)
        self.assertEqual(socket.accept().status, 101)
        return socket

    def test_group(self):
        """a message goes to all members of a room, in order, for asynchronous and synchronous consumers"""
        for path in (b"/ws/chat/lobby/", b"/ws/sync/lounge/"):
            sockets = [self.joined(path) for _ in range(3)]
            other = self.joined(path[:-1] + b"_other/")
            for number in range(10):
                sockets[number % 3].text(json.dumps({"message": number}))
                for socket in sockets:
                    self.assertEqual(json.loads(socket.message()[1]), {"message": number})
            other.text(json.dumps({"message": "own"}))
            self.assertEqual(json.loads(other.message()[1]), {"message": "own"})
            for socket in (*sockets, other):
                socket.close()
                self.assertEqual(socket.close_code(), 1000)

    def test_member_lost(self):
        """a member whose connection is reset leaves the room"""
        stays, lost = self.joined(b"/ws/chat/lost/"), self.joined(b"/ws/chat/lost/")
        lost.reset()
        for number in range(3):
            stays.text(json.dumps({"message": number}))
            self.assertEqual(json.loads(stays.message()[1]), {"message": number})

    @needs("playwright")
    def test_two_windows(self):
        """a message of one browser window appears in the other, and vice versa"""
        with browser() as chromium:
            windows = [chromium.new_context().new_page() for _ in range(2)]
            for window in windows:
                window.goto(self.server.url + "/chat/")
                window.fill("#room-name-input", "lobby")
                with window.expect_navigation():
                    window.press("#room-name-input", "Enter")
                window.wait_for_function("chatSocket.readyState === WebSocket.OPEN")
            expected = ""
            for sender, text in enumerate(["Hello from the first window", "Grüße from the second window"]):
                windows[sender].fill("#chat-message-input", text)
                windows[sender].press("#chat-message-input", "Enter")
                expected += text + "\n"
                for window in windows:
                    window.wait_for_function(
                        "text => document.querySelector('#chat-log').value === text", arg=expected)
            for number, window in enumerate(windows, 1):
                version = f"{sys.version_info[0]}.{sys.version_info[1]}"
                window.screenshot(path=PICTURES / f"chat-{version}-window-{number}.png")


if __name__ == "__main__":
    unittest.main()
