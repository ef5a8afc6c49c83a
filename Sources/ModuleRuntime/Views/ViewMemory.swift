import CASGI
import CViews
import Synchronization

/// The memory that a scope keeps for its view: the request and its arguments. Allocated for the first view, and reused
/// for later scopes.
struct ViewMemory {
    let view: UnsafeMutablePointer<roost_view>

    @inline(__always)
    var request: UnsafeMutablePointer<asgi_request> {
        UnsafeMutableRawPointer(self.view).assumingMemoryBound(to: asgi_request.self)
    }

    @inline(__always)
    var arguments: UnsafeMutablePointer<asgi_argument> { roost_view_arguments(self.view) }

    /// The memory of a slot, allocated if there is none. If two threads allocate it at the same time, both get the
    /// first one. Thread-safe while the scope is held.
    @inline(__always)
    init(making slot: UnsafeMutablePointer<ScopeSlot>) {
        let address = slot.pointee.view.load(ordering: .acquiring)
        self.view = UnsafeMutablePointer(bitPattern: address) ?? Self.make(slot)
    }

    /// Returns nil if the scope was not given to a view.
    init?(of slot: UnsafeMutablePointer<ScopeSlot>) {
        guard let view = UnsafeMutablePointer<roost_view>(bitPattern: slot.pointee.view.load(ordering: .acquiring))
        else {
            return nil
        }
        self.view = view
        guard self.request.pointee.scope != nil else { return nil }
    }

    @inline(never)
    private static func make(_ slot: UnsafeMutablePointer<ScopeSlot>) -> UnsafeMutablePointer<roost_view> {
        let made = UnsafeMutablePointer<roost_view>.zeroed(bytes: roost_view_size())
        let (isMade, there) = slot.pointee.view.compareExchange(
            expected: 0, desired: UInt(bitPattern: made), ordering: .acquiringAndReleasing)
        guard !isMade, let first = UnsafeMutablePointer<roost_view>(bitPattern: there) else { return made }
        UnsafeMutableRawPointer(made).deallocate()
        return first
    }

    /// The data besides the arguments, allocated when first needed.
    var details: ViewDetails {
        let there =
            roost_view_details(self.view)
            ?? {
                let made = Unmanaged.passRetained(ViewDetails())
                guard let kept = roost_view_keep(self.view, made.toOpaque()), kept != made.toOpaque() else {
                    return made.toOpaque()
                }
                made.release()
                return kept
            }()
        return Unmanaged<ViewDetails>.fromOpaque(there).takeUnretainedValue()
    }

    /// Gives the memory to the slot of a scope that begins. On the scope's loop.
    @inline(__always)
    func lend(to slot: UnsafeMutablePointer<ScopeSlot>) {
        slot.pointee.view.store(UInt(bitPattern: self.view), ordering: .releasing)
    }

    /// Takes the memory back from the slot of a scope that has ended and is not held, and releases the details. Returns
    /// nil if the slot has none.
    @inline(__always)
    init?(takingBack slot: UnsafeMutablePointer<ScopeSlot>) {
        let address = slot.pointee.view.load(ordering: .acquiring)
        guard let view = UnsafeMutablePointer<roost_view>(bitPattern: address) else { return nil }
        self.view = view
        slot.pointee.view.store(0, ordering: .relaxed)
        self.request.pointee.scope = nil
        if roost_view_details(view) != nil, let details = roost_view_take(view) {
            Unmanaged<ViewDetails>.fromOpaque(details).release()
        }
    }

    func deallocate() { UnsafeMutableRawPointer(self.view).deallocate() }
}

/// Runs `body` with the memory of a scope's view, which is kept meanwhile. Returns nil if the scope has ended, or was
/// not given to a view. Thread-safe.
func withView<Result>(_ id: asgi_id, _ body: (ViewMemory) -> Result) -> Result? {
    guard let slot = ScopeTable.process.slot(of: id), slot.pointee.announce(id, ordered: false) else { return nil }
    defer { slot.pointee.complete(ordered: false) }
    return ViewMemory(of: slot).map(body)
}
