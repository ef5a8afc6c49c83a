"""Gates, which a test opens by creating a file, and the events that applications record for GET /events."""

import asyncio
import os
import time

events = []


def taken() -> list:
    """The events since the last call."""
    found = events[:]
    events.clear()
    return found


async def opened(path):
    """Returns when the file exists."""
    while not os.path.exists(path):
        await asyncio.sleep(0.005)


def opened_in_thread(path):
    """The same for synchronous code."""
    while not os.path.exists(path):
        time.sleep(0.005)


async def background(path):
    """A background task: it ends when the gate is opened."""
    events.append("background started")
    await opened(path)
    events.append("background finished")
    print("the background task has finished", flush=True)
