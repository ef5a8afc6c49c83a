import Glibc

/// The state of a shutdown: how many stops were requested, which workers have ended, and the exit status. A value
/// without I/O.
struct SupervisorShutdown {
    private var requests = 0
    private var frontStatus: CInt?
    /// The exit status; `nil` while workers are running.
    private(set) var status: CInt?

    /// The exit status after a second stop request: that of a shell after SIGINT.
    private static let stoppedAtOnce: CInt = 130

    var isAtOnce: Bool { self.requests > 1 }

    mutating func request() { self.requests += 1 }

    /// Records that all workers of a group have ended. `isFront`: whether it is the group that accepts client
    /// connections; `others`: the number of other groups that remain.
    mutating func ended(isFront: Bool, _ status: CInt, others: Int) {
        if isFront { self.frontStatus = status }
        guard let frontStatus, others == 0 else { return }
        self.status =
            self.isAtOnce ? Self.stoppedAtOnce : frontStatus == 0 && !isFront ? status : frontStatus
    }
}
