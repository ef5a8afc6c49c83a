import CASGI

/// The order of one lifespan's events (asgiref's lifespan.rst 2.0, and the rules that `asgi.h` adds). A value without I/O.
package struct LifespanMachine {
    enum Event: Equatable {
        case startup
        case shutdown
    }

    /// What the host learns.
    package enum Outcome: Equatable {
        /// Startup is complete.
        case started
        /// The application has no lifespan: it goes on without.
        case without
        /// Startup failed: the generation is refused.
        case refused(String)
        /// Shutdown is complete, or there was none to wait for.
        case stopped
        /// Shutdown failed.
        case stoppedBadly(String)
    }

    /// An event that may not be sent now.
    struct Fault: Error, Equatable {
        let reason: String
    }

    private enum Phase: Equatable {
        case starting(hasReceived: Bool)
        /// Startup failed by the application's own word.
        case failed
        case running
        case stopping(hasReceived: Bool)
        case stopped
        case over
    }

    private var phase = Phase.starting(hasReceived: false)

    var isOver: Bool { self.phase == .over }

    /// The event that is there for a receive; nil: none yet.
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

    /// The application has sent one of the lifespan's events; `text` is its message.
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
            return .stoppedBadly(text.isEmpty ? "shutdown failed" : text)
        default: throw Fault(reason: "it replies to an event that was not received, or was already replied to")
        }
    }

    /// The scope has ended: `application` returned, or it was finished.
    mutating func ended(_ result: asgi_result) -> Outcome? {
        defer { self.phase = .over }
        switch self.phase {
        case .starting(hasReceived: false):
            // It does not know this scope, or did nothing about it. Any other failure is one.
            guard result < 0, result != ASGI_UNSUPPORTED else { return .without }
            return .refused("application failed with \(ResultName(result)) before startup")
        case .starting(hasReceived: true):
            return .refused(
                result < 0
                    ? "application failed with \(ResultName(result)) during startup"
                    : "application returned without answering lifespan.startup"
            )
        case .stopping: return result < 0 ? .stoppedBadly("application failed with \(ResultName(result))") : .stopped
        case .failed, .running, .stopped, .over: return nil
        }
    }

    /// The host stops. `.stopped`: there is nothing to wait for.
    mutating func stop() -> Outcome? {
        guard self.phase == .running else { return .stopped }
        self.phase = .stopping(hasReceived: false)
        return nil
    }
}
