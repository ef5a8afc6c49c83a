import CASGI
import CLinux
import Glibc
import NIOConcurrencyHelpers

/// The descriptors that modules watch on one loop (`asgi.loop/1`). Thread-safe.
///
/// NIO cannot watch a descriptor that it does not own. All watched descriptors are therefore in one epoll descriptor,
/// which the kernel polls for the loop: it signals the loop's eventfd when any of them is ready. The loop then collects
/// the events (`ready`), calls the modules, and starts the next poll (`resume`). No thread waits.
final class DescriptorPoll: Sendable {
    struct Conditions: OptionSet {
        let rawValue: UInt32
        static let readable = Conditions(rawValue: ASGI_READABLE)
        static let writable = Conditions(rawValue: ASGI_WRITABLE)
    }

    struct Watch: Sendable {
        let number: UInt64
        let conditions: Conditions
        let isPersistent: Bool
    }

    private enum Phase {
        case idle
        case polling
        /// Between `ready` and `resume`.
        case collected
        case stopped
    }

    // SAFETY: accessed under the lock of `state` only.
    private struct State: @unchecked Sendable {
        var phase = Phase.idle
        var epoll: CInt = -1
        var poll: OpaquePointer?
        /// Whether the set could not be replaced; `resume` tries again.
        var isBroken = false
        var watches: [CInt: [Watch]] = [:]
    }

    private let event: CInt
    private let isByThread: Bool
    private let state = NIOLockedValueBox(State())

    /// `event`: the eventfd of the loop. `isByThread`: polls by a thread even if the kernel can poll.
    init(event: CInt, isByThread: Bool = false) {
        self.event = event
        self.isByThread = isByThread
    }

    deinit { self.stop() }

    /// Starts a watch. Returns PENDING, or why the descriptor cannot be watched.
    func add(_ file: CInt, _ watch: Watch) -> asgi_result {
        self.state.withLockedValue { state in
            guard state.phase != .stopped else { return ASGI_STALE }
            guard state.epoll >= 0 || self.open(&state) else { return ASGI_FAILED }
            let watches = state.watches[file, default: []] + [watch]
            guard Self.set(file, watches, state.epoll) else {
                return errno == EPERM ? ASGI_UNSUPPORTED : errno == EBADF ? ASGI_INVALID : ASGI_FAILED
            }
            state.watches[file] = watches
            guard state.phase != .idle || Self.start(&state) else {
                self.remove(file, watch.number, &state)
                return ASGI_FAILED
            }
            return ASGI_PENDING
        }
    }

    /// Removes a watch.
    func remove(_ file: CInt, _ number: UInt64) {
        self.state.withLockedValue { self.remove(file, number, &$0) }
    }

    /// Returns the numbers of the watches whose descriptors are ready, and removes those that are not persistent. Nil if
    /// the poll has not completed. If it has, the caller must call `resume`, also if no descriptor is ready any more,
    /// since its owner has read it meanwhile. On the loop.
    func ready() -> [UInt64]? {
        self.state.withLockedValue { state in
            guard !state.isBroken else { return [] }
            guard state.phase == .polling, let poll = state.poll, roost_poll_completed(poll) != 0 else { return nil }
            state.phase = .collected
            return withUnsafeTemporaryAllocation(of: roost_epoll_event.self, capacity: Self.maxEvents) { events in
                let count = roost_epoll_events(state.epoll, events.baseAddress, CInt(Self.maxEvents))
                return events.prefix(max(Int(count), 0)).flatMap { self.end($0, &state) }
            }
        }
    }

    /// Starts the next poll after `ready`, if any descriptor is watched. Returns false if the system has no memory for
    /// it; the caller must then try again. On the loop.
    func resume() -> Bool {
        self.state.withLockedValue { state in
            guard state.phase == .collected else { return true }
            guard !state.watches.isEmpty else {
                state.phase = .idle
                state.isBroken = false
                return true
            }
            guard state.epoll >= 0 || self.open(&state), Self.start(&state) else { return false }
            state.isBroken = false
            return true
        }
    }

    /// Ends the poll. No descriptor is watched afterwards.
    func stop() {
        self.state.withLockedValue { state in
            guard state.phase != .stopped else { return }
            state.phase = .stopped
            state.watches = [:]
            roost_poll_destroy(state.poll)
            if state.epoll >= 0 { close(state.epoll) }
        }
    }

    /// The maximum number of descriptors whose watches complete in one turn of the loop.
    private static let maxEvents = 64

    private func open(_ state: inout State) -> Bool {
        let epoll = roost_epoll_make()
        guard epoll >= 0 else { return false }
        guard let poll = roost_poll_make(epoll, self.event, self.isByThread ? 1 : 0) else {
            close(epoll)
            return false
        }
        state.epoll = epoll
        state.poll = poll
        for (file, watches) in state.watches where !Self.set(file, watches, epoll) { state.watches[file] = nil }
        return true
    }

    private static func start(_ state: inout State) -> Bool {
        guard let poll = state.poll, roost_poll_start(poll) == 0 else { return false }
        state.phase = .polling
        return true
    }

    /// Sets the conditions of a descriptor to those of its watches.
    private static func set(_ file: CInt, _ watches: [Watch], _ epoll: CInt) -> Bool {
        let all = watches.reduce(into: Conditions()) { $0.formUnion($1.conditions) }
        return roost_epoll_set(
            epoll, file, all.contains(.readable) ? 1 : 0, all.contains(.writable) ? 1 : 0, UInt64(file)) == 0
    }

    private func remove(_ file: CInt, _ number: UInt64, _ state: inout State) {
        guard let watches = state.watches[file], watches.contains(where: { $0.number == number }) else { return }
        self.keep(watches.filter { $0.number != number }, of: file, &state)
    }

    /// Ends the watches that an event completes. Returns the numbers of all that it concerns.
    private func end(_ event: roost_epoll_event, _ state: inout State) -> [UInt64] {
        let file = CInt(truncatingIfNeeded: event.number)
        var there: Conditions = event.readable != 0 ? .readable : []
        if event.writable != 0 { there.insert(.writable) }
        let watches = state.watches[file] ?? []
        let ready = watches.filter { !$0.conditions.isDisjoint(with: there) }
        let left = watches.filter { $0.isPersistent || $0.conditions.isDisjoint(with: there) }
        // A descriptor without a watch is removed too: its owner has closed it, but a duplicate of it is still open.
        if left.count < watches.count || watches.isEmpty { self.keep(left, of: file, &state) }
        return ready.map(\.number)
    }

    /// Replaces the watches of a descriptor.
    private func keep(_ watches: [Watch], of file: CInt, _ state: inout State) {
        state.watches[file] = watches.isEmpty ? nil : watches
        let isSet =
            watches.isEmpty ? roost_epoll_remove(state.epoll, file) == 0 : Self.set(file, watches, state.epoll)
        if !isSet { self.rebuild(&state) }
    }

    /// Replaces the epoll set. A descriptor that its owner has closed cannot be removed from it while a duplicate is
    /// open, and would be reported for ever (epoll(7), questions and answers).
    private func rebuild(_ state: inout State) {
        roost_poll_destroy(state.poll)
        close(state.epoll)
        state.poll = nil
        state.epoll = -1
        let wasPolling = state.phase == .polling
        guard !self.open(&state) || (wasPolling && !Self.start(&state)) else { return }
        // Without descriptors or memory now: the loop resumes the poll later.
        state.phase = .collected
        state.isBroken = true
        roost_event_signal(self.event)
    }
}
