/// Decides when a change of files counts: when a file has not changed for a moment, since whoever writes it may not be done; an absence when it
/// lasts, since linkers unlink before they write. A value without I/O; times are milliseconds of the monotonic clock.
struct Debounce<State: Equatable> {
    private struct Seen {
        let state: State?
        let since: Int
    }

    /// A file counts when it has not changed for so long.
    let quiet: Int
    /// It is away when it has been for so long.
    static var absence: Int { 1000 }
    static var usualQuiet: Int { Deployment.usualQuiet }

    /// The states that count, by path.
    private(set) var stable: [String: State]
    private var pending: [String: Seen] = [:]

    /// The states at the start count at once.
    init(_ there: [String: State], quiet: Int = Self.usualQuiet) {
        self.stable = there
        self.quiet = quiet
    }

    /// Notes the states of now. Returns the paths whose states have changed, as far as they count.
    mutating func update(_ there: [String: State], now: Int) -> [String] {
        var changed: [String] = []
        for path in Set(there.keys).union(self.stable.keys) {
            guard there[path] != self.stable[path] else {
                self.pending[path] = nil
                continue
            }
            guard let seen = self.pending[path], seen.state == there[path] else {
                self.pending[path] = Seen(state: there[path], since: now)
                continue
            }
            guard now - seen.since >= self.patience(for: seen) else { continue }
            self.pending[path] = nil
            self.stable[path] = seen.state
            changed.append(path)
        }
        // Whatever was seen once and is neither there nor counts.
        self.pending = self.pending.filter { there[$0.key] != nil || self.stable[$0.key] != nil }
        return changed.sorted()
    }

    /// What is there now counts at once.
    mutating func accept(_ there: [String: State]) { self = Debounce(there, quiet: self.quiet) }

    /// When it has to be looked at again though nothing is heard; nil: nothing is on its way.
    var due: Int? { self.pending.values.map { $0.since + self.patience(for: $0) }.min() }

    private func patience(for seen: Seen) -> Int { seen.state == nil ? Self.absence : self.quiet }
}
