"""Starts the applications of this process, one for each lifespan of the host."""

import asyncio
import atexit
import dataclasses
import json
import sys

from roost import _bridge, django_project, importing, log_configuration, loops, wsgi
from roost.errors import ClientDisconnected, format_exception
from roost.lifespan import Lifespan, StartupFailure

_ERROR = 40
_WARNING = 30


@dataclasses.dataclass
class Settings:
    """The settings of an application, as the host gives them by the key "roost.python"."""

    application: str
    interface: str = "auto"
    factory: bool = False
    app_dir: str = "."
    loop: str = "auto"
    lanes: bool = True
    lifespan: str = "auto"
    cancel_on_disconnect: bool = False
    wsgi_threads: int = 8
    limit_wsgi: int = 1024
    log_config: str = ""

    @classmethod
    def of(cls, application) -> "Settings":
        text = application.setting("roost.python") or Process.settings
        if text is None:
            raise importing.ImportFailure("the host names no Python application (roost.python)")
        values = json.loads(text)
        known = {field.name for field in dataclasses.fields(cls)}
        settings = cls(**{key: value for key, value in values.items() if key in known})
        settings.lifespan = application.setting("roost.lifespan") or settings.lifespan
        return settings


class Process:
    """What all applications of the process share."""

    loop = None
    kind = None  # asyncio or uvloop
    exits = False  # the process leaves by _exit
    imports = None  # the file for the names of the imported modules
    settings = None  # the settings of an application for which the host has none, as JSON
    target = None  # the application, if the program gives it instead of a name
    refused = None  # why the last application was refused
    lifespans = set()  # the tasks; the event loop itself keeps none


def _report(application, text: str, error: BaseException | None) -> None:
    application.log(_ERROR, text if error is None else f"{text}\n{format_exception(error)}")


def _guest(application, settings: Settings):
    """Returns the event loop of the process; the first application decides which it is."""
    if Process.loop is None:
        # An application of WSGI does not use the event loop, so uvloop would cost memory and time for nothing.
        kind = "asyncio" if settings.loop == "auto" and _is_wsgi_name(settings) else settings.loop
        try:
            Process.loop = loops.start_guest(kind, settings.lanes)
        except ValueError as error:
            raise importing.ImportFailure(str(error)) from None
        Process.kind = "asyncio" if isinstance(Process.loop, asyncio.SelectorEventLoop) else "uvloop"
    elif not Process.loop._roost_guest:
        loops.enter_guest(Process.loop)
    elif settings.loop not in ("auto", Process.kind):
        application.log(_WARNING, f"applications of one worker share an event loop: loop={settings.loop} is ignored")
    return Process.loop


def _import(settings: Settings):
    """Imports the application and returns it."""
    if Process.target is not None:
        return importing.call_factory(Process.target, "factory") if settings.factory else Process.target
    with django_project.checked_settings_module(settings.application):
        target = importing.import_application(settings.application)
        if settings.factory:
            target = importing.call_factory(target, settings.application)
    return target


def _is_wsgi_name(settings: Settings) -> bool:
    """Whether an application is one of WSGI by its setting, or by a name like wiki.wsgi:application."""
    module = settings.application.partition(":")[0]
    return settings.interface == "wsgi" or settings.interface == "auto" and "wsgi" in module.split(".")


def _load(application, settings: Settings) -> None:
    """Imports the application, and fills in the attributes that the bridge reads for requests."""
    if Process.target is None:
        importing.add_app_dir(settings.app_dir)
    if settings.log_config:
        log_configuration.apply(settings.log_config)
    if _is_wsgi_name(settings):
        # Servers of WSGI have no running event loop: code may query a database by Django at its import.
        with loops.no_running_loop():
            target = _import(settings)
    else:
        target = _import(settings)
    django_project.import_urls()
    importing.refuse_gevent()
    interface = importing.interface_of(target, settings.application, settings.interface)
    application.function = importing.asgi2_as_asgi3(target) if interface == "asgi2" else target
    application.version = "2.0" if interface == "asgi2" else "3.0"
    application.cancel_on_disconnect = settings.cancel_on_disconnect
    if interface == "wsgi":
        wsgi.prepare(application, settings.wsgi_threads, settings.limit_wsgi)
        settings.lifespan = "off"  # WSGI has none


def _record_imports(application, settings: Settings) -> None:
    """Tells the standby what to import, if there is one."""
    if Process.imports is None:
        return
    from roost import standby

    try:
        standby.record(Process.imports, settings.application)
    except Exception as error:  # attributes of modules can be code
        application.log(_WARNING, f"the next version will start slower: {error}")


async def _end_process(loop) -> None:
    """Ends what belongs to the process, after the last application: as asyncio.run and the interpreter do."""
    await loops.cancel_tasks(loop)
    await loop.shutdown_asyncgens()
    await loop.shutdown_default_executor()
    await loops.end_root_task(loop)
    if Process.exits:
        # The worker leaves by _exit, which runs none of these.
        atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):
            pass


async def _serve(application, settings: Settings, lifespan: Lifespan | None, reason: str | None) -> None:
    """Answers the host's lifespan events. The host may end the lifespan at its timeouts; `send` raises then.

    `reason`: why the application is refused; it has no lifespan then.
    """
    try:
        await _answer(application, settings, lifespan, reason)
    except ClientDisconnected:
        application.log(_ERROR, "the lifespan of the application has ended at a timeout of the server")
    finally:
        application.finish()


async def _answer(application, settings: Settings, lifespan: Lifespan | None, reason: str | None) -> None:
    await application.receive()
    try:
        if reason is not None:
            raise StartupFailure(reason)
        await lifespan.startup()
    except StartupFailure as failure:
        Process.refused = str(failure)
        await application.send({"type": "lifespan.startup.failed", "message": str(failure)})
        return
    application.state = lifespan.state
    _record_imports(application, settings)
    await application.send({"type": "lifespan.startup.complete"})
    await application.receive()
    reason = await lifespan.shutdown()
    if application.live() == 1:
        await _end_process(asyncio.get_running_loop())
    if reason is None:
        await application.send({"type": "lifespan.shutdown.complete"})
    else:
        await application.send({"type": "lifespan.shutdown.failed", "message": reason})


def start(application) -> None:
    """Starts an application. Called by the bridge for each lifespan of the host."""
    lifespan = reason = None
    try:
        settings = Settings.of(application)
    except (importing.ImportFailure, ValueError, TypeError) as error:
        settings, reason = Settings(application=""), str(error)
    try:
        loop = _guest(application, settings)
    except importing.ImportFailure as error:
        reason = str(error)
        loop = _guest(application, Settings(application="", loop="asyncio"))
    if reason is None:
        try:
            if settings.lifespan not in ("auto", "on", "off"):
                raise importing.ImportFailure(f"unknown lifespan mode {settings.lifespan!r}; use auto, on or off")
            _load(application, settings)
            lifespan = Lifespan(application.function, application.version, settings.lifespan,
                                lambda text, error: _report(application, text, error))
        except importing.ImportFailure as error:
            if error.__cause__ is not None:
                _report(application, f"{settings.application!r} cannot be imported", error.__cause__)
            reason = str(error)
    task = loop.create_task(_serve(application, settings, lifespan, reason), name="roost lifespan")
    Process.lifespans.add(task)
    task.add_done_callback(Process.lifespans.discard)
