import CLinux
import CWorker
import Glibc
import HTTPRelay
import HTTPServer
import Logging
import ModuleRuntime
import NIOConcurrencyHelpers
package import Roost
import RoostDeployment
import RoostSettings
import RoostSystem

/// This process, as a worker: what its supervisor gave it, and what it is told. [any]
///
/// It has its place by descriptors, from 3 on: the channel to the supervisor, the page that both share, the supervisor's standard
/// error, and the listening sockets. Until it is ready its own standard error is a pipe to the supervisor, which keeps
/// the last lines to tell of in case it never is.
package final class Worker: Sendable {
    static let channel: CInt = 3
    static let page: CInt = 4
    static let standardError: CInt = 5
    static let firstListener: CInt = 6
    /// Has a thread write down its stack.
    package static var stallSignal: CInt { roost_stall_signal() }

    /// What the supervisor says.
    package enum Word: Sendable {
        /// Another goes on in its place: stop accepting, let everybody end, leave.
        case drain
        /// The same, and that one has newer applications.
        case retire
        /// The whole stops: the same, but who asks for nothing is not waited for.
        case stop
        /// Leave at once.
        case leave
    }

    let order: WorkerOrder
    private let shared: WorkerPage
    private let host = NIOLockedValueBox<Host?>(nil)
    private let memories = NIOLockedValueBox<CheckedContinuation<Message?, Never>?>(nil)
    /// A message is not to come between the parts of another.
    private let telling = NIOLock()

    package var isErrorColoured: Bool { self.order.isErrorColoured }

    /// Takes the order, and becomes who it says: nothing of a module has been touched. Throws `HostError`.
    package init() throws {
        for descriptor in [Self.channel, Self.page, Self.standardError] {
            guard fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0 else {
                throw HostError(code: .usage, message: "a worker is started by its supervisor only")
            }
        }
        guard let page = WorkerPage(descriptor: Self.page) else {
            throw HostError(code: .exhausted, message: "the page of this worker cannot be mapped")
        }
        self.shared = page
        self.order = try WorkerOrder(try Self.readOrder())
        for number in self.order.addresses.indices {
            _ = fcntl(Self.firstListener + CInt(number), F_SETFD, FD_CLOEXEC)
        }
        try self.order.privileges.apply()
        page.reportCrashes()
    }

    /// The order's own limit is that of a settings file, quoted.
    private static func readOrder() throws -> Message {
        var lines = LineBuffer(most: SettingsFile.largest * 8)
        var part = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            // Nothing follows the order before this worker has said that it is ready.
            let count = read(Self.channel, &part, part.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw HostError(code: .usage, message: "the supervisor went away") }
            guard let line = lines.take(part[..<count]).first else { continue }
            guard let message = Message(line: line) else {
                throw HostError(code: .usage, message: "a worker is started by its supervisor only")
            }
            return message
        }
    }

    /// The host that the order asks for.
    package func makeHost(_ given: HostConfiguration) throws -> Host {
        var configuration = given
        configuration.page = self.shared
        configuration.relayUsers = self.order.relayUsers
        configuration.relayPaths = self.order.relayPaths
        let listeners = self.order.addresses.enumerated().map { number, address -> Listener in
            let descriptor = Self.firstListener + CInt(number)
            let backlog = configuration.server.backlog
            guard self.order.isRelayed else {
                return Listener(given: descriptor, address: address, backlog: backlog)
            }
            return RelayListening.listener(
                given: descriptor, address: address, backlog: backlog, users: self.order.relayUsers)
        }
        let host = Host(self.order.applications, on: listeners, configuration: configuration)
        self.host.withLockedValue { $0 = host }
        return host
    }

    /// Starts the host; `beforeReady`: it is about to let the first request in. Throws `HostError`.
    package func start(_ host: Host, beforeReady: @escaping @Sendable () -> Void) async throws {
        try await host.start(beforeServing: self.remember) { failures in
            beforeReady()
            // It takes standard error back.
            dup2(Self.standardError, 2)
            close(Self.standardError)
            self.tell(Message("ready", Self.texts(of: failures)))
        }
    }

    private static func texts(of failures: [RunningHost.Failure]) -> [String: String] {
        Dictionary(failures.map { ("failed.\($0.number)", $0.message) }, uniquingKeysWith: { $1 })
    }

    /// Says that it accepts nothing any more.
    package func deaf() { self.tell(Message("deaf")) }

    /// Ends this process, without destructors, since threads of modules may run. Its exit is not reported as a module's.
    package static func leave(_ status: CInt) -> Never {
        roost_end_reports()
        _exit(status)
    }

    /// Says why it cannot.
    package func refuse(_ error: HostError) { self.tell(Message("refused", ["reason": error.message])) }

    private func tell(_ message: Message) {
        self.telling.withLock {
            var rest = Array(message.line.utf8)[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes {
                    send(Self.channel, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
                }
                // A supervisor that is gone needs not be told.
                guard count > 0 || errno == EINTR else { return }
                rest = rest.dropFirst(max(count, 0))
            }
        }
    }

    // MARK: What applications remember

    /// Has the applications take what those of the worker remember that this one replaces, if it replaces one.
    private func remember(_ running: RunningHost) async {
        let numbers = running.remembering
        guard !numbers.isEmpty else { return }
        let limit = Task {
            // Cancelled: the supervisor has answered.
            guard (try? await Task.sleep(for: .seconds(running.configuration.lifespanTime))) != nil else { return }
            self.memories.takeValue()?.resume(returning: nil)
        }
        let message = await withCheckedContinuation { continuation in
            self.memories.withLockedValue { $0 = continuation }
            self.tell(Message("remembers"))
        }
        limit.cancel()
        for number in numbers {
            guard let saved = message.flatMap({ SavedState(of: number, in: $0.fields) }) else { continue }
            await running.restore(saved, in: number)
        }
    }

    /// Says what its applications remember, for the worker that is to replace this one.
    private func save(_ running: RunningHost) async {
        var texts: [String: String] = [:]
        for number in running.remembering {
            if let saved = await running.save(number) { texts.merge(saved.texts(of: number)) { $1 } }
        }
        self.tell(Message("saved", texts))
    }

    /// Listens to the supervisor on a thread of its own, for the life of the process. Its end means `drain`.
    package func listen(_ heard: @escaping @Sendable (Word) -> Void) {
        let isListening = DetachedThread.start {
            // It is trusted: what it passes on has limits of its own.
            var lines = LineBuffer(most: .max)
            var part = [UInt8](repeating: 0, count: 64 << 10)
            while true {
                let count = read(Self.channel, &part, part.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return heard(.drain) }
                for line in lines.take(part[..<count]) {
                    switch line {
                    case Self.ping: self.host.withLockedValue { $0 }?.answerPing()
                    case Self.ending: self.host.withLockedValue { $0 }?.announceStop()
                    case Self.drain: heard(.drain)
                    case Self.retire: heard(.retire)
                    case Self.stop: heard(.stop)
                    case let line where line.hasPrefix("{"): self.change(line)
                    default: heard(.leave)
                    }
                }
            }
        }
        // Without a thread for it nobody could ever stop this process.
        if !isListening { heard(.leave) }
    }

    // MARK: Changes of what is mounted

    /// The supervisor sends a change in two parts: what to prepare, and, when all workers have, what to mount of it.
    private func change(_ line: String) {
        guard let message = Message(line: line) else { return }
        if message.name == "memory" { return self.memories.takeValue()?.resume(returning: message) ?? () }
        guard let running = self.host.withLockedValue({ $0 })?.current else { return }
        let number = message.fields["change"] ?? ""
        // Here, since what follows may overtake it: it may be withdrawn before it has begun.
        if message.name == "prepare" { running.announce(number) }
        Task {
            switch message.name {
            case "prepare":
                do {
                    let applications = try InstalledApplication.all(in: message.fields)
                    let failures = await running.prepare(applications, for: number)
                    self.tell(Message("prepared", Self.texts(of: failures).merging(["change": number]) { $1 }))
                } catch { self.refuse(HostError(error, otherwise: .startup)) }
            case "commit":
                do {
                    let others = try InstalledApplication.all(in: message.fields)
                    let numbers = { Set((message.fields[$0] ?? "").split(separator: " ").compactMap { UInt32($0) }) }
                    await running.commit(number, mounting: numbers("mount"), removing: numbers("remove"), others)
                    self.tell(Message("committed", ["change": number]))
                } catch { self.refuse(HostError(error, otherwise: .startup)) }
            case "save": await self.save(running)
            case "group": running.use(WorkerOrder.paths(message.fields["paths"]), for: message.fields["name"] ?? "")
            default: break
            }
        }
    }

    /// The words of the channel.
    package static let ping = "ping"
    /// The whole stops, and those that ask it first.
    static let ending = "ending"
    package static let drain = "drain"
    package static let retire = "retire"
    package static let stop = "stop"
}
