import CLinux
import CWorker
import Glibc

/// The memory that a worker shares with its supervisor (`Sources/CWorker`): what each loop does, and what was found on the stack
/// when the worker crashed. Mapped for as long as this lives; its descriptor is the maker's.
public final class WorkerPage: @unchecked Sendable {
    let descriptor: CInt
    private let page: UnsafeMutablePointer<roost_page>

    /// A new one. Nil: the system has no memory to give.
    convenience init?() {
        let descriptor = roost_memory_make("roost-worker", MemoryLayout<roost_page>.size)
        guard descriptor >= 0 else { return nil }
        self.init(descriptor: descriptor)
    }

    /// The one that this descriptor names.
    init?(descriptor: CInt) {
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

    // MARK: For the worker

    /// Where a loop says what it does; nil: there are only so many. The page has to stay.
    func call(of loop: Int) -> UnsafeMutablePointer<roost_call>? {
        loop < Int(ROOST_LOOPS) ? roost_page_loop(self.page, CInt(loop)) : nil
    }

    /// Has crashes of this process reported here, from here on.
    func reportCrashes() {
        _ = Unmanaged.passRetained(self)
        roost_report_crashes(self.page)
    }

    // MARK: For the supervisor

    var requests: Int { self.sum { Int(truncatingIfNeeded: $0.requests) } }
    var failures: Int { self.sum { Int(truncatingIfNeeded: $0.failures) } }
    var connections: Int { self.sum { Int($0.connections) } }
    var scopes: Int { self.sum { Int($0.scopes) } }

    /// How many loops there are.
    var loops: Int { self.sum { $0.thread != 0 ? 1 : 0 } }

    /// The loop that has not turned for longest, since when (milliseconds of the monotonic clock, at the earliest `since`), and
    /// its thread.
    func slowest(since: Int) -> (loop: Int, turned: Int, thread: CInt)? {
        var slowest: (Int, Int, CInt)?
        for number in 0..<Int(ROOST_LOOPS) {
            guard let call = self.call(of: number), call.pointee.thread != 0 else { continue }
            let turned = max(Int(clamping: roost_call_last_turn(call) / 1_000_000), since)
            if turned < slowest?.1 ?? .max { slowest = (number, turned, call.pointee.thread) }
        }
        return slowest
    }

    /// The application that a loop is calling, by number; nil: it is calling none.
    var called: Int? {
        for number in 0..<Int(ROOST_LOOPS) {
            guard let call = self.call(of: number), call.pointee.count & 1 == 1, call.pointee.application != 0 else {
                continue
            }
            return Int(call.pointee.application)
        }
        return nil
    }

    var crash: CrashReport? { withUnsafePointer(to: &self.page.pointee.crash, CrashReport.init) }
    var stall: CrashReport? { withUnsafePointer(to: &self.page.pointee.stall, CrashReport.init) }

    private func sum(_ value: (roost_call) -> Int) -> Int {
        (0..<Int(ROOST_LOOPS)).reduce(0) { $0 &+ (self.call(of: $1).map { value($0.pointee) } ?? 0) }
    }
}
