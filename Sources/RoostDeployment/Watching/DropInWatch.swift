/// When what is seen in a drop-in folder counts: each of its modules by the rules of `Debounce`, and so the folder itself. A value without I/O; times
/// are milliseconds of the monotonic clock.
struct DropInWatch {
    private let folder: String
    private var modules: Debounce<DropInFolder.Module>
    /// The folder itself cannot be read: by its path.
    private var faults: Debounce<String>

    /// `listing` counts: it is what was acted on.
    init(_ listing: DropInFolder.Listing, quiet: Int = Debounce<String>.usualQuiet) {
        self.folder = listing.folder
        self.modules = Debounce(Self.states(listing), quiet: quiet)
        self.faults = Debounce(Self.faults(listing), quiet: Debounce<String>.absence)
    }

    /// What counts.
    var stable: DropInFolder.Listing {
        DropInFolder.Listing(
            folder: self.folder, fault: self.faults.stable[self.folder],
            modules: self.modules.stable.values.sorted { $0.path < $1.path })
    }

    /// Takes what is there now. True: something else counts. A folder that is away has lost its modules, if it stays away.
    mutating func update(_ listing: DropInFolder.Listing, now: Int) -> Bool {
        // A folder that is back is so at once.
        if listing.fault == nil { self.faults.accept([:]) }
        let hasOtherFault = !self.faults.update(Self.faults(listing), now: now).isEmpty
        return !self.modules.update(Self.states(listing), now: now).isEmpty || hasOtherFault
    }

    /// When it has to be looked at again though nothing is heard; nil: nothing is on its way.
    var due: Int? { [self.modules.due, self.faults.due].compactMap { $0 }.min() }

    private static func states(_ listing: DropInFolder.Listing) -> [String: DropInFolder.Module] {
        Dictionary(listing.modules.map { ($0.path, $0) }, uniquingKeysWith: { $1 })
    }

    private static func faults(_ listing: DropInFolder.Listing) -> [String: String] {
        listing.fault.map { [listing.folder: $0] } ?? [:]
    }
}
