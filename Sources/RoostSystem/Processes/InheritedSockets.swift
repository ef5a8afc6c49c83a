import Glibc

/// The sockets that an init system bound for this process (sd_listen_fds(3)).
package enum InheritedSockets {
    /// Their descriptors; empty if there are none, or if they belong to another process.
    package static func descriptors() -> [CInt] {
        func number(_ name: String) -> Int? { getenv(name).flatMap { Int(String(cString: $0)) } }
        guard let process = number("LISTEN_PID"), process == Int(getpid()), let count = number("LISTEN_FDS"),
            1...1024 ~= count
        else { return [] }
        return (0..<count).map { 3 + CInt($0) }
    }
}
