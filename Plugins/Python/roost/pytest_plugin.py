"""A fixture of pytest: `roost_server` starts servers for a test."""

import pytest

from roost.server import Server


@pytest.fixture
def roost_server():
    """A function that starts a server, with the arguments of `roost.Server`, and returns it.

        def test_page(roost_server):
            server = roost_server("main:app")
            assert urllib.request.urlopen(server.url).status == 200

    The servers stop at the end of the test.
    """
    servers = []

    def start(app, **options):
        server = Server(app, **options)
        server.start()
        servers.append(server)
        return server

    yield start
    for server in reversed(servers):
        server.stop()
