import CASGI
import CWorker
import NIOCore
import RoostSystem
import Synchronization

/// The threads on which modules may block: a bounded number, and a bounded queue before them. [any]
///
/// A thread is started when a job comes and none is free, and stays until the pool stops.
package final class BlockingPool: Sendable {
    /// A module's function that is to be run for a scope, whose memory stays until it has returned.
    struct Job: @unchecked Sendable {
        enum Work {
            case job(asgi_then, UnsafeMutableRawPointer?)
            /// The call of `application` itself, for a module that may block.
            case application(Generation.Application, UnsafePointer<asgi_scope>)
        }

        let id: asgi_id
        let slot: UnsafeMutablePointer<ScopeSlot>
        let work: Work

        /// Whose it is.
        fileprivate var application: UInt32 { self.slot.pointee.lastGeneration?.number ?? 0 }

        /// `call`: what the thread does, for who reports its crash.
        fileprivate func run(_ call: UnsafeMutablePointer<roost_call>) {
            let isOpen = self.slot.pointee.isOpen(self.id)
            var scope: UnsafePointer<asgi_scope>?
            if case .application(_, let given) = self.work { scope = given }
            roost_call_enter(
                call, 0, self.slot.pointee.lastGeneration?.number ?? 0, UInt64(UInt(bitPattern: scope)))
            defer { roost_call_leave(call) }
            switch self.work {
            case .job(let job, let context): job(context, self.id, isOpen ? ASGI_DONE : ASGI_CANCELLED, nil)
            case .application(let application, let scope):
                // One that ended before it began is not called.
                self.returned(isOpen ? application(scope, receiveCall, sendCall) : ASGI_PENDING)
            }
            self.slot.pointee.endJob(self.id)
        }

        /// Goes behind what was sent before.
        private func returned(_ result: asgi_result) {
            self.slot.pointee.announceReturn()
            self.slot.pointee.home.mailbox?._withUnsafeGuaranteedRef {
                $0.put(.call(ForeignCall(id: self.id, slot: self.slot, kind: .returned(result))))
            }
        }
    }

    private struct State {
        var queue = CircularBuffer<Job>()
        var threads = 0
        var free = 0
        var isStopped = false
        var nextComplaint = 0
        /// Jobs that run, by the numbers of their applications.
        var running: [UInt32: Int] = [:]
        /// Those that wait.
        var queued: [UInt32: Int] = [:]
        /// There are several applications: each gets half of the threads at most, and of the queue.
        var isShared = false
    }

    /// What becomes of a job.
    enum Outcome: Equatable {
        case taken
        /// The queue is full, or the pool has stopped.
        case full
        /// The system has no thread to give. `isNews`: that is to be logged.
        case noThread(isNews: Bool)
    }

    private let most: Int
    private let limit: Int
    /// How often it is logged that there is no thread, in milliseconds.
    private static let complaintPace = 10_000
    /// Guards the state; a thread that waits for a job is woken for one, no other.
    private let lock = WakingLock()
    private nonisolated(unsafe) var state = State()

    /// `threads`: at most so many; `queue`: jobs that wait for one.
    init(threads: Int, queue: Int) {
        self.most = threads
        self.limit = queue
    }

    /// Takes a job, when there is room for it.
    func take(_ job: Job) -> Outcome {
        self.lock.withLock {
            guard !self.state.isStopped else { return .full }
            let application = job.application
            if self.state.isShared, self.state.queued[application, default: 0] >= max(self.limit / 2, 1) {
                return .full
            }
            if self.state.queue.count >= self.state.free, self.state.threads < self.most { self.startThread() }
            // Without any thread nobody would take it, however long the queue may be.
            guard self.state.threads > 0 else { return .noThread(isNews: self.isNews()) }
            guard self.state.queue.count < self.limit + self.state.free else { return .full }
            self.state.queue.append(job)
            self.state.queued[application, default: 0] += 1
            self.lock.wakeOne()
            return .taken
        }
    }

    /// Under the lock. Whether it is time to say that there is no thread.
    private func isNews() -> Bool {
        let now = MonotonicClock.milliseconds
        guard now >= self.state.nextComplaint else { return false }
        self.state.nextComplaint = now + Self.complaintPace
        return true
    }

    /// Lets the threads go when all that is queued has been run. What runs is left to return.
    func stop() {
        self.lock.withLock {
            self.state.isStopped = true
            self.lock.wakeAll()
        }
    }

    /// Under the lock. When the system has no thread to give, those that there are have to do.
    private func startThread() {
        guard DetachedThread.start({ self.work() }) else { return }
        self.state.threads += 1
        self.state.free += 1
    }

    private func work() {
        roost_prepare_thread()
        let call = roost_thread_call()!
        while let (job, application) = self.next() {
            job.run(call)
            self.lock.withLock {
                self.state.free += 1
                self.state.running[application, default: 1] -= 1
                if self.state.running[application] == 0 { self.state.running[application] = nil }
            }
        }
    }

    /// Whether there are several applications, which share the threads. [any]
    package func share(_ isShared: Bool) {
        self.lock.withLock {
            self.state.isShared = isShared
            self.lock.wakeAll()
        }
    }

    /// Waits for a job; nil: the pool has stopped, and nothing is left.
    private func next() -> (Job, application: UInt32)? {
        self.lock.withLock {
            while true {
                if let at = self.runnable {
                    let job = self.state.queue.remove(at: at)
                    let application = job.application
                    self.state.free -= 1
                    self.state.queued[application] = (self.state.queued[application] ?? 1) - 1
                    self.state.running[application, default: 0] += 1
                    return (job, application)
                }
                guard !self.state.isStopped || !self.state.queue.isEmpty else { return nil }
                self.lock.wait()
            }
        }
    }

    /// The first job whose application has not its share of the threads already. Under the lock.
    private var runnable: CircularBuffer<Job>.Index? {
        guard self.state.isShared, !self.state.isStopped else { return self.state.queue.indices.first }
        let share = max(self.most / 2, 1)
        return self.state.queue.indices.first {
            self.state.running[self.state.queue[$0].application, default: 0] < share
        }
    }
}
