import CLinux
import CWorker
import Glibc
import HTTPServer
import ModuleRuntime
import RoostDeployment
import RoostSystem

/// A worker as its supervisor has it: the process, the channel to it, the page that both share, its standard error until it is
/// ready. For the supervisor's one thread.
final class WorkerHandle {
    let id: Int
    let process: pid_t
    /// What it serves.
    var release: Int
    let page: WorkerPage
    /// What it has loaded, as far as it was told to.
    var images: LoadedImages
    /// Variables that it was given.
    let variables: [String: String]
    /// Since when it is there, seconds of the calendar.
    let since = time(nil)
    let channel: CInt
    /// -1: it has ended.
    private(set) var errors: CInt
    private var lines: LineBuffer
    /// What it remembers was asked for, for this one.
    var givesTo: Int?
    private var errorLines = LineBuffer(most: 64 << 10)
    private(set) var lastLines: [String] = []
    /// Why it said that it cannot start.
    var refusal: String?
    /// The socket by which workers of another group reach it.
    var door: SocketFile?
    /// It was killed by the supervisor, for this reason.
    var killed: String?
    /// Its stack was asked for.
    var isExamined = false
    /// Its loops were silent for too long when it was last looked at: once more, and it is so. Who was held until now has not been
    /// able to say anything.
    private var isSuspect = false
    private var heldUntil = 0
    /// What it has not taken yet of what it was told.
    private var output: ArraySlice<UInt8>

    /// How many of its last lines are told of.
    private static let mostLines = 20

    /// Starts it. `mostState`: bytes that an application of it may hand on. Throws `HostError`.
    init(
        id: Int, release: Int, order: WorkerOrder, arguments: [String], variables: [String: String],
        listeners: [CInt], mostState: Int
    ) throws {
        guard let page = WorkerPage() else {
            throw HostError(code: .exhausted, message: "no memory for a worker: \(String(cString: strerror(errno)))")
        }
        var ends: [CInt] = [-1, -1]
        let kind = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
            throw HostError(code: .exhausted, message: "no channel to a worker: \(String(cString: strerror(errno)))")
        }
        defer { close(ends[1]) }
        var pipes: [CInt] = [-1, -1]
        guard roost_pipe_make(&pipes, 0) == 0 else {
            close(ends[0])
            throw HostError(code: .exhausted, message: "no pipe to a worker: \(String(cString: strerror(errno)))")
        }
        defer { close(pipes[1]) }
        for end in [ends[0], pipes[0]] { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
        do {
            var descriptors: [(CInt, as: CInt)] = [
                (0, as: 0), (1, as: 1), (pipes[1], as: 2), (ends[1], as: Worker.channel),
                (page.descriptor, as: Worker.page), (2, as: Worker.standardError),
            ]
            for (number, listener) in listeners.enumerated() {
                descriptors.append((listener, as: Worker.firstListener + CInt(number)))
            }
            self.process = try ChildProcess.start(
                ChildProcess.ownCommand, ["roost", "worker"] + arguments,
                environment: ChildProcess.environment(with: variables), descriptors: descriptors, purpose: "the worker"
            )
        } catch {
            close(ends[0])
            close(pipes[0])
            throw error
        }
        self.id = id
        self.release = release
        self.page = page
        // In hexadecimal.
        self.lines = LineBuffer(most: 64 << 10 + mostState * 2 * order.applications.count)
        self.images = LoadedImages(order.applications)
        self.variables = variables
        self.channel = ends[0]
        self.errors = pipes[0]
        self.output = Array(order.message.line.utf8)[...]
        self.write()
    }

    deinit {
        self.door?.remove()
        close(self.channel)
        if self.errors >= 0 { close(self.errors) }
    }

    /// Whether it has not taken all of what it was told.
    var hasOutput: Bool { !self.output.isEmpty }

    /// Gives it more, as far as it takes it. One that is gone is found out otherwise.
    func write() {
        while !self.output.isEmpty {
            let count = self.output.withUnsafeBytes {
                send(self.channel, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            self.output = self.output.dropFirst(count)
        }
    }

    /// Tells it a word.
    func tell(_ word: String) {
        // Who takes nothing needs not be asked again and again how it is.
        guard word != Worker.ping || !self.hasOutput else { return }
        self.output += Array("\(word)\n".utf8)
        self.write()
    }

    func tell(_ message: Message) {
        self.output += Array(message.line.utf8)
        self.write()
    }

    /// What it has said. Nil: what came is not understood, and whoever sends it is not trusted any further.
    func hear() -> [Message]? {
        var messages: [Message] = []
        for line in self.lines.take(Self.readAll(self.channel).bytes) {
            guard let message = Message(line: line) else { return nil }
            messages.append(message)
        }
        return self.lines.isOverlong ? nil : messages
    }

    /// What it has written to standard error: whole lines, or, at its end, what there is.
    func readErrors() -> [String] {
        guard self.errors >= 0 else { return [] }
        let (bytes, isEnd) = Self.readAll(self.errors)
        var lines = self.errorLines.take(bytes)
        if isEnd {
            if let rest = self.errorLines.takeRest() { lines.append(rest) }
            close(self.errors)
            self.errors = -1
        }
        self.lastLines = (self.lastLines + lines).suffix(Self.mostLines)
        return lines
    }

    /// At most so much at a time, so that nobody is kept waiting by a worker that talks without end.
    private static let mostRead = 1 << 20

    private static func readAll(_ descriptor: CInt) -> (bytes: [UInt8], isEnd: Bool) {
        var all: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 16 << 10)
        while all.count < Self.mostRead {
            let count = read(descriptor, &part, part.count)
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EAGAIN { return (all, false) }
            guard count > 0 else { return (all, true) }
            all += part[..<count]
        }
        return (all, false)
    }

    // MARK: What is seen from outside

    /// How long its slowest loop has not turned since it was ready, when that was `since`; `limit`: what is too long.
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

    /// Bytes of resident memory.
    var memory: Int {
        let fields = Self.text(of: "/proc/\(self.process)/statm").split(separator: " ")
        return (fields.count > 1 ? Int(fields[1]) ?? 0 : 0) * Int(getpagesize())
    }

    /// Whether a debugger or a signal holds it.
    private var isHeld: Bool {
        // The name, in parentheses, may have anything in it.
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
