/// What a change in one group of workers has come to.
struct ChangeOutcome {
    static let inPlace = "in place"
    static let byNewWorkers = "new workers"

    /// The applications before it.
    let before: Roster
    /// Those whose new generation serves.
    var mounted: [UInt32] = []
    var removed: [UInt32] = []
    /// Those that did not start, and why.
    var faults: [UInt32: String] = [:]
    let method: String
    /// When that began which led to it, milliseconds of the monotonic clock.
    let begun: Int
}
