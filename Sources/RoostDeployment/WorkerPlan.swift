package import RoostSystem

/// The rules for the workers of a group: their number, their user and limits, and when a worker is replaced.
package struct WorkerPlan: Sendable, Equatable {
    package var workers = 1
    /// Number of requests after which a worker is replaced; nil for never.
    package var requests: Int?
    /// The maximum random number that is added to `requests`.
    package var requestJitter = 0
    /// Resident memory above which a worker is replaced, in bytes; nil for no limit.
    package var memory: Int?
    /// Age at which a worker is replaced, in seconds; nil for never.
    package var lifetime: Int?
    /// Seconds for which an event loop may be stalled before its worker is replaced; nil for never.
    package var stall: Int? = 60
    /// Timeout for a worker to become ready, in seconds.
    package var start: Int
    /// Drain timeout for requests, in seconds.
    package var grace: Int
    /// Timeout of a whole shutdown, in seconds.
    package var stop: Int
    /// An application that crashes this number of workers within `crashWindow` seconds is quarantined.
    package var crashes = 3
    package var crashWindow = 60
    /// Maximum size of the state that an application may transfer to its next generation, in bytes.
    package var state: Int
    /// The arguments of a worker's command line, after the subcommand.
    package var arguments: [String] = []
    package var privileges = Privileges()
    /// Limits on generations that a worker may load in place of others; above them a new worker replaces it.
    package var allowance = LoadedImages.Allowance()
    /// Environment variables in addition to the supervisor's.
    package var environment: [String: String] = [:]

    /// The parameters have no defaults: they follow from the settings of the host.
    package init(start: Int, grace: Int, stop: Int, state: Int) {
        self.start = start
        self.grace = grace
        self.stop = stop
        self.state = state
    }
}
