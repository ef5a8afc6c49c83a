import CLinux
import CWorker
import Glibc
import HTTPServer
import Logging
import ModuleRuntime
import RoostDeployment
import RoostSystem

/// A worker process as seen by its supervisor: the process, the channel, the shared page, and its standard error until
/// it is ready. For the supervisor's one thread.
final class WorkerHandle {
    let id: Int
    private let child: WorkerChild
    /// The release that the worker serves.
    private(set) var release: Int
    /// The modules that the worker was told to load.
    private(set) var images: LoadedImages
    /// When it got its order, in seconds since 1970.
    let since = time(nil)
    private var messages: MessageBuffer<WorkerMessage>
    private var isFaultReported = false
    private var hasRequestedState = false
    /// Whether the worker has closed the channel: it has ended, or can no longer receive messages.
    private(set) var hasClosedChannel = false
    private let largestState: Int
    private var errorLines = LineBuffer(most: 64 << 10)
    private(set) var lastLines: [String] = []
    /// Why the worker could not start, as it reported.
    private(set) var refusal: String?
    /// The worker's relay socket; `nil` for a front worker.
    private let relayListener: RelayListener?
    /// Why the supervisor has killed the worker or wants it to end; `nil` if neither.
    private(set) var killReason: String?
    /// Whether the stack of a stalled loop was requested and not logged yet.
    private var isExamined = false
    /// Whether a loop was silent for too long at the last observation. Only a second such observation counts as a
    /// stall.
    private var isSuspect = false
    /// The time when a debugger or a signal was last seen to stop the worker.
    private var heldUntil = 0
    /// Messages that the channel had no room for yet.
    private var output: ArraySlice<UInt8>

    /// The number of lines of standard error that are kept.
    private static let maxLines = 20
    /// The largest message without the states of applications, in bytes.
    private static let largestMessage = 64 << 10

    /// `child`: the process, which waits for its order. `largestState`: the largest state of an application, in bytes.
    /// `relayListener`: its relay socket, which the process has inherited; the descriptor here is closed.
    init(
        id: Int, release: Int, order: WorkerOrder, child: WorkerChild, largestState: Int, relayListener: RelayListener?
    ) {
        self.id = id
        self.release = release
        self.child = child
        let applications = order.applications.applications
        self.largestState = largestState
        self.messages = MessageBuffer(
            limit: Self.largestMessage + (largestState + Self.largestMessage) * applications.count)
        self.images = LoadedImages(applications)
        self.relayListener = relayListener
        relayListener?.closeDescriptor()
        self.output = MessageFrame.encode(SupervisorMessage.order(order))[...]
        self.write()
    }

    /// The environment variables that were set for the worker.
    var variables: [String: String] { self.child.setup.variables }
    var process: pid_t { self.child.process }
    var page: WorkerPage { self.child.page }
    var channel: CInt { self.child.channel }
    /// The pipe from the worker's standard error; -1 once closed.
    var errors: CInt { self.child.errors }

    func logFields(_ others: Logger.Metadata = [:]) -> Logger.Metadata {
        others.merging(["pid": "\(self.process)"]) { $1 }
    }

    /// The path of the relay socket; `nil` for a front worker.
    var relayPath: String? { self.relayListener?.path }

    // MARK: Messages

    /// Whether messages wait for room in the channel.
    var hasOutput: Bool { !self.output.isEmpty }

