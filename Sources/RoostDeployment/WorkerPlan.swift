package import RoostSystem

/// The rules for the workers of a group: how many there are, their user and limits, and when one is replaced.
package struct WorkerPlan: Sendable, Equatable {
    package var workers = 1
    /// Requests after which a worker is replaced; nil: never.
    package var requests: Int?
    /// The maximum random number that is added to `requests`.
    package var requestJitter = 0
    /// Resident bytes above which a worker is replaced; nil: any number.
    package var memory: Int?
    /// Seconds after which a worker is replaced; nil: never.
    package var lifetime: Int?
    /// Seconds after which a stalled event loop has its worker replaced; nil: never.
    package var stall: Int? = 60
    /// Seconds until a worker must be ready.
    package var start: Int
    /// Seconds for requests to finish.
    package var grace: Int
    /// Seconds for a whole shutdown.
    package var stop: Int
    /// An application that crashes this number of workers within `crashWindow` seconds is quarantined.
    package var crashes = 3
    package var crashWindow = 60
    /// Bytes of state that an application may pass to its next generation.
    package var state: Int
    /// The arguments of a worker's command line, behind the subcommand.
    package var arguments: [String] = []
    package var privileges = Privileges()
    /// The generations that a worker may load in the place of others; above it another worker replaces it.
    package var allowance = LoadedImages.Allowance()
    /// Environment variables besides the supervisor's.
    package var environment: [String: String] = [:]

    /// The parameters have no default of their own: they follow from the settings of the host.
    package init(start: Int, grace: Int, stop: Int, state: Int) {
        self.start = start
        self.grace = grace
        self.stop = stop
        self.state = state
    }
}
