/// When a change of files counts: when they have been so for a moment, since whoever writes may not be done; an absence when it lasts, since
/// linkers unlink before they write. A value without I/O; times are milliseconds of the monotonic clock.
struct Settling<State: Equatable> {
    private struct Seen {
        let state: State?
        let since: Int
    }

    /// A file counts when it has not changed for so long.
    let quiet: Int
    /// It is away when it has been for so long.
    static var absence: Int { 1000 }
    static var usualQuiet: Int { Deployment.usualQuiet }

    /// What counts, by path.
    private(set) var settled: [String: State]
    private var pending: [String: Seen] = [:]

    /// What is there at the start counts at once.
    init(_ there: [String: State], quiet: Int = Self.usualQuiet) {
        self.settled = there
        self.quiet = quiet
    }

    /// Takes what is there now. Says whose state is another.
    mutating func look(_ there: [String: State], now: Int) -> [String] {
        var changed: [String] = []
        for path in Set(there.keys).union(self.settled.keys) {
            guard there[path] != self.settled[path] else {
                self.pending[path] = nil
                continue
            }
            guard let seen = self.pending[path], seen.state == there[path] else {
                self.pending[path] = Seen(state: there[path], since: now)
                continue
            }
            guard now - seen.since >= self.patience(for: seen) else { continue }
            self.pending[path] = nil
            self.settled[path] = seen.state
            changed.append(path)
        }
        // Whatever was seen once and is neither there nor counts.
        self.pending = self.pending.filter { there[$0.key] != nil || self.settled[$0.key] != nil }
        return changed.sorted()
    }

    /// What is there now counts at once.
    mutating func accept(_ there: [String: State]) { self = Settling(there, quiet: self.quiet) }

    /// When it has to be looked at again though nothing is heard; nil: nothing is on its way.
    var due: Int? { self.pending.values.map { $0.since + self.patience(for: $0) }.min() }

    private func patience(for seen: Seen) -> Int { seen.state == nil ? Self.absence : self.quiet }
}
