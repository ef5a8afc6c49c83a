/// The result of a change in one group of workers.
struct ChangeOutcome {
    static let inPlace = "in place"
    static let byNewWorkers = "new workers"

    /// The applications before the change.
    let before: Roster
    /// Applications whose new generation serves.
    var mounted: [UInt32] = []
    var removed: [UInt32] = []
    /// Applications that did not start, and why.
    var faults: [UInt32: String] = [:]
    let method: String
    /// When the cause of the change began, in milliseconds of the monotonic clock.
    let begun: Int
}
