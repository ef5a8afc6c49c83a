import CLinux
package import CWorker
import Glibc

/// The memory that a worker shares with its supervisor (`Sources/CWorker`): the module call that each thread is
/// running, and the reports of a crash and of a stalled loop. Mapped for as long as this object lives.
// SAFETY: the page is written by atomic stores or under the reporter's own lock, and the supervisor does not trust it.
package final class WorkerPage: @unchecked Sendable {
    package let descriptor: CInt
    private let page: UnsafeMutablePointer<roost_page>

    /// Creates a page. Returns nil if the system has no memory left.
    package convenience init?() {
        let descriptor = roost_memory_make("roost-worker", MemoryLayout<roost_page>.size)
        guard descriptor >= 0 else { return nil }
        self.init(descriptor: descriptor)
    }

    /// Maps the page of a descriptor. Takes ownership of the descriptor, and closes it if it returns nil.
    package init?(descriptor: CInt) {
        guard
            let memory = mmap(
                nil, MemoryLayout<roost_page>.size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0),
            memory != MAP_FAILED
        else {
            close(descriptor)
            return nil
        }
        self.descriptor = descriptor
        self.page = memory.bindMemory(to: roost_page.self, capacity: 1)
    }

    deinit {
        munmap(self.page, MemoryLayout<roost_page>.size)
        close(self.descriptor)
    }

    // MARK: Used by the worker

    /// The record of a loop, or nil if the page has no more records. The page must outlive the record.
    package func call(of loop: Int) -> UnsafeMutablePointer<roost_call>? {
        loop < Int(ROOST_LOOPS) ? roost_page_loop(self.page, CInt(loop)) : nil
    }

    /// Installs the handlers that report crashes and exits of this process here. The page is then never freed.
    package func reportCrashes() {
        _ = Unmanaged.passRetained(self)
        roost_report_crashes(self.page)
    }

    // MARK: Used by the supervisor

    package var requests: Int { self.sum { Int(truncatingIfNeeded: $0.requests) } }
    package var failures: Int { self.sum { Int(truncatingIfNeeded: $0.failures) } }
    package var connections: Int { self.sum { Int($0.connections) } }
    package var scopes: Int { self.sum { Int($0.scopes) } }

    /// The number of loops.
    package var loops: Int { self.sum { $0.thread != 0 ? 1 : 0 } }

    /// The loop whose last answer to a ping is the oldest, the time of that answer (milliseconds of the monotonic
    /// clock, `since` at the earliest), and the id of its thread.
    package func slowest(since: Int) -> (loop: Int, turned: Int, thread: CInt)? {
        var slowest: (Int, Int, CInt)?
        for number in 0..<Int(ROOST_LOOPS) {
            guard let call = self.call(of: number), call.pointee.thread != 0 else { continue }
            let turned = max(Int(clamping: roost_call_last_turn(call) / 1_000_000), since)
            if turned < slowest?.1 ?? .max { slowest = (number, turned, call.pointee.thread) }
        }
        return slowest
    }

    /// The numbers of the applications whose functions are running now, on loops and on threads that may block.
    package var called: Set<UInt32> {
        let loops = (0..<Int(ROOST_LOOPS)).lazy.compactMap { self.call(of: $0)?.pointee }
        let threads = (0..<Int(ROOST_THREADS)).lazy.map { roost_page_thread(self.page, CInt($0)).pointee }
        let called = { (call: roost_call) in call.count & 1 == 1 && call.application != 0 }
        return Set(loops.filter(called).map(\.application)).union(threads.filter(called).map(\.application))
    }

    /// Whether the worker ended its process itself, by `Worker.exit`.
    package var hasLeft: Bool { self.page.pointee.has_left != 0 }

    package var crash: CrashReport? { Self.report(&self.page.pointee.crash) }
    /// The report of a stalled loop; nil if there is none, or if it is still being written.
    package var stall: CrashReport? { self.page.pointee.stall.state == 2 ? Self.report(&self.page.pointee.stall) : nil }

    /// Decodes a copy, since the worker, or a child process that it left behind, can write to the page at any time.
    private static func report(_ shared: UnsafeMutablePointer<roost_report>) -> CrashReport? {
        let copy = UnsafeMutablePointer<roost_report>.allocate(capacity: 1)
        defer { copy.deallocate() }
        memcpy(copy, shared, MemoryLayout<roost_report>.size)
        return CrashReport(copy)
    }

    private func sum(_ value: (roost_call) -> Int) -> Int {
        (0..<Int(ROOST_LOOPS)).reduce(0) { $0 &+ (self.call(of: $1).map { value($0.pointee) } ?? 0) }
    }
}
