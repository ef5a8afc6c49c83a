import TestHarness
import TestSupport

/// Modules that fail to start.
extension Case {
    private static let crashing = "-DSTARTUP=crash_here()"
    private static let refusing =
        "-DSTARTUP=done.type = ASGI_LIFESPAN_STARTUP_FAILED, done.text = asgi_text(\"there is no database\")"
    private static let unloadable = "-DCONSTRUCTOR=crash_here()"

    static let startup: [Case] = [
        .refused(
            "first start: a crash in startup", crashing, with: 3,
            "critical worker failed to start output=\"about to crash\" pid=",
            " reason=\"crashed with SIGSEGV in libcrashes.so crash_here+0x"),
        .refused("first start: refused by the application", refusing, with: 1, "there is no database"),
        .refused(
            "first start: a crash in a constructor", unloadable, with: 2, "crashed with SIGSEGV while loading"
        ),
        .refused(
            "first start: a startup without end, with --timeout-lifespan", "-DSTARTUP=sleep(60)", with: 1,
            "refused to start"),
        .notReloaded("reload: a crash in startup", crashing, "crashed with SIGSEGV in libcrashes.so crash_here+0x"),
        .notReloaded("reload: refused by the application", refusing, "there is no database"),
        .notReloaded("reload: a crash in a constructor", unloadable, "crashed with SIGSEGV while loading"),
        Case("a startup that blocks its loop for longer than --timeout-worker") { modules in
            let start = Time()
            let server = try Server(
                try modules.crashes("-DSTARTUP=sleep(4)", "-DFLAGS=ASGI_ONE_LOOP"), ["--timeout-worker", "1"])
            try expect("status", try server.ask("/").status, 200)
            try expect("stalls", server.log.all("event loop stalled"), [])
            let time = start.seconds
            try server.stop()
            return "not killed; serving after \(time)"
        },
    ]

    private static func refused(_ name: String, _ flag: String, with status: Int32, _ words: String...) -> Case {
        Case(name) { modules in
            let start = Time()
            let server = try Server(starting: try modules.crashes(flag), ["--timeout-lifespan", "2"])
            try expect("exit status", try server.waitForEnd(), status)
            for word in words where server.log.all(word).isEmpty {
                throw UnexpectedResult("no '\(word)' in the log: \(server.log.tail)")
            }
            try expect("log lines of a serving server", server.log.all("info     serving "), [])
            return "exit status \(status), logged; after \(start.milliseconds) ms"
        }
    }

    /// A failed reload: the previous version keeps serving, and `roost reload` reports the failure.
    private static func notReloaded(_ name: String, _ flag: String, _ word: String) -> Case {
        Case(name) { modules in
            let deployment = try Deployment(try modules.crashes())
            let server = try Server(deployment.path, ["--workers", "2"])
            let workers = try server.waitForWorkers(2)
            try deployment.put(try modules.crashes(flag))
            let start = Time()
            let answer = try server.command("reload")
            let time = start.milliseconds
            try expect("exit status of roost reload", answer.status, 1)
            guard answer.error.contains(word) else { throw UnexpectedResult("roost reload printed '\(answer.error)'") }
            try server.log.wait(for: "reload failed, previous version still serving application=", word)
            try expect("response", String(try server.ask("/").text.prefix(4)), "one ")
            // A crash ends the worker that prepares the change first.
            let lost = Set(workers).subtracting(try server.waitForWorkers(2)).count
            try expect("workers lost", lost, flag == Self.crashing ? 1 : 0)
            // The next valid version is served.
            try deployment.put(try modules.crashes("-DRELEASE=\"two\""))
            try server.reload()
            try expect("response", String(try server.ask("/").text.prefix(4)), "two ")
            try server.stop()
            return "exit status 1 after \(time) ms, previous version serving; \(lost) of 2 workers lost"
        }
    }
}
