"""An application of WSGI that computes for ?seconds, and shows its process."""

import os
import time


def app(environ, start_response):
    end = time.monotonic() + float(environ["QUERY_STRING"] or 0)
    while time.monotonic() < end:
        pass
    start_response("200 OK", [])
    return [str(os.getpid()).encode()]
