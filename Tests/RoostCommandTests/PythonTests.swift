import Foundation
import TestSupport
import Testing

/// Python applications: the interpreter that is found, the worker that it runs, groups, reloads and faults. The bridge
/// itself is tested by `Tests/Python`.
@Suite("Python applications")
struct PythonTests {
    let folder: TemporaryFolder

    init() throws { self.folder = try TemporaryFolder() }

    /// An application that answers with the expression `shown`.
    private static func application(_ shown: String, before: String = "") -> String {
        """
        import os, sys, threading
        \(before)
        async def app(scope, receive, send):
            if scope["type"] != "http":
                raise RuntimeError("no lifespan")
            body = str(\(shown)).encode()
            await send({"type": "http.response.start", "status": 200, "headers": [(b"Content-Type", b"text/plain")]})
            await send({"type": "http.response.body", "body": body})
        """
    }

    private func start(
        _ arguments: [String], environment: [String: String] = [:]
    ) throws -> RoostProcess {
        try RoostProcess(
            arguments + ["--port", "0", "--app-dir", self.folder.path, "--run-dir", "\(self.folder.path)/run"],
            environment: ["VIRTUAL_ENV": ""].merging(environment) { $1 }, folder: self.folder.path)
    }

    private func get(_ roost: RoostProcess, _ target: String) throws -> Response {
        let client = try RawClient(port: roost.port)
        client.send("GET \(target) HTTP/1.1\r\nhost: x\r\n\r\n")
        return try client.readResponse()
    }

    @Test("an application is served by its interpreter, on Python's main thread, and stops with status 0")
    func served() throws {
        try self.folder.write(
            "pages/asgi.py",
            Self.application("[threading.current_thread() is threading.main_thread(), scope['path']]")
                .replacing("def app", with: "def application"))
        let roost = try self.start(["pages.asgi"])
        #expect(try self.get(roost, "/a%20b").text == "[True, '/a b']")
        #expect(try self.get(roost, "/a%20b").header("content-type") == "text/plain")
        #expect(roost.stop() == 0)
        #expect(roost.error.contains("application=pages module=pages.asgi:application"))
    }

    @Test(
        "what cannot be imported is refused with Python's traceback, and one line of what to do",
        arguments: [
            ("pages:other", "AttributeError: module 'pages' has no attribute 'other'", "fix the name 'pages:other'"),
            ("gone:app", "ModuleNotFoundError: No module named 'gone'", "set --app-dir"),
            ("needs:app", "ModuleNotFoundError: No module named 'no_such_package'", "install it there"),
            ("syntax:app", "SyntaxError: ", "fix the error above"),
            ("startup:app", "RuntimeError: the database is down", "RuntimeError: the database is down"),
        ])
    func refused(_ name: String, _ traceback: String, _ advice: String) throws {
        try self.folder.write("pages.py", Self.application("1"))
        try self.folder.write("needs.py", "import no_such_package\n")
        try self.folder.write("syntax.py", "def app(:\n")
        try self.folder.write(
            "startup.py",
            "async def app(scope, receive, send):\n    await receive()\n    raise RuntimeError('the database is down')\n"
        )
        let result = try self.run([name])
        #expect(result.status == 1)
        let lines = result.error.split(separator: "\n").map(String.init)
        #expect(lines.contains { $0.hasPrefix("    ") && $0.contains(traceback) }, "\(result.error)")
        let last = lines.last { $0.contains("worker failed to start") }
        #expect(last?.contains(advice) == true, "\(result.error)")
    }

    private func run(_ arguments: [String], environment: [String: String] = [:]) throws -> Command {
        try Command.run(
            ["timeout", "60", Repository.roost] + arguments
                + ["--port", "0", "--app-dir", self.folder.path, "--run-dir", "\(self.folder.path)/run"],
            environment: ["VIRTUAL_ENV": ""].merging(environment) { $1 })
    }

