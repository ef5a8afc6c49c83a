"""--cancel-on-disconnect: the task of a request whose client has disconnected."""

import socket
import unittest

from harness import Server


class CancelOnDisconnectTests(unittest.TestCase):
    SOURCE = """
    import asyncio
    released = asyncio.Event()
    async def application(scope, receive, send):
        if scope["type"] == "lifespan":
            raise RuntimeError
        try:
            if scope["path"] == "/read":
                await receive()
            if scope["path"] in ("/done", "/release"):
                await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
                await send({"type": "http.response.body", "body": b"ok"})
                if scope["path"] == "/release":
                    released.set()
                await released.wait()
                print("complete" + scope["path"], flush=True)
                return
            print("waiting" + scope["path"], flush=True)
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            print("cancelled" + scope["path"], flush=True)
            raise
    """

    def test_a_disconnect_cancels_the_task(self):
        with Server(self.SOURCE, cancel_on_disconnect=True) as server:
            for path in ("/read", "/deaf"):
                with server.client() as client:
                    client.start(b"GET", path.encode())
                    server.wait_for_log("waiting" + path)
                    client.reset()
                server.wait_for_log("cancelled" + path)
            with server.client() as client:
                self.assertEqual(client.request(b"GET", b"/done").body, b"ok")
                # The server closes its side when it has seen the end of the client's.
                client.socket.shutdown(socket.SHUT_WR)
                self.assertEqual(client.rest(), b"")
            self.assertNotIn("complete/done", server.log())
            server.get(b"/release")
            server.wait_for_log("complete/done")
            self.assertEqual(server.stop(), 0)
            self.assertNotIn("Traceback", server.log())
            self.assertNotIn("cancelled/done", server.log())

    def test_a_request_that_ends_with_its_pending_receive_is_released_once(self):
        source = """
import asyncio
gate = asyncio.Event()
async def application(scope, receive, send):
    if scope["type"] != "http":
        raise RuntimeError
    await receive()
    if scope["path"] == "/slow":
        print("slow", flush=True)
        await gate.wait()
    gate.set()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"x"})
"""
        with Server(source, cancel_on_disconnect=True) as server:
            with server.client() as client:
                client.start(b"GET", b"/slow")
                server.wait_for_log("slow")
            for _ in range(5):
                self.assertEqual(server.get(b"/").body, b"x")
            self.assertEqual(server.stop(), 0)

    def test_without_the_option_the_task_goes_on_until_the_drain_timeout(self):
        with Server(self.SOURCE, host={"timeout-graceful-shutdown": 1}) as server:
            with server.client() as client:
                client.start(b"GET", b"/deaf")
                server.wait_for_log("waiting/deaf")
                client.reset()
            self.assertEqual(server.get(b"/release").body, b"ok")
            self.assertNotIn("cancelled", server.log())
            self.assertEqual(server.stop(), 0)
            self.assertIn("cancelled/deaf", server.log())
            self.assertNotIn("Traceback", server.log())


if __name__ == "__main__":
    unittest.main()
