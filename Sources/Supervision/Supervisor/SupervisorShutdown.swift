import Glibc

/// How often a stop was asked for, which workers have ended, and the exit status that follows. A value without I/O.
struct SupervisorShutdown {
    private var requests = 0
    private var frontStatus: CInt?
    /// The exit status; nil: workers live.
    private(set) var status: CInt?

    /// The exit status of a stop that was asked for twice, as a shell reports SIGINT.
    private static let stoppedAtOnce: CInt = 130

    var isAtOnce: Bool { self.requests > 1 }

    mutating func request() { self.requests += 1 }

    /// All workers of a group have ended. `isFront`: those that accept connections; `others`: the number of groups that are left besides.
    mutating func ended(isFront: Bool, _ status: CInt, others: Int) {
        if isFront { self.frontStatus = status }
        guard let frontStatus, others == 0 else { return }
        self.status =
            self.isAtOnce ? Self.stoppedAtOnce : frontStatus == 0 && !isFront ? status : frontStatus
    }
}
