import TestHarness
import TestSupport

/// Requests that crash or exit their worker.
extension Case {
    static let crashes: [Case] = [
        .crash("a segmentation fault", "/segfault", "signal=SIGSEGV", "libcrashes.so crash_here"),
        .crash("abort", "/abort", "signal=SIGABRT", "libcrashes.so abort_here"),
        .crash("exit(7)", "/exit", "exit=7", "libcrashes.so exit_here"),
        .crash("_exit(9)", "/_exit", "exit=9", "libcrashes.so end_here"),
        .crash("quick_exit(9)", "/quick_exit", "exit=9", "libcrashes.so quick_exit_here"),
        // A direct system call leaves no stack: the application is known from the record of its call.
        .crash("exit_group(0)", "/exit_group", "status=0", namesRequest: false),
        .crash("exit_group(0) in a job", "/pool_exit_group", "status=0", namesRequest: false),
        .crash("a division by zero", "/divide", "signal=SIGFPE", "libcrashes.so divide_here"),
        .crash("an illegal instruction", "/illegal", "signal=SIGILL", "libcrashes.so trap_here"),
        .crash(
            "a stack overflow", "/overflow", "signal=SIGSEGV", "libcrashes.so overflow_here"),
        .crash(
            "a C++ exception through the ABI", "/throw", "signal=SIGABRT", "libthrows.so throw_here",
            of: { try $0.throwing() }),
    ]

    /// Crashes in code that runs for a request, but outside the call of the application.
    static let elsewhere: [Case] = [
        // The request that a thread of the module works for is unknown.
        .crash(
            "a crash on a thread of the module", "/thread", "signal=SIGSEGV", "libcrashes.so crash_here",
            namesRequest: false),
        // The request may have ended before the job, so its scope is not read.
        .crash(
            "a crash in a pool job", "/pool", "signal=SIGSEGV", "libcrashes.so crash_here",
            namesRequest: false),
        .crash(
            "a crash in a posted function", "/post", "signal=SIGSEGV", "libcrashes.so crash_here"),
        .crash("a crash in a timer", "/timer", "signal=SIGSEGV", "libcrashes.so crash_here"),
    ]

    /// `end`: the field of the log line with the signal or the exit status. `function`: the one that has crashed; `nil`
    /// if the worker left no report.
    private static func crash(
        _ name: String, _ path: String, _ end: String, _ function: String? = nil, namesRequest: Bool = true,
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
            let event = function.map { _ in "error    worker crashed " } ?? "error    worker exited "
            let place = function.map { " function=\"\($0)+0x" } ?? " pid="
            let line = try server.log.wait(for: event, place)
            let application = path == "/throw" ? "throws" : "crashes"
            var fields = ["application": application, "generation": generation, "pid": "\(worker)"]
            if namesRequest { fields.merge(["method": "GET", "path": path]) { $1 } }
            let pair = end.split(separator: "=").map(String.init)
            fields[pair[0]] = pair[1]
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
