"""The lifespan protocol of one application (asgi.md 1.4)."""

import asyncio


class StartupFailure(Exception):
    """The application's startup has failed."""


class Lifespan:
    """Runs the lifespan coroutine of an application.

    mode: auto: an application that raises before its first receive has no lifespan. on: it must have one. off: it is
    not called.
    """

    def __init__(self, application, version: str, mode: str, report):
        self.application = application
        self.version = version
        self.mode = mode
        self.report = report  # report(text, exception): writes an error to the log
        self.state = {}
        self.task = None
        self.received = False  # the application has called receive
        self.events = asyncio.Queue()
        self.started = None  # futures
        self.ended = None

    async def receive(self):
        self.received = True
        return await self.events.get()

    async def send(self, event):
        kind = event["type"]
        if kind == "lifespan.startup.complete":
            self._answer(self.started, None, kind)
        elif kind == "lifespan.startup.failed":
            self._answer(self.started, self._reason(event), kind)
        elif kind == "lifespan.shutdown.complete":
            self._answer(self.ended, None, kind)
        elif kind == "lifespan.shutdown.failed":
            self._answer(self.ended, self._reason(event), kind)
        else:
            raise ValueError(f"unknown ASGI event type {kind!r}")

    @staticmethod
    def _reason(event) -> str:
        """The last line: Starlette sends a traceback as the message, and raises the exception too, which is logged."""
        lines = str(event.get("message", "")).strip().splitlines()
        return lines[-1] if lines else "no reason given"

    @staticmethod
    def _answer(future, result, kind):
        if future is None or future.done():
            raise RuntimeError(f"unexpected ASGI event {kind!r}")
        future.set_result(result)

    async def _run(self):
        """Calls the application, and completes what the server waits for when it ends."""
        scope = {"type": "lifespan", "asgi": {"version": self.version, "spec_version": "2.0"}, "state": self.state}
        error = None
        try:
            await self.application(scope, self.receive, self.send)
        except asyncio.CancelledError:
            pass
        except BaseException as raised:
            error = raised
        if not self.started.done():
            if self.mode == "auto" and not self.received:
                self.started.set_result(None)  # no support for the lifespan: not an error
            elif error is not None:
                self.report("exception in the application's startup", error)
                self.started.set_result(f"{type(error).__name__}: {error}")
            elif self.mode == "auto":
                self.started.set_result(None)
            else:
                self.started.set_result("the application returned from its lifespan before the startup was complete")
        elif self.ended is None:
            if error is not None:
                self.report("exception in the application's lifespan", error)
        elif not self.ended.done():
            if error is not None:
                self.report("exception in the application's shutdown", error)
                self.ended.set_result(f"{type(error).__name__}: {error}")
            else:
                self.ended.set_result(None)

    async def startup(self) -> None:
        """Returns when the application is ready; raises StartupFailure."""
        if self.mode == "off":
            return
        self.started = asyncio.get_running_loop().create_future()
        self.events.put_nowait({"type": "lifespan.startup"})
        self.task = asyncio.create_task(self._run(), name="lifespan")
        failure = await self.started
        if failure is not None:
            raise StartupFailure(failure)

    async def shutdown(self) -> str | None:
        """Returns when the application has shut down: the reason of a failure, or None."""
        if self.task is None or self.task.done():
            return None
        self.ended = asyncio.get_running_loop().create_future()
        self.events.put_nowait({"type": "lifespan.shutdown"})
        return await self.ended
