/// Reloads that were asked for, and changes of drop-in folders, until a scan has found what they come to. A value without I/O; times are
/// milliseconds of the monotonic clock.
///
/// What is asked for while a scan runs is scanned once more: the newest counts.
struct ReloadQueue {
    /// What a scan has found, until it can be acted on.
    struct Found {
        let scan: Deployment.Scan
        /// The oldest first.
        let reloads: [PendingReload]
        let begun: Int
        /// Whether files have changed that `--reload` watches.
        let isWatched: Bool
    }

    private var pending: [PendingReload] = []
    private var isFolderChanged = false
    private var isScanning = false
    /// No scan begins before: the last one failed for want of resources.
    private var scanAt = 0
    private(set) var found: Found?

    /// Whether nothing of a reload is waiting or being scanned.
    var isIdle: Bool { self.pending.isEmpty && !self.isScanning && self.found == nil }
    /// When a scan that was put off is due; nil: none was.
    var due: Int? { self.scanAt > 0 && (!self.pending.isEmpty || self.isFolderChanged) ? self.scanAt : nil }

    mutating func add(_ reload: PendingReload) { self.pending.append(reload) }
    mutating func addFolderChange() { self.isFolderChanged = true }

    /// Begins a scan, if one is to be made and none runs. Returns the reloads that it is for.
    mutating func beginScan(now: Int) -> [PendingReload]? {
        guard !self.isScanning, now >= self.scanAt, !self.pending.isEmpty || self.isFolderChanged else { return nil }
        defer {
            self.pending = []
            self.isFolderChanged = false
            self.scanAt = 0
        }
        self.isScanning = true
        return self.pending
    }

    /// A scan has ended with this result. Returns false when it is made once more, since more was asked for.
    mutating func endScan(of reloads: [PendingReload]) -> Bool {
        self.isScanning = false
        guard self.pending.isEmpty || reloads.isEmpty else {
            self.pending = reloads + self.pending
            return false
        }
        return true
    }

    mutating func add(_ scan: Deployment.Scan, for reloads: [PendingReload], begun: Int) {
        self.found = Found(
            scan: scan,
            reloads: (self.found?.reloads ?? []) + (reloads.isEmpty ? [PendingReload(ReloadRequest())] : reloads),
            begun: self.found?.begun ?? begun,
            isWatched: reloads.contains { !$0.request.isAsked })
    }

    /// Puts a scan off that failed for want of resources: the files may be in order.
    mutating func putOff(_ reloads: [PendingReload], until time: Int) {
        self.pending = reloads + self.pending
        self.isFolderChanged = self.isFolderChanged || reloads.isEmpty
        self.scanAt = time
    }

    mutating func removeFound() -> Found? {
        defer { self.found = nil }
        return self.found
    }
}