    /// Writes as much as the channel has room for. Errors are ignored: the end of a worker is detected elsewhere.
    func write() {
        while !self.output.isEmpty {
            let count = self.output.withUnsafeBytes {
                Glibc.send(self.channel, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            self.output = self.output.dropFirst(count)
        }
    }

    func send(_ message: SupervisorMessage) {
        self.output += MessageFrame.encode(message)
        self.write()
    }

    /// Asks the worker's loops to show that they are responsive, unless earlier messages are still queued.
    func ping() {
        guard !self.hasOutput else { return }
        self.send(.ping)
    }

    /// Reads the messages that have arrived. Everything from the first invalid message on is dropped.
    func receive() -> [WorkerMessage] {
        guard !self.hasClosedChannel else { return [] }
        let (bytes, isEnd) = Self.readAll(self.channel)
        self.hasClosedChannel = isEnd
        return (try? self.messages.receive(bytes)) ?? []
    }

    /// Returns the fault of an invalid message, once; `nil` if there is none.
    func removeFault() -> MessageFault? {
        guard let fault = self.messages.fault, !self.isFaultReported else { return nil }
        self.isFaultReported = true
        return fault
    }

    /// Records a request for a state. Returns whether it is the worker's first.
    func noteStateRequest() -> Bool {
        defer { self.hasRequestedState = true }
        return !self.hasRequestedState
    }

    // MARK: Changes of state

    func setRelease(_ release: Int) { self.release = release }
    func load(_ application: DeployedApplication) {
        self.images.load(application)
        self.messages.raiseLimit(by: self.largestState + Self.largestMessage)
    }
    func setRefusal(_ reason: String) { self.refusal = reason }

    /// Records why the worker ends, unless a reason is known.
    func setKillReason(_ reason: String) { if self.killReason == nil { self.killReason = reason } }

    /// `reason`: nil if the process may have been killed by others before.
    func kill(_ reason: String?) {
        if let reason { self.setKillReason(reason) }
        self.child.kill()
    }

    /// Returns the status of the process as `waitpid` does, once it has ended.
    func reap() -> CInt? { self.child.reap() }

    /// Has the thread of the slowest loop write its stack to the page.
    func examine() {
        guard let slowest = self.page.slowest(since: 0) else { return }
        self.isExamined = true
        self.killReason = "event loop stalled"
        // The signal has no effect if the thread has ended meanwhile.
        _ = roost_signal_thread(self.process, slowest.thread, roost_stall_signal())
    }

    /// Removes and returns the requested report of a stalled loop; `nil` if there is none.
    func removeStallReport() -> CrashReport? {
        guard self.isExamined, let stall = self.page.stall else { return nil }
        self.isExamined = false
        return stall
    }

    // MARK: Standard error

    /// Reads lines from the worker's standard error. At its end a last, incomplete line is returned too.
    func readErrors() -> [String] {
        guard self.errors >= 0 else { return [] }
        let (bytes, isEnd) = Self.readAll(self.errors)
        var lines = self.errorLines.append(bytes)
        if isEnd {
            if let rest = self.errorLines.removeRest() { lines.append(rest) }
            self.child.closeErrors()
        }
        self.lastLines = (self.lastLines + lines).suffix(Self.maxLines)
        return lines
    }

    /// The number of bytes read at a time: a worker that writes without end must not block the supervisor.
    private static let maxRead = 1 << 20

    private static func readAll(_ descriptor: CInt) -> (bytes: [UInt8], isEnd: Bool) {
        var all: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 16 << 10)
        while all.count < Self.maxRead {
            let count = read(descriptor, &part, part.count)
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EAGAIN { return (all, false) }
            guard count > 0 else { return (all, true) }
            all += part[..<count]
        }
        return (all, false)
    }

    // MARK: Observation

    /// The time since the slowest loop last answered a ping, in milliseconds. `since`: when the worker became ready;
    /// `limit`: the time above which a loop is stalled.
    func silence(since: Int, limit: Int, now: Int) -> Int {
        let silence = now - max(self.page.slowest(since: since)?.turned ?? now, self.heldUntil)
        guard silence >= limit else {
            self.isSuspect = false
            return silence
        }
        if self.isHeld {
            self.heldUntil = now
            self.isSuspect = false
            return 0
        }
        defer { self.isSuspect = true }
        return self.isSuspect ? silence : limit - 1
    }

    /// The worker's resident memory, in bytes.
    var memory: Int {
        let fields = Self.text(of: "/proc/\(self.process)/statm").split(separator: " ")
        return (fields.count > 1 ? Int(fields[1]) ?? 0 : 0) * Int(getpagesize())
    }

    /// Whether a debugger or a signal has stopped the worker.
    private var isHeld: Bool {
        // The process name, in parentheses, may contain any character.
        let state = Self.text(of: "/proc/\(self.process)/stat").split(separator: ")").last?.split(separator: " ").first
        return state == "T" || state == "t"
    }

    private static func text(of path: String) -> String {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return "" }
        defer { close(file) }
        return String(decoding: Self.readAll(file).bytes, as: UTF8.self)
    }
}
