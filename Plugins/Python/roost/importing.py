"""Imports an application by `module:attribute`, and finds out which protocol it speaks."""

import importlib
import inspect
import os
import sys


class ImportFailure(Exception):
    """The application cannot be imported. The message says what to do; the cause has the traceback, if there is one."""


def add_app_dir(directory: str) -> None:
    """Puts the folder of the application in front of sys.path, as `uvicorn --app-dir` does."""
    directory = os.path.abspath(directory)
    if directory not in sys.path:
        sys.path.insert(0, directory)


def import_application(name: str):
    """Returns the object that `module:attribute` names."""
    module_name, _, attribute = name.partition(":")
    if not module_name or not attribute:
        raise ImportFailure(f"invalid application {name!r}: write it as 'module:attribute', like 'wiki.asgi:application'")
    try:
        target = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        # The application's own module, or one that it imports?
        if error.name and (module_name == error.name or module_name.startswith(error.name + ".")):
            raise ImportFailure(
                f"no module {error.name!r}; set --app-dir to the folder that contains it, or fix the name {name!r}"
            ) from error
        if error.name and error.name.partition(".")[0] == module_name.partition(".")[0]:
            raise ImportFailure(f"no module {error.name!r}, which {module_name!r} needs; fix the name") from error
        raise ImportFailure(
            f"{module_name!r} imports {error.name!r}, which {sys.executable} does not have; install it there"
        ) from error
    except BaseException as error:
        raise ImportFailure(f"{module_name!r} cannot be imported: {type(error).__name__}; fix the error above") from error
    for part in attribute.split("."):
        try:
            target = getattr(target, part)
        except AttributeError as error:
            raise ImportFailure(f"module {module_name!r} has no {attribute!r}; fix the name {name!r}") from error
    return target


def call_factory(factory, name: str):
    """Returns the application that a factory makes."""
    try:
        return factory()
    except BaseException as error:
        raise ImportFailure(f"the factory {name!r} has raised {type(error).__name__}; fix the error above") from error


def refuse_gevent() -> None:
    """Raises if gevent has replaced parts of the standard library: its hub would block the event loop."""
    monkey = sys.modules.get("gevent.monkey")
    if monkey is not None and monkey.is_module_patched("socket"):
        raise ImportFailure("gevent has patched the standard library, which Roost's event loop does not support; "
                            "remove gevent.monkey.patch_all()")


def _positional(function) -> int | None:
    """The number of positional parameters of a callable; None if it is unknown or not fixed."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return None
    if any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters):
        return None
    return sum(parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
               and parameter.default is parameter.empty for parameter in parameters)


def is_asgi2(application) -> bool:
    """Whether an application is of ASGI 2: a callable of the scope that returns a callable of receive and send.

    The rule is Uvicorn's. In addition a plain function of three parameters is ASGI 3: decorators without `async` make
    such functions.
    """
    if inspect.isclass(application):
        return not hasattr(application, "__await__")
    if inspect.isfunction(application):
        if inspect.iscoroutinefunction(application):
            return False
    elif inspect.iscoroutinefunction(getattr(application, "__call__", None)):
        return False
    return _positional(application) not in (3, None)


def interface_of(application, name: str, interface: str) -> str:
    """Returns the protocol of an application: asgi3, asgi2 or wsgi. `interface`: the setting, which may be auto or asgi.

    A callable of two positional parameters is one of WSGI: environ and start_response.
    """
    if not callable(application):
        raise ImportFailure(f"{name!r} is {type(application).__name__}, not a callable; name the application")
    if interface in ("asgi3", "asgi2", "wsgi"):
        return interface
    if not is_asgi2(application):
        return "asgi3"
    count = _positional(application)
    if count == 2 and interface == "asgi":
        raise ImportFailure(f"{name!r} takes two arguments, as a WSGI application does; use --interface wsgi")
    if count == 2:
        return "wsgi"
    if count == 0:
        raise ImportFailure(f"{name!r} takes no arguments; if it returns the application, add --factory "
                            "(factory: true in a settings file)")
    return "asgi2"


def asgi2_as_asgi3(application):
    """Returns an application of ASGI 2 as one of ASGI 3."""

    async def double_callable(scope, receive, send):
        await application(scope)(receive, send)

    return double_callable
