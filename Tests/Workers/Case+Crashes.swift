import TestHarness
import TestSupport

/// Requests that crash or exit their worker.
extension Case {
    static let crashes: [Case] = [
        .crash("a segmentation fault", "/segfault", "crashed with SIGSEGV in libcrashes.so crash_here+0x", "SIGSEGV"),
        .crash("abort", "/abort", "crashed with SIGABRT in libcrashes.so abort_here+0x", "SIGABRT"),
        .crash("exit(7)", "/exit", "called exit (status 7) in libcrashes.so exit_here+0x"),
        .crash("_exit(9)", "/_exit", "called exit (status 9) in libcrashes.so end_here+0x"),
        .crash("quick_exit(9)", "/quick_exit", "called exit (status 9) in libcrashes.so quick_exit_here+0x"),
        // A direct system call leaves no stack: the application is known from the record of its call.
        .crash("exit_group(0)", "/exit_group", "exited by itself with status 0", namesRequest: false),
        .crash("exit_group(0) in a job", "/pool_exit_group", "exited by itself with status 0", namesRequest: false),
        .crash("a division by zero", "/divide", "crashed with SIGFPE in libcrashes.so divide_here+0x", "SIGFPE"),
        .crash("an illegal instruction", "/illegal", "crashed with SIGILL in libcrashes.so trap_here+0x", "SIGILL"),
        .crash(
            "a stack overflow", "/overflow", "crashed with SIGSEGV in libcrashes.so overflow_here+0x", "SIGSEGV"),
        .crash(
            "a C++ exception through the ABI", "/throw", "crashed with SIGABRT in libthrows.so throw_here+0x",
            "SIGABRT",
            of: { try $0.throwing() }),
    ]

    /// Crashes in code that runs for a request, but outside the call of the application.
    static let elsewhere: [Case] = [
        // The request that a thread of the module works for is unknown.
        .crash(
            "a crash on a thread of the module", "/thread", "crashed with SIGSEGV in libcrashes.so crash_here+0x",
            "SIGSEGV", namesRequest: false),
        // The request may have ended before the job, so its scope is not read.
        .crash(
            "a crash in a pool job", "/pool", "crashed with SIGSEGV in libcrashes.so crash_here+0x", "SIGSEGV",
            namesRequest: false),
        .crash(
            "a crash in a posted function", "/post", "crashed with SIGSEGV in libcrashes.so crash_here+0x", "SIGSEGV"),
        .crash("a crash in a timer", "/timer", "crashed with SIGSEGV in libcrashes.so crash_here+0x", "SIGSEGV"),
    ]

    /// `says`: the beginning of the log line about the crash.
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
            try expect("response", try client.readToEnd(), "")
            let lost = Time()
            let answer = try server.ask("/")
            try expect("status of the next response", answer.status, 200)
            guard !answer.text.hasSuffix(" \(worker)") else {
                throw UnexpectedResult("the crashed worker still responds")
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
            try expect("crashes", status.crashes, 1)
            try expect("workers", status.workers.map(\.state), ["ready"])
            try server.stop()
            return "logged; a new connection gets a response after \(time) ms"
        }
    }
}
