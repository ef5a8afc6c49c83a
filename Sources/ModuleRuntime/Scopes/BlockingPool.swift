import CASGI
import CWorker
import NIOCore
import RoostSystem
import Synchronization

/// The threads on which modules may block: a bounded number of threads, and a bounded queue. Thread-safe.
///
/// A thread is started when a job is added and no thread is free. It runs until the pool stops.
package final class BlockingPool: Sendable {
    /// A module's function to run for a scope. The scope keeps its memory until the function has returned.
    // SAFETY: the pool runs it once; by the rules of asgi.h any thread may use the slot and the context.
    struct Job: @unchecked Sendable {
        enum Work {
            case job(asgi_then, UnsafeMutableRawPointer?)
            /// The call of `application` itself, for a module that may block.
            case application(Generation.Application, UnsafePointer<asgi_scope>)
        }

        let id: asgi_id
        let slot: UnsafeMutablePointer<ScopeSlot>
        let work: Work

        /// The number of the job's application.
        fileprivate var application: UInt32 { self.slot.pointee.lastGeneration?.number ?? 0 }

        /// `call`: where the thread records the running call, for crash reports.
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
                // Not called if the scope has already ended.
                self.returned(isOpen ? application(scope, receiveCall, sendCall) : ASGI_PENDING)
            }
            self.slot.pointee.endJob(self.id)
        }

        /// Queues the result behind the calls that the application has made.
        private func returned(_ result: asgi_result) {
            self.slot.pointee.announceReturn()
            self.slot.pointee.home.mailbox?._withUnsafeGuaranteedRef {
                $0.put(.call(CrossThreadCall(id: self.id, slot: self.slot, kind: .returned(result))))
            }
        }
    }

    private struct State {
        var queue = CircularBuffer<Job>()
        var threads = 0
        var free = 0
        var isStopped = false
        var nextComplaint = 0
        /// The number of running jobs, by the number of the application.
        var running: [UInt32: Int] = [:]
        /// The number of queued jobs, by the number of the application.
        var queued: [UInt32: Int] = [:]
        /// Whether there are several applications. Each then gets at most half of the threads, and of the queue.
        var isShared = false

        /// The first job whose application does not use its full share of the threads.
        func runnable(threads: Int) -> CircularBuffer<Job>.Index? {
            guard self.isShared, !self.isStopped else { return self.queue.indices.first }
            let share = max(threads / 2, 1)
            return self.queue.indices.first { self.running[self.queue[$0].application, default: 0] < share }
        }

        mutating func dequeue(at index: CircularBuffer<Job>.Index) -> Job {
            let job = self.queue.remove(at: index)
            self.free -= 1
            self.queued[job.application] = (self.queued[job.application] ?? 1) - 1
            self.running[job.application, default: 0] += 1
            return job
        }

        mutating func finish(application: UInt32) {
            self.free += 1
            self.running[application, default: 1] -= 1
            if self.running[application] == 0 { self.running[application] = nil }
        }

        /// Whether the lack of threads is to be logged now.
        mutating func isComplaintDue() -> Bool {
            let now = MonotonicClock.milliseconds
            guard now >= self.nextComplaint else { return false }
            self.nextComplaint = now + BlockingPool.complaintPace
            return true
        }
    }

    /// What a thread does next.
    private enum Next {
        case run(Job, application: UInt32)
        case end
    }

    /// The result of adding a job.
    enum Outcome: Equatable {
        case enqueued
        /// The queue is full, or the pool has stopped.
        case full
        /// The system cannot start a thread. `isNews`: whether this is to be logged.
        case noThread(isNews: Bool)
    }

    private let most: Int
    private let limit: Int
    /// The minimum time between two log lines about the lack of threads, in milliseconds.
    fileprivate static let complaintPace = 10_000
    private let state = Monitor(State())

    /// `threads`: the maximum number of threads. `queue`: the maximum number of jobs that wait for a thread.
    init(threads: Int, queue: Int) {
        self.most = threads
        self.limit = queue
    }

    /// Adds a job to the queue if there is room for it.
    func enqueue(_ job: Job) -> Outcome {
        let outcome = self.state.withLock { state -> Outcome in
            guard !state.isStopped else { return .full }
            let application = job.application
            if state.isShared, state.queued[application, default: 0] >= max(self.limit / 2, 1) { return .full }
            if state.queue.count >= state.free, state.threads < self.most, DetachedThread.start({ self.work() }) {
                state.threads += 1
                state.free += 1
            }
            // If the system cannot start a thread, the existing ones suffice. Without any, the job would wait forever.
            guard state.threads > 0 else { return .noThread(isNews: state.isComplaintDue()) }
            guard state.queue.count < self.limit + state.free else { return .full }
            state.queue.append(job)
            state.queued[application, default: 0] += 1
            return .enqueued
        }
        if outcome == .enqueued { self.state.signal() }
        return outcome
    }

    /// Ends the threads once all queued jobs have run. Does not wait for running jobs.
    func stop() {
        self.state.withLock { $0.isStopped = true }
        self.state.broadcast()
    }

    /// Sets whether several applications share the threads. Thread-safe.
    package func share(_ isShared: Bool) {
        self.state.withLock { $0.isShared = isShared }
        self.state.broadcast()
    }

    private func work() {
        roost_prepare_thread()
        let call = roost_thread_call()!
        while case .run(let job, let application) = self.next() {
            job.run(call)
            self.state.withLock { $0.finish(application: application) }
        }
    }

    /// Waits for a job, or until the pool has stopped and the queue is empty.
    private func next() -> Next {
        self.state.wait { state in
            if let index = state.runnable(threads: self.most) {
                let job = state.dequeue(at: index)
                return .run(job, application: job.application)
            }
            return state.isStopped && state.queue.isEmpty ? .end : nil
        }
    }
}
