import RoostDeployment

/// The input and output types of the fleet.
extension Fleet {
    /// The limits and timeouts of the workers, with times in milliseconds.
    struct Rules: Equatable {
        var workers: Int
        /// Requests after which a worker is replaced; `nil` for no limit.
        var requests: Int?
        /// The largest random number that is added to `requests`, for each worker.
        var requestJitter: Int
        /// Bytes of resident memory above which a worker is replaced; `nil` for no limit.
        var memory: Int?
        /// The time after which a worker is replaced; `nil` for no limit.
        var lifetime: Int?
        /// The time after which an unresponsive loop counts as stalled; `nil` for no limit.
        var stall: Int?
        /// The time within which a worker must be ready.
        var start: Int
        /// The time that requests have to finish when a worker drains.
        var grace: Int
        /// The time within which a worker must exit when it shuts down.
        var stop: Int
        /// The number of crashes within `crashWindow` that quarantines an application.
        var crashes: Int
        /// The period in which crashes count.
        var crashWindow: Int
    }

    enum Retirement: String {
        case replaced = "it serves the previous version"
        case requests = "request limit reached (--limit-max-requests)"
        case memory = "memory limit reached (--limit-max-rss)"
        case lifetime = "lifetime reached (--limit-worker-lifetime)"
        case stalled = "event loop stalled"
        case quarantined = "an application is quarantined"
    }

    enum State: String {
        case starting, ready, draining
    }

    struct Member {
        let id: Int
        var release: Int
        /// Whether it answers in place of applications that failed to start.
        let isStandIn: Bool
        let born: Int
        var state = State.starting
        var readyAt = 0
        var retirement: Retirement?
        var requestLimit: Int?
        var killAt: Int?
        /// Whether it accepts no more connections.
        var hasStoppedAccepting = false
    }

    /// The figures of a worker, read from outside its process.
    struct Observation {
        var requests = 0
        var memory = 0
        /// The time since its slowest loop last answered a ping.
        var silence = 0
        var loops = 1
    }

    enum Action: Equatable {
        case start(Int, release: Int, isStandIn: Bool)
        /// Drain the worker, within the drain timeout.
        case drain(Int)
        /// Stop the worker: the server is shutting down.
        case stop(Int)
        case kill(Int)
        /// Have the worker report the stack of its slowest loop.
        case examine(Int)
        case log(Notice)
        /// All wanted workers are ready, for the first time.
        case serving
        /// The new release is serving.
        case reloaded
        /// The new release did not start, for this reason. The previous release is still serving.
        case notReloaded(String)
        /// The application with this hash has crashed too often. A release without it must follow at once.
        case quarantine(String)
        case exit(CInt)
    }

    enum Notice: Equatable {
        case retiring(Int, Retirement)
        case waiting(milliseconds: Int)
        case overdue(Int)
        case neverReady(Int)
    }
}