    @Test("a name that is neither a library nor a source is refused with the paths that were looked for")
    func notFound() throws {
        let result = try self.run(["wiki"])
        #expect(result.status == 2)
        let folder = self.folder.path
        #expect(
            result.error
                == "roost: module 'wiki' not found: looked for \(folder)/wiki.so, \(folder)/libwiki.so,"
                + " \(folder)/wiki.py, \(folder)/wiki/__init__.py\n")
        #expect(
            try self.run(["pages:app", "--no-supervisor"]).error
                == "roost: pages:app: a Python application needs worker processes; remove --no-supervisor\n")
    }

    @Test("the interpreter is that of --python, $VIRTUAL_ENV, .venv or $PATH, in this order")
    func interpreter() throws {
        try self.folder.write("pages.py", Self.application("os.environ['FOUND']"))
        func interpreter(_ name: String) throws {
            let path = try self.folder.write(
                "\(name)/bin/python", "#!/bin/sh\nFOUND=\(name) exec /usr/bin/env python3 \"$@\"\n")
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        }
        func found(_ arguments: [String], _ environment: [String: String] = [:]) throws -> String {
            let roost = try self.start(["pages:app"] + arguments, environment: environment)
            defer { #expect(roost.stop() == 0) }
            return try self.get(roost, "/").text
        }
        let active = ["VIRTUAL_ENV": "\(self.folder.path)/active", "FOUND": "path"]
        #expect(try found([], ["FOUND": "path"]) == "path")
        try interpreter(".venv")
        #expect(try found([]) == ".venv")
        try interpreter("active")
        #expect(try found([], active) == "active")
        try interpreter("named")
        #expect(try found(["--python", "\(self.folder.path)/named"], active) == "named")
        #expect(try found(["--python", "\(self.folder.path)/named/bin/python"], active) == "named")
        #expect(
            try self.run(["pages:app", "--python", "no-python"]).error
                == "roost: --python no-python: not found, or not executable\n")
        #expect(
            try self.run(["pages:app"], environment: ["VIRTUAL_ENV": "/none"]).error
                == "roost: $VIRTUAL_ENV: /none/bin/python: not found; unset the variable, or name an interpreter with --python\n"
        )
    }

    @Test("an interpreter that is too old is refused in one line")
    func old() throws {
        try self.folder.write("pages.py", Self.application("1"))
        let path = try self.folder.write(
            "old",
            "#!/bin/sh\nexec python3 -c 'import sys; sys.version_info = (3, 9, 2); exec(sys.argv[2])' \"$@\"\n")
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        let result = try self.run(["pages:app", "--python", path])
        #expect(result.status == 1 || result.status == 3)
        #expect(result.error.contains(" is Python 3.9, but Python applications need 3.11 or later; name another"))
    }

    @Test("two applications have two interpreters, each with its settings module, beside a native module")
    func groups() throws {
        for name in ["wiki", "shop"] {
            try self.folder.write(
                "\(name)/asgi.py",
                Self.application(
                    "(os.environ['DJANGO_SETTINGS_MODULE'], os.getpid(), scope['root_path'], scope['path'])",
                    before: "os.environ.setdefault('DJANGO_SETTINGS_MODULE', '\(name).settings')"))
        }
        try self.folder.write(
            "site.yaml",
            """
            applications:
              - {module: 'wiki.asgi:app', mount: /wiki}
              - {module: 'shop.asgi:app', mount: /shop}
              - {module: '\(Repository.products)/libHello.so', mount: /live}
            """)
        let roost = try self.start(["--settings", "site"])
        let (wiki, shop) = (try self.get(roost, "/wiki/x").text, try self.get(roost, "/shop/x").text)
        #expect(wiki.hasPrefix("('wiki.settings', ") && wiki.hasSuffix(", '/wiki', '/wiki/x')"))
        #expect(shop.hasPrefix("('shop.settings', ") && shop.hasSuffix(", '/shop', '/shop/x')"))
        #expect(wiki.split(separator: ",")[1] != shop.split(separator: ",")[1])
        #expect(try self.get(roost, "/live/").text == "Hello, World!")
        #expect(roost.error.contains("application has its own worker group application=shop group=shop"))
        #expect(roost.stop() == 0)
        // The environment wins over `setdefault`.
        let named = try self.start(
            ["--settings", "site"], environment: ["DJANGO_SETTINGS_MODULE": "other.settings"])
        #expect(try self.get(named, "/shop/x").text.hasPrefix("('other.settings', "))
        #expect(named.stop() == 0)
    }

    @Test("--env-file sets variables of the workers; a factory makes the application")
    func environmentFile() throws {
        try self.folder.write(
            "pages.py", Self.application("os.environ['A'] + os.environ['B']") + "\ndef make():\n    return app\n")
        let file = try self.folder.write("variables", "A=file\nB='of it'\n")
        let roost = try self.start(
            ["pages:make", "--factory", "--env-file", file], environment: ["A": "environment "])
        #expect(try self.get(roost, "/").text == "environment of it")
        #expect(roost.stop() == 0)
    }

    @Test("a changed source is served after a reload; a syntax error keeps the previous version")
    func reload() throws {
        try self.folder.write("pages.py", Self.application("'one'"))
        let roost = try self.start(["pages:app"])
        #expect(try self.get(roost, "/").text == "one")
        try self.folder.write("pages.py", Self.application("os.getpid() if scope['path'] == '/pid' else 'two'"))
        #expect(try self.control("reload").status == 0)
        #expect(try self.get(roost, "/").text == "two")
        // Sources that have not changed, but packages may have.
        let before = try self.get(roost, "/pid").text
        #expect(try self.control("reload", "--force").status == 0)
        #expect(try self.get(roost, "/pid").text != before)
        try self.folder.write("pages.py", "def app(:\n")
        let failed = try self.control("reload")
        #expect(failed.status == 1 && failed.error.contains("'pages' cannot be imported: SyntaxError"), "\(failed)")
        #expect(try self.get(roost, "/").text == "two")
        #expect(try self.control("status").output.contains("'pages' cannot be imported: SyntaxError"))
        #expect(roost.stop() == 0)
    }

    private func control(_ command: String...) throws -> Command {
        try Command.run([Repository.roost] + command + ["--run-dir", "\(self.folder.path)/run"])
    }

    @Test("--reload follows the sources below --app-dir")
    func reloadOnChange() throws {
        try self.folder.write("pages.py", Self.application("other.value", before: "import other"))
        try self.folder.write("other.py", "value = 'one'\n")
        let roost = try self.start(["pages:app", "--reload"])
        #expect(try self.get(roost, "/").text == "one")
        try self.folder.write("other.py", "value = 'two'\n")
        var text = ""
        while text != "two" { text = try self.get(roost, "/").text }
        #expect(roost.stop() == 0)
    }

    @Test("a crash costs one worker, and is logged with the stack of Python and the application")
    func crash() throws {
        try self.folder.write(
            "pages.py",
            Self.application("crash() if scope['path'] == '/crash' else 'served'", before: "import ctypes")
                + "\ndef crash():\n    ctypes.string_at(0)\n")
        let roost = try self.start(["pages:app"])
        let client = try RawClient(port: roost.port)
        client.send("GET /crash HTTP/1.1\r\nhost: x\r\n\r\n")
        #expect(try client.readToEnd().isEmpty)
        try roost.waitFor("signal=SIGSEGV")
        #expect(roost.error.contains("Fatal Python error: Segmentation fault"))
        #expect(roost.error.contains(" in crash"), "\(roost.error)")
        #expect(roost.error.contains("worker crashed application=pages"))
        #expect(try self.get(roost, "/").text == "served")
        #expect(roost.stop() == 0)
    }

    @Test("a blocked event loop is logged with the stack of Python, and its worker is replaced")
    func stall() throws {
        try self.folder.write(
            "pages.py",
            Self.application("compute() if scope['path'] == '/stall' else 'served'")
                + "\ndef compute():\n    while True:\n        pass\n")
        let roost = try self.start(["pages:app", "--timeout-worker", "1"])
        let client = try RawClient(port: roost.port)
        client.send("GET /stall HTTP/1.1\r\nhost: x\r\n\r\n")
        #expect(try client.readToEnd().isEmpty)
        try roost.waitFor("event loop stalled application=pages")
        #expect(roost.error.contains(" in compute"), "\(roost.error)")
        #expect(try self.get(roost, "/").text == "served")
        #expect(roost.stop() == 0)
    }

    @Test("an exception is logged with its traceback; the client gets 500")
    func exception() throws {
        try self.folder.write("pages.py", Self.application("1 // 0"))
        let roost = try self.start(["pages:app"])
        #expect(try self.get(roost, "/").status == 500)
        try roost.waitFor("application failed")
        #expect(roost.error.contains("\n    ZeroDivisionError: integer division or modulo by zero\n"), "\(roost.error)")
        #expect(roost.stop() == 0)
    }

    @Test("the lifespan mode is the application's, not that of the bridge")
    func lifespan() throws {
        try self.folder.write("pages.py", Self.application("'served'"))
        let off = try self.start(["pages:app", "--lifespan", "off"])
        #expect(try self.get(off, "/").text == "served")
        #expect(off.stop() == 0)
        let result = try self.run(["pages:app", "--lifespan", "on"])
        #expect(result.status == 1)
        #expect(result.error.contains("RuntimeError: no lifespan"), "\(result.error)")
    }

    @Test("the interpreter runs as the user of the workers", .enabled(if: geteuid() == 0))
    func user() throws {
        try self.folder.write("pages.py", Self.application("os.getuid()", before: "user = os.getuid()"))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: self.folder.path)
        let roost = try self.start(["pages:app", "--user", "nobody", "--python", "/usr/bin/python3"])
        #expect(try self.get(roost, "/").text == "\(getpwnam("nobody").pointee.pw_uid)")
        #expect(roost.stop() == 0)
    }
}
