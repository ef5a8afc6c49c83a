import Glibc
import NIOConcurrencyHelpers

/// Messages to the service manager (sd_notify(3)): datagrams to `NOTIFY_SOCKET`, if it is set. Nothing here blocks:
/// messages for which the manager's queue has no room are kept, in order, and sent later.
package final class ServiceNotice: Sendable {
    private let path: String?
    /// Interval of watchdog messages, in milliseconds: half of the manager's timeout (sd_watchdog_enabled(3)).
    /// Nil if the manager expects none from this process.
    package let watchdog: Int?
    /// Messages for which the manager's queue had no room.
    private let pending = NIOLockedValueBox<[String]>([])
    /// Maximum number of pending messages; the oldest are dropped first.
    package static let maxPending = 32
    /// Interval of further attempts to send pending messages, in milliseconds.
    private static let pace = 200

    /// Reads the current environment.
    package convenience init() {
        func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
        let isOurs = variable("WATCHDOG_PID").map { $0 == "\(getpid())" } ?? true
        self.init(
            path: variable("NOTIFY_SOCKET"),
            watchdog: isOurs ? variable("WATCHDOG_USEC").flatMap(Int.init).map { max($0 / 2000, 1) } : nil)
    }

    package init(path: String?, watchdog: Int? = nil) {
        self.path = path.flatMap { $0.hasPrefix("/") || $0.hasPrefix("@") ? $0 : nil }
        self.watchdog = watchdog
    }

    /// Variables that a service manager sets for one process only, not for its children.
    package static let variables = [
        "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES",
    ]

    /// Sends lines of `KEY=value`, now or when there is room. Does nothing without `NOTIFY_SOCKET`. The message is lost
    /// if the manager does not listen.
    package func notify(_ lines: String...) {
        guard self.path != nil else { return }
        self.pending.withLockedValue { pending in
            // A watchdog message is not worth a place in a full queue: the next one follows.
            guard pending.isEmpty || lines != ["WATCHDOG=1"] else { return }
            if pending.count == Self.maxPending { pending.removeFirst() }
            pending.append(lines.joined(separator: "\n"))
        }
        self.deliver()
    }

    /// Sends pending messages while there is room.
    package func deliver() {
        guard let path else { return }
        self.pending.withLockedValue { pending in
            guard !pending.isEmpty else { return }
            let socket = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
            guard socket >= 0 else { return }
            defer { close(socket) }
            while let message = pending.first, Self.send(message, to: path, by: socket) { pending.removeFirst() }
        }
    }

    /// Whether messages are pending.
    package var isPending: Bool { self.pending.withLockedValue { !$0.isEmpty } }

    /// When `deliver` must be called; nil if no message is pending.
    package func due(now: Int) -> Int? { self.isPending ? now + Self.pace : nil }

    /// Returns when all messages are delivered, or the task is cancelled. For a process without a supervisor's loop.
    package func delivered() async {
        while self.isPending {
            guard (try? await Task.sleep(for: .milliseconds(Self.pace))) != nil else { return }
            self.deliver()
        }
    }

    /// Returns false if the manager's queue is full.
    private static func send(_ message: String, to path: String, by socket: CInt) -> Bool {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var name = Array(path.utf8)
        // No socket can be bound to such a path.
        guard name.count < MemoryLayout.size(ofValue: address.sun_path) else { return true }
        // An abstract name begins with a NUL byte.
        if path.hasPrefix("@") { name[0] = 0 }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        let size = socklen_t(MemoryLayout<sa_family_t>.size + name.count)
        let text = Array(message.utf8)
        let sent = withUnsafePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(socket, text, text.count, CInt(MSG_NOSIGNAL) | CInt(MSG_DONTWAIT), $0, size)
            }
        }
        return sent >= 0 || ![EAGAIN, ENOBUFS, ENOMEM, EINTR].contains(errno)
    }

    /// Sends `RELOADING=1` with the time, which Type=notify-reload requires.
    package func notifyReloading() {
        self.notify("RELOADING=1", "MONOTONIC_USEC=\(MonotonicClock.microseconds)")
    }
}
