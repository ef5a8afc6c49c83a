"""Text, beside a thread that computes without end."""

import threading

from hello import application as inner


def compute():
    while True:
        sum(range(500))


thread = threading.Thread(target=compute, daemon=True)


async def application(scope, receive, send):
    if scope["type"] == "http" and thread.ident is None:
        thread.start()
    await inner(scope, receive, send)
