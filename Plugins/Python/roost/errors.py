"""The exception of a disconnected client, and exceptions of applications as text."""

import traceback

# What frameworks raise when `send` has raised an OSError; by name, since the bridge imports no framework.
_CONSEQUENCES = {"ClientDisconnect", "WebSocketDisconnect", "RequestAborted"}


class ClientDisconnected(ConnectionResetError):
    """Raised by `send` when the client has disconnected. The server does not log it as a failure."""


def is_disconnect(exception: BaseException) -> bool:
    """Whether an exception is ClientDisconnected, a group of nothing else, or a framework's translation of it."""
    if isinstance(exception, BaseExceptionGroup):
        return all(is_disconnect(inner) for inner in exception.exceptions)
    depth = 0
    while type(exception).__name__ in _CONSEQUENCES and exception.__context__ is not None and depth < 8:
        exception = exception.__context__
        depth += 1
    return isinstance(exception, ClientDisconnected)


def format_exception(exception: BaseException) -> str:
    """Returns the traceback of an exception, without the newline at its end."""
    return "".join(traceback.format_exception(exception)).rstrip("\n")
