/// Debounces the changes of a drop-in folder: of each module, and of the folder itself, by the rules of `Debounce`. A
/// value type without I/O; times are milliseconds of the monotonic clock.
struct DropInWatch {
    private let folder: String
    private var modules: Debounce<DropInFolder.Module>
    /// The fault of the folder if it cannot be read, by its path.
    private var faults: Debounce<String>

    /// `listing`: the listing that was acted on; it is stable at once.
    init(_ listing: DropInFolder.Listing, quiet: Int = Debounce<String>.defaultQuiet) {
        self.folder = listing.folder
        self.modules = Debounce(Self.states(listing), quiet: quiet)
        self.faults = Debounce(Self.faults(listing), quiet: Debounce<String>.absence)
    }

    /// The stable listing.
    var stable: DropInFolder.Listing {
        DropInFolder.Listing(
            folder: self.folder, fault: self.faults.stable[self.folder],
            modules: self.modules.stable.values.sorted { $0.path < $1.path })
    }

    /// Takes the current listing. Returns whether the stable listing has changed. If a folder stays missing, its
    /// modules are removed.
    mutating func update(_ listing: DropInFolder.Listing, now: Int) -> Bool {
        // A folder that exists again is stable at once.
        if listing.fault == nil { self.faults.accept([:]) }
        let hasOtherFault = !self.faults.update(Self.faults(listing), now: now).isEmpty
        return !self.modules.update(Self.states(listing), now: now).isEmpty || hasOtherFault
    }

    /// When `update` must be called again without a notification; nil if no change is pending.
    var due: Int? { [self.modules.due, self.faults.due].compactMap { $0 }.min() }

    private static func states(_ listing: DropInFolder.Listing) -> [String: DropInFolder.Module] {
        Dictionary(listing.modules.map { ($0.path, $0) }, uniquingKeysWith: { $1 })
    }

    private static func faults(_ listing: DropInFolder.Listing) -> [String: String] {
        listing.fault.map { [listing.folder: $0] } ?? [:]
    }
}
