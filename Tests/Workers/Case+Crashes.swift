import TestHarness
import TestSupport

/// Requests that end their worker.
extension Case {
    static let crashes: [Case] = [
        .crash("a segmentation fault", "/segfault", "crashed with SIGSEGV in libcrashes.so crash_here+0x", "SIGSEGV"),
        .crash("abort", "/abort", "crashed with SIGABRT in libcrashes.so abort_here+0x", "SIGABRT"),
        .crash("exit(7)", "/exit", "called exit (status 7) in libcrashes.so exit_here+0x"),
        .crash("_exit(9)", "/_exit", "called exit (status 9) in libcrashes.so end_here+0x"),
        .crash("quick_exit(9)", "/quick_exit", "called exit (status 9) in libcrashes.so quick_exit_here+0x"),
        // A system call of its own leaves no stack: the records of calls name the application.
        .crash("exit_group(0)", "/exit_group", "exited by itself with status 0", namesRequest: false),
        .crash("exit_group(0) on the pool", "/pool_exit_group", "exited by itself with status 0", namesRequest: false),
        .crash("a division by zero", "/divide", "crashed with SIGFPE in libcrashes.so divide_here+0x", "SIGFPE"),
        .crash("an illegal instruction", "/illegal", "crashed with SIGILL in libcrashes.so trap_here+0x", "SIGILL"),
        .crash(
            "a stack overflow", "/overflow", "crashed with SIGSEGV in libcrashes.so overflow_here+0x", "SIGSEGV"),
        .crash(
            "a C++ exception through the ABI", "/throw", "crashed with SIGABRT in libthrows.so throw_here+0x",
            "SIGABRT",
            of: { try $0.throwing() }),
    ]

    /// Code that runs for a request, but not in the call of it.
    static let elsewhere: [Case] = [
        // Whose request it is that a thread of the module's own works for, nobody knows.
        .crash(
            "a crash on a thread of the module", "/thread", "crashed with SIGSEGV in libcrashes.so crash_here+0x",
            "SIGSEGV", namesRequest: false),
        // The request may have ended before the job: its scope is not looked at.
        .crash(
            "a crash in a job of the pool", "/pool", "crashed with SIGSEGV in libcrashes.so crash_here+0x", "SIGSEGV",
            namesRequest: false),
        .crash(
            "a crash in what was posted", "/post", "crashed with SIGSEGV in libcrashes.so crash_here+0x", "SIGSEGV"),
        .crash("a crash in a timer", "/timer", "crashed with SIGSEGV in libcrashes.so crash_here+0x", "SIGSEGV"),
    ]

    /// `says`: how the line begins that tells of it.
    private static func crash(
        _ name: String, _ path: String, _ says: String, _ signal: String? = nil, namesRequest: Bool = true,
        of module: @escaping @Sendable (Modules) throws -> String = { try $0.crashes() }
    ) -> Case {
        Case(name) { modules in
            let server = try Server(try module(modules), ["--limit-crashes", "1000"])
            let generation = try server.status().applications.first?.generation ?? ""
            guard generation.count == 16 else { throw UnexpectedResult("the generation is '\(generation)'") }
            let worker = server.workers.first ?? 0
            let client = try server.client()
            client.send(Case.get(path))
            try expect("what its client gets", try client.readToEnd(), "")
            let lost = Time()
            let answer = try server.ask("/")
            try expect("the next answer", answer.status, 200)
            guard !answer.text.hasSuffix(" \(worker)") else {
                throw UnexpectedResult("the worker that is dead answers")
            }
            let time = lost.milliseconds
            let line = try server.log.wait(for: "worker \(says)")
            let application = path == "/throw" ? "throws" : "crashes"
            var fields = ["application": application, "generation": generation, "pid": "\(worker)"]
            if namesRequest { fields.merge(["method": "GET", "path": path]) { $1 } }
            fields["signal"] = signal
            for (field, value) in fields.sorted(by: <) where Log.field(field, of: line) != value {
                throw UnexpectedResult("\(field) is not \(value) in: \(line)")
            }
            let status = try server.status()
            try expect("crashes that are counted", status.crashes, 1)
            try expect("workers", status.workers.map(\.state), ["ready"])
            try server.stop()
            return "told; a new connection is answered after \(time) ms"
        }
    }
}
