/// Debounces file changes: a change is reported when the file has been stable for a while, since its writer may not be
/// done. A removal is reported when it lasts, since linkers unlink a file before they write it. A value type without
/// I/O; times are milliseconds of the monotonic clock.
struct Debounce<State: Equatable> {
    private struct Seen {
        let state: State?
        let since: Int
    }

    /// Time for which a file must be unchanged to be stable.
    let quiet: Int
    /// Time for which a file must be missing to be removed.
    static var absence: Int { 1000 }
    static var defaultQuiet: Int { Deployment.defaultQuiet }

    /// The stable states, by path.
    private(set) var stable: [String: State]
    private var pending: [String: Seen] = [:]

    /// `there`: the states at the start, which are stable at once.
    init(_ there: [String: State], quiet: Int = Self.defaultQuiet) {
        self.stable = there
        self.quiet = quiet
    }

    /// Takes the current states. Returns the paths whose stable states have changed.
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
        // Drops paths that were seen once, but do not exist now and have no stable state.
        self.pending = self.pending.filter { there[$0.key] != nil || self.stable[$0.key] != nil }
        return changed.sorted()
    }

    /// Makes these states stable at once.
    mutating func accept(_ there: [String: State]) { self = Debounce(there, quiet: self.quiet) }

    /// When `update` must be called again without a notification; nil if no change is pending.
    var due: Int? { self.pending.values.map { $0.since + self.patience(for: $0) }.min() }

    private func patience(for seen: Seen) -> Int { seen.state == nil ? Self.absence : self.quiet }
}
