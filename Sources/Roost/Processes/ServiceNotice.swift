import Glibc

/// What the init system is told (sd_notify(3)): a datagram to `NOTIFY_SOCKET`, where there is one.
public final class ServiceNotice: Sendable {
    private let path: String?
    /// How often it wants to hear that we live, in milliseconds: half of what it waits (sd_watchdog_enabled(3)).
    let watchdog: Int?

    /// From the environment as it stands.
    public init() {
        func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
        self.path = variable("NOTIFY_SOCKET").flatMap { $0.hasPrefix("/") || $0.hasPrefix("@") ? $0 : nil }
        let isOurs = variable("WATCHDOG_PID").map { $0 == "\(getpid())" } ?? true
        self.watchdog = isOurs ? variable("WATCHDOG_USEC").flatMap(Int.init).map { max($0 / 2000, 1) } : nil
    }

    /// What an init system gives to one process only, not to its children.
    static let variables = [
        "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES",
    ]

    /// Lines of `KEY=value`. Nobody is told when nobody asked; one who asked and does not listen misses it.
    public func tell(_ lines: String...) {
        guard let path else { return }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var name = Array(path.utf8)
        guard name.count < MemoryLayout.size(ofValue: address.sun_path) else { return }
        // An abstract name begins with a 0.
        if path.hasPrefix("@") { name[0] = 0 }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        let size = socklen_t(MemoryLayout<sa_family_t>.size + name.count)
        let socket = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard socket >= 0 else { return }
        defer { close(socket) }
        let text = Array(lines.joined(separator: "\n").utf8)
        _ = withUnsafePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(socket, text, text.count, CInt(MSG_NOSIGNAL), $0, size)
            }
        }
    }

    /// `RELOADING=1` wants the time with it (Type=notify-reload).
    func tellReloading() {
        self.tell("RELOADING=1", "MONOTONIC_USEC=\(MonotonicClock.microseconds)")
    }
}
