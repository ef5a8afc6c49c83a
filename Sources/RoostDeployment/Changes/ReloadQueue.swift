/// Requested reloads and changes of drop-in folders, until a scan has determined their effect. A value type without
/// I/O; times are milliseconds of the monotonic clock.
///
/// A reload that is requested during a scan causes another scan, so that the newest state counts.
struct ReloadQueue {
    /// The result of a scan, until it can be acted on.
    struct Found {
        let scan: Deployment.Scan
        /// Oldest first.
        let reloads: [PendingReload]
        let begun: Int
        /// Whether files that `--reload` watches have changed.
        let isWatched: Bool
    }

    private var pending: [PendingReload] = []
    private var isFolderChanged = false
    private var isScanning = false
    /// No scan begins before this time: the last one failed for lack of resources.
    private var scanAt = 0
    private(set) var found: Found?

    /// Whether no reload is pending, being scanned or waiting to be acted on.
    var isIdle: Bool { self.pending.isEmpty && !self.isScanning && self.found == nil }
    /// When a scan that was put off is due; nil if there is none.
    var due: Int? { self.scanAt > 0 && (!self.pending.isEmpty || self.isFolderChanged) ? self.scanAt : nil }

    mutating func add(_ reload: PendingReload) { self.pending.append(reload) }
    mutating func addFolderChange() { self.isFolderChanged = true }

    /// Begins a scan if one is pending and none is running. Returns the reloads that it is for, else nil.
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

    /// Ends a scan. Returns false if the scan is repeated, since another reload was requested.
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

    /// Puts off a scan that failed for lack of resources, since the files may be valid.
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
