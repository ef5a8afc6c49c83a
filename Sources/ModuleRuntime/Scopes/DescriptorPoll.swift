import CASGI
import CLinux
import Glibc
import NIOConcurrencyHelpers
import RoostSystem

/// The only thread of a host that waits until descriptors of modules are ready (`asgi.loop/1`). Thread-safe.
///
/// NIO cannot watch a descriptor that it does not own. A descriptor is armed for one event. The event ends the watches
/// that asked for it, and the descriptor is armed again for the others. The thread is started with the first watch.
final class DescriptorPoll: Sendable {
    struct Conditions: OptionSet {
        let rawValue: UInt32
        static let readable = Conditions(rawValue: ASGI_READABLE)
        static let writable = Conditions(rawValue: ASGI_WRITABLE)
    }

    struct Watch: Sendable {
        let number: UInt64
        let waits: ScopeWaits
        let conditions: Conditions
    }

    private struct State {
        var epoll: CInt = -1
        /// A pipe. Closing its write end ends the thread.
        var stopping: (read: CInt, write: CInt) = (-1, -1)
        var watches: [CInt: [Watch]] = [:]
        var isStopped = false
    }

    private let state = NIOLockedValueBox(State())
    private static let stop = UInt64.max

    /// Starts a watch. Returns PENDING, or why the descriptor cannot be watched.
    func add(_ file: CInt, _ watch: Watch) -> asgi_result {
        self.state.withLockedValue { state in
            guard !state.isStopped else { return ASGI_STALE }
            guard state.epoll >= 0 || self.start(&state) else { return ASGI_FAILED }
            guard self.arm(file, state.watches[file, default: []] + [watch], state.epoll) else {
                return errno == EPERM ? ASGI_UNSUPPORTED : errno == EBADF ? ASGI_INVALID : ASGI_FAILED
            }
            state.watches[file, default: []].append(watch)
            return ASGI_PENDING
        }
    }

    /// Removes a watch that the caller completes itself.
    func remove(_ file: CInt, _ number: UInt64) {
        self.state.withLockedValue { state in
            // The epoll descriptor is closed with the thread; its number may belong to another file by now.
            guard !state.isStopped else { return }
            guard let watches = state.watches[file], watches.contains(where: { $0.number == number }) else { return }
            let left = watches.filter { $0.number != number }
            state.watches[file] = left.isEmpty ? nil : left
            // If its owner has closed the descriptor meanwhile, there is nothing to disarm.
            if left.isEmpty { _ = roost_epoll_disarm(state.epoll, file) } else { _ = self.arm(file, left, state.epoll) }
        }
    }

    /// Ends the thread. No descriptor is watched afterwards.
    func stop() {
        self.state.withLockedValue { state in
            state.isStopped = true
            if state.stopping.write >= 0 { close(state.stopping.write) }
            state.stopping.write = -1
        }
    }

    private func arm(_ file: CInt, _ watches: [Watch], _ epoll: CInt) -> Bool {
        let all = watches.reduce(into: Conditions()) { $0.formUnion($1.conditions) }
        return roost_epoll_arm(
            epoll, file, all.contains(.readable) ? 1 : 0, all.contains(.writable) ? 1 : 0, UInt64(file)) == 0
    }

    // MARK: The thread

    private func start(_ state: inout State) -> Bool {
        var pipes: [CInt] = [-1, -1]
        let epoll = roost_epoll_make()
        guard epoll >= 0 else { return false }
        guard roost_pipe_make(&pipes, 0) == 0 else {
            close(epoll)
            return false
        }
        guard roost_epoll_arm(epoll, pipes[0], 1, 0, Self.stop) == 0, DetachedThread.start({ self.poll() }) else {
            for file in pipes + [epoll] { close(file) }
            return false
        }
        state.epoll = epoll
        state.stopping = (pipes[0], pipes[1])
        return true
    }

    private func poll() {
        let (epoll, stopping) = self.state.withLockedValue { ($0.epoll, $0.stopping.read) }
        let most = 64
        let events = UnsafeMutablePointer<roost_epoll_event>.allocate(capacity: most)
        defer {
            events.deallocate()
            close(epoll)
            close(stopping)
        }
        while true {
            let count = Int(roost_epoll_wait(epoll, events, CInt(most)))
            let ready = UnsafeBufferPointer(start: events, count: max(count, 0))
            if ready.contains(where: { $0.number == Self.stop }) { return }
            for (waits, numbers) in self.end(ready, epoll) { waits.completeNow(numbers) }
        }
    }

    /// Ends the watches whose descriptors are ready. Returns their numbers, grouped so that each loop is woken once.
    private func end(_ ready: UnsafeBufferPointer<roost_epoll_event>, _ epoll: CInt) -> [(ScopeWaits, [UInt64])] {
        var ended: [ObjectIdentifier: (ScopeWaits, [UInt64])] = [:]
        self.state.withLockedValue { state in
            for event in ready {
                let file = CInt(truncatingIfNeeded: event.number)
                var there: Conditions = event.readable != 0 ? .readable : []
                if event.writable != 0 { there.insert(.writable) }
                guard let watches = state.watches[file] else { continue }
                let left = watches.filter { $0.conditions.isDisjoint(with: there) }
                for watch in watches where !watch.conditions.isDisjoint(with: there) {
                    ended[ObjectIdentifier(watch.waits), default: (watch.waits, [])].1.append(watch.number)
                }
                state.watches[file] = left.isEmpty ? nil : left
                if !left.isEmpty { _ = self.arm(file, left, epoll) }
            }
        }
        return Array(ended.values)
    }
}
