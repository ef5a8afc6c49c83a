import Glibc
import Logging

/// The limits that can keep the system from starting a thread, as text for the log: those of the process's user,
/// control group and memory.
enum ThreadLimits {
    static var fields: Logger.Metadata {
        var fields: Logger.Metadata = [
            "RLIMIT_NPROC": "\(Self.limit(__RLIMIT_NPROC))", "RLIMIT_AS": "\(Self.limit(RLIMIT_AS))",
        ]
        if let most = Self.controlGroup("pids.max") {
            fields["pids.max"] = "\(most)"
            fields["pids.current"] = "\(Self.controlGroup("pids.current") ?? "unknown")"
        }
        return fields
    }

    private static func limit(_ resource: __rlimit_resource) -> String {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(resource.rawValue), &limit) == 0 else { return "unknown" }
        return limit.rlim_cur == rlim_t.max ? "unlimited" : "\(limit.rlim_cur)"
    }

    /// A value of the control group (cgroups(7), version 2), or nil if there is none.
    private static func controlGroup(_ name: String) -> String? {
        guard
            let line = Self.text(of: "/proc/self/cgroup")?.split(separator: "\n").first(where: { $0.hasPrefix("0::") })
        else { return nil }
        return Self.text(of: "/sys/fs/cgroup\(line.dropFirst(3))/\(name)").map { $0.split(separator: "\n").joined() }
    }

    private static func text(of path: String) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = read(file, &bytes, bytes.count)
        return count < 0 ? nil : String(decoding: bytes[..<count], as: UTF8.self)
    }
}
