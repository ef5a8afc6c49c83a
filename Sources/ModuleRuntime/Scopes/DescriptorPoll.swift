import CASGI
import CLinux
import Glibc
import NIOConcurrencyHelpers
import RoostSystem

/// The one thread of a host that waits for descriptors of modules to be ready (`asgi.loop/1`). [any]
///
/// NIO cannot watch a descriptor that is not its own. A descriptor is armed for one event, which ends the watches that asked
/// for it; those that did not are armed again. The thread is started with the first watch.
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
        /// Ends the thread when its other end is closed.
        var stopping: (read: CInt, write: CInt) = (-1, -1)
        var watches: [CInt: [Watch]] = [:]
        var isStopped = false
    }

    private let state = NIOLockedValueBox(State())
    private static let stop = UInt64.max

    /// Begins to watch: PENDING, or why not.
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

    /// The watch is told otherwise.
    func remove(_ file: CInt, _ number: UInt64) {
        self.state.withLockedValue { state in
            // With the thread its epoll is gone: the number may be another's by now.
            guard !state.isStopped else { return }
            guard let watches = state.watches[file], watches.contains(where: { $0.number == number }) else { return }
            let left = watches.filter { $0.number != number }
            state.watches[file] = left.isEmpty ? nil : left
            // Where its owner has closed it meanwhile there is nothing to disarm.
            if left.isEmpty { _ = roost_epoll_disarm(state.epoll, file) } else { _ = self.arm(file, left, state.epoll) }
        }
    }

    /// Ends the thread. Nothing is watched any more.
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
            for (waits, numbers) in self.end(ready, epoll) { waits.hasten(numbers) }
        }
    }

    /// Ends the watches that have what they asked for; what a loop has to look at is told it at once.
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
