import Glibc
import NIOConcurrencyHelpers

/// What the service manager is told (sd_notify(3)): datagrams to `NOTIFY_SOCKET`, where that is set. Nothing here waits for the manager: what its
/// full queue does not take is kept, in order, until it does.
package final class ServiceNotice: Sendable {
    private let path: String?
    /// How often the manager wants to hear that we live, in milliseconds: half of what it waits (sd_watchdog_enabled(3)).
    package let watchdog: Int?
    /// Messages that the manager's queue had no room for.
    private let pending = NIOLockedValueBox<[String]>([])
    /// So many are kept; the oldest go first.
    package static let mostPending = 32
    /// How often they are tried again, in milliseconds.
    private static let pace = 200

    /// From the environment as it stands.
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

    /// What a service manager gives to one process only, not to its children.
    package static let variables = [
        "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES",
    ]

    /// Sends lines of `KEY=value`, at once or when there is room. Does nothing without `NOTIFY_SOCKET`; a manager that does not listen misses it.
    package func notify(_ lines: String...) {
        guard self.path != nil else { return }
        self.pending.withLockedValue { pending in
            // A sign of life is not worth a place in a full queue: the next one follows.
            guard pending.isEmpty || lines != ["WATCHDOG=1"] else { return }
            if pending.count == Self.mostPending { pending.removeFirst() }
            pending.append(lines.joined(separator: "\n"))
        }
        self.deliver()
    }

    /// Sends what is kept, as far as there is room.
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

    /// Whether something waits for room.
    package var isPending: Bool { self.pending.withLockedValue { !$0.isEmpty } }

    /// When `deliver` is to be called; nil: nothing waits.
    package func due(now: Int) -> Int? { self.isPending ? now + Self.pace : nil }

    /// Returns when everything is delivered; for a process without a supervisor's loop.
    package func delivered() async {
        while self.isPending {
            guard (try? await Task.sleep(for: .milliseconds(Self.pace))) != nil else { return }
            self.deliver()
        }
    }

    /// False: there is no room.
    private static func send(_ message: String, to path: String, by socket: CInt) -> Bool {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var name = Array(path.utf8)
        // Nobody can listen at such a path.
        guard name.count < MemoryLayout.size(ofValue: address.sun_path) else { return true }
        // An abstract name begins with a 0.
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

    /// `RELOADING=1` wants the time with it (Type=notify-reload).
    package func notifyReloading() {
        self.notify("RELOADING=1", "MONOTONIC_USEC=\(MonotonicClock.microseconds)")
    }
}
