import CASGI

/// The state machine of one lifespan: the order of its events (asgiref's lifespan.rst 2.0, and the rules that `asgi.h`
/// adds). A value without I/O.
package struct LifespanMachine {
    enum Event: Equatable {
        case startup
        case shutdown
    }

    /// The result of a startup or a shutdown.
    package enum Outcome: Equatable {
        /// Startup is complete.
        case started
        /// The application has no lifespan and runs without one.
        case without
        /// Startup failed, so the generation is refused; with the reason.
        case refused(String)
        /// Shutdown is complete, or there was nothing to wait for.
        case stopped
        /// Shutdown failed, with the reason.
        case failedToStop(String)
    }

    /// An event that is not allowed in the current phase.
    struct Fault: Error, Equatable {
        let reason: String
    }

    private enum Phase: Equatable {
        case starting(hasReceived: Bool)
        /// The application sent `lifespan.startup.failed`.
        case failed
        case running
        case stopping(hasReceived: Bool)
        case stopped
        case over
    }

    private var phase = Phase.starting(hasReceived: false)

    var isOver: Bool { self.phase == .over }

    /// Returns the next event for a receive, or nil if there is none yet.
    mutating func receive() -> Event? {
        switch self.phase {
        case .starting(hasReceived: false):
            self.phase = .starting(hasReceived: true)
            return .startup
        case .stopping(hasReceived: false):
            self.phase = .stopping(hasReceived: true)
            return .shutdown
        default: return nil
        }
    }

    /// Handles an event that the application sent; `text` is the message in it.
    mutating func send(_ type: UInt32, text: String) throws(Fault) -> Outcome {
        switch (type, self.phase) {
        case (ASGI_LIFESPAN_STARTUP_COMPLETE, .starting(hasReceived: true)):
            self.phase = .running
            return .started
        case (ASGI_LIFESPAN_STARTUP_FAILED, .starting(hasReceived: true)):
            self.phase = .failed
            return .refused(text.isEmpty ? "startup failed" : text)
        case (ASGI_LIFESPAN_SHUTDOWN_COMPLETE, .stopping(hasReceived: true)):
            self.phase = .stopped
            return .stopped
        case (ASGI_LIFESPAN_SHUTDOWN_FAILED, .stopping(hasReceived: true)):
            self.phase = .stopped
            return .failedToStop(text.isEmpty ? "shutdown failed" : text)
        default: throw Fault(reason: "it replies to an event that was not received, or was already replied to")
        }
    }

    /// Handles the end of the scope: `application` has returned, or the module has called `finish`.
    mutating func ended(_ result: asgi_result) -> Outcome? {
        defer { self.phase = .over }
        switch self.phase {
        case .starting(hasReceived: false):
            // The application does not support this scope, or did nothing with it. Any other failure fails the startup.
            guard result < 0, result != ASGI_UNSUPPORTED else { return .without }
            return .refused("application failed with \(ResultName(result)) before startup")
        case .starting(hasReceived: true):
            return .refused(
                result < 0
                    ? "application failed with \(ResultName(result)) during startup"
                    : "application returned without answering lifespan.startup"
            )
        case .stopping: return result < 0 ? .failedToStop("application failed with \(ResultName(result))") : .stopped
        case .failed, .running, .stopped, .over: return nil
        }
    }

    /// Begins the shutdown. Returns `.stopped` if there is nothing to wait for.
    mutating func stop() -> Outcome? {
        guard self.phase == .running else { return .stopped }
        self.phase = .stopping(hasReceived: false)
        return nil
    }
}
