/// When what is seen in a drop-in folder counts: a change when it has been so for a moment, since whoever writes may not be done; an absence
/// when it lasts, since linkers unlink before they write. A value without I/O; times are milliseconds of the monotonic clock.
struct DropInWatch {
    /// A file counts when it has not changed for so long.
    static let quiet = 100
    /// It is away when it has been for so long.
    static let absence = 1000

    private struct Seen {
        var module: DropInFolder.Module?
        var since: Int
    }

    /// What counts.
    private(set) var settled: DropInFolder.Listing
    private var pending: [String: Seen] = [:]
    /// The folder itself cannot be read, since then.
    private var faultSince: Int?

    /// What is there at the start counts at once.
    init(_ listing: DropInFolder.Listing) { self.settled = listing }

    /// Takes what is there now. True: something else counts.
    mutating func look(_ listing: DropInFolder.Listing, now: Int) -> Bool {
        // A folder that is away has lost its modules, if it stays away.
        let there = Dictionary(listing.modules.map { ($0.path, $0) }, uniquingKeysWith: { $1 })
        let counted = Dictionary(self.settled.modules.map { ($0.path, $0) }, uniquingKeysWith: { $1 })
        var hasChanged = self.settle(listing.fault, now)
        for path in Set(there.keys).union(counted.keys) {
            guard there[path] != counted[path] else {
                self.pending[path] = nil
                continue
            }
            guard let seen = self.pending[path], seen.module == there[path] else {
                self.pending[path] = Seen(module: there[path], since: now)
                continue
            }
            guard now - seen.since >= Self.patience(for: seen.module) else { continue }
            self.pending[path] = nil
            self.settled.modules.removeAll { $0.path == path }
            if let module = seen.module { self.settled.modules.append(module) }
            hasChanged = true
        }
        // Whatever was seen once and is neither there nor counts.
        self.pending = self.pending.filter { there[$0.key] != nil || counted[$0.key] != nil }
        if hasChanged { self.settled.modules.sort { $0.path < $1.path } }
        return hasChanged
    }

    private mutating func settle(_ fault: String?, _ now: Int) -> Bool {
        guard self.settled.fault != fault else {
            self.faultSince = nil
            return false
        }
        let since = self.faultSince ?? now
        self.faultSince = since
        guard fault == nil || now - since >= Self.absence else { return false }
        self.settled.fault = fault
        self.faultSince = nil
        return true
    }

    /// When it has to be looked at again though nothing is heard; nil: nothing is on its way.
    var due: Int? {
        let changes = self.pending.values.map { $0.since + Self.patience(for: $0.module) }
        return (changes + (self.faultSince.map { [$0 + Self.absence] } ?? [])).min()
    }

    private static func patience(for module: DropInFolder.Module?) -> Int {
        module == nil ? Self.absence : Self.quiet
    }
}
