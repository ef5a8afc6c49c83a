/// Counts crashes by the hash of the application's file, and quarantines a file that crashes too often. A value without
/// I/O; times are milliseconds of the monotonic clock.
struct CrashCounter {
    /// The number of crashes within `window` that leads to quarantine.
    let most: Int
    /// The period in which crashes count, in milliseconds.
    let window: Int
    private var crashes: [String: [Int]] = [:]
    private var quarantined: Set<String> = []

    init(most: Int, window: Int) {
        self.most = most
        self.window = window
    }

    /// Counts a crash. Returns whether it has just led to quarantine.
    mutating func record(_ hash: String, now: Int) -> Bool {
        let recent = self.crashes[hash, default: []].filter { now - $0 < self.window } + [now]
        self.crashes[hash] = recent
        guard recent.count >= self.most else { return false }
        return self.quarantined.insert(hash).inserted
    }

    func isQuarantined(_ hash: String) -> Bool { self.quarantined.contains(hash) }

    /// Ends the quarantine and resets the count, since an operator has asked for the file.
    mutating func pardon(_ hash: String) {
        self.crashes[hash] = nil
        self.quarantined.remove(hash)
    }
}
