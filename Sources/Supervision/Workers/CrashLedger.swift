/// Who has crashed how often: an application that crashes its workers again and again is quarantined, by the hash of its file. A
/// value without I/O; times are milliseconds of the monotonic clock.
struct CrashLedger {
    /// So many crashes ...
    let most: Int
    /// ... within so many milliseconds.
    let window: Int
    private var crashes: [String: [Int]] = [:]
    private var quarantined: Set<String> = []

    init(most: Int, window: Int) {
        self.most = most
        self.window = window
    }

    /// Counts a crash; true: it was one too many, just now.
    mutating func record(_ hash: String, now: Int) -> Bool {
        let recent = self.crashes[hash, default: []].filter { now - $0 < self.window } + [now]
        self.crashes[hash] = recent
        guard recent.count >= self.most else { return false }
        return self.quarantined.insert(hash).inserted
    }

    func isQuarantined(_ hash: String) -> Bool { self.quarantined.contains(hash) }

    /// Somebody asked for it by name: it gets another chance.
    mutating func pardon(_ hash: String) {
        self.crashes[hash] = nil
        self.quarantined.remove(hash)
    }
}
