"""Several applications in one process: one event loop, a lifespan for each."""

import unittest

from harness import Server

SOURCE = """
import asyncio
lifespans, loops = 0, set()
async def application(scope, receive, send):
    global lifespans
    loops.add(id(asyncio.get_running_loop()))
    if scope["type"] == "lifespan":
        await receive()
        lifespans += 1
        scope["state"]["number"] = lifespans
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await asyncio.sleep(0.02)
        print("shutdown", scope["state"]["number"], flush=True)
        await send({"type": "lifespan.shutdown.complete"})
        return
    await asyncio.sleep(0.001)
    body = f"{scope['root_path']} {scope['path']} {len(loops)} {lifespans}".encode()
    if scope["path"].endswith("/number"):
        body = b"%d" % scope["state"]["number"]
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})
"""
APPLICATIONS = [{"module": "builtin:python", "mount": mount} for mount in ("/", "/two", "/three")]


class ApplicationsTests(unittest.TestCase):
    def test_applications_share_the_loop_and_have_their_own_lifespan(self):
        with Server(SOURCE, host={"applications": APPLICATIONS}) as server:
            self.assertEqual(server.get(b"/a").body, b" /a 1 3")
            self.assertEqual(server.get(b"/two/a").body, b"/two /two/a 1 3")
            numbers = {server.get(path).body for path in (b"/number", b"/two/number", b"/three/number")}
            self.assertEqual(numbers, {b"1", b"2", b"3"})
            self.assertEqual(server.stop(), 0)
            log = server.log()
            self.assertEqual([log.count(f"shutdown {number}") for number in (1, 2, 3)], [1, 1, 1], log)
            self.assertNotIn("Traceback", log)


if __name__ == "__main__":
    unittest.main()
