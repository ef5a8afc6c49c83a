import RoostDeployment

/// What the fleet is told, and what it answers.
extension Fleet {
    /// The plan of the workers, with times in milliseconds.
    struct Rules: Equatable {
        var workers: Int
        /// Requests after which a worker is replaced, and by how many this differs from worker to worker, at most.
        var requests: Int?
        var requestJitter: Int
        /// Bytes of resident memory above which a worker is replaced.
        var memory: Int?
        /// How long a worker serves until it is replaced.
        var lifetime: Int?
        /// How long a loop may not turn; nil: for ever.
        var stall: Int?
        /// How long a worker may take to be ready.
        var start: Int
        /// How long requests may go on when a worker drains.
        var grace: Int
        /// How long a worker may take to end.
        var stop: Int
        /// An application that crashes so many workers ...
        var crashes: Int
        /// ... within this time is quarantined.
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
        /// It answers in the place of an application that cannot be there.
        let isStandIn: Bool
        let born: Int
        var state = State.starting
        var readyAt = 0
        var retirement: Retirement?
        var requestLimit: Int?
        var killAt: Int?
        /// It accepts nothing any more.
        var hasStoppedAccepting = false
    }

    /// What is seen of a worker from outside.
    struct Observation {
        var requests = 0
        var memory = 0
        /// How long its slowest loop has not turned.
        var silence = 0
        var loops = 1
    }

    enum Action: Equatable {
        case start(Int, release: Int, isStandIn: Bool)
        /// The worker ends when its clients let it.
        case drain(Int)
        /// It ends soon.
        case stop(Int)
        case kill(Int)
        /// Its stack is to be looked at.
        case examine(Int)
        case log(Notice)
        /// All that have to be there are, for the first time.
        case serving
        /// A new release serves.
        case reloaded
        /// It does not, for this reason; the one before goes on.
        case notReloaded(String)
        /// Who has this hash has crashed too often: a release without it is to follow at once.
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
