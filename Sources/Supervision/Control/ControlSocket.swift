import Glibc
import HTTPServer
import RoostSystem

/// The Unix socket by which commands reach the supervisor, in the server's folder. Only the supervisor's user can
/// connect. For the supervisor's one thread.
///
/// A command sends one request and gets one response. Reloads, and a status that waits for the workers, are answered
/// later, by the descriptor of the client. The supervisor never waits for a client to read its response.
final class ControlSocket {
    static let name = "control"
    /// The largest request in bytes, the largest number of clients, and the time in milliseconds within which a client
    /// must send its request.
    private static let maxBytes = 4096
    private static let maxClients = 32
    private static let patience = 10_000
    /// The time in milliseconds within which a client must read its response.
    private static let reading = 10_000

    private struct Client {
        let descriptor: CInt
        var until: Int
        var buffer = MessageBuffer<ControlRequest>(limit: ControlSocket.maxBytes)
        /// Whether the request has arrived.
        var isWaiting = false
        var isForReload = false
        var statusAt: Int?
        /// The rest of the response; `nil` before there is one.
        var answer: ArraySlice<UInt8>?
    }

    private let path: String
    private var listener: CInt
    private var file: SocketFile?
    private var clients: [Client] = []
    /// No client is accepted before this time: accepting has failed, for example for lack of descriptors.
    private var pausedUntil = 0
    private static let pause = 100

    /// Listens. Throws `HostError`.
    init(path: String) throws {
        self.path = path
        (self.listener, self.file) = try Self.listen(path)
    }

    private static func listen(_ path: String) throws -> (CInt, SocketFile?) {
        let listener = socket(
            AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue), 0)
        // The socket file gets the mode of the socket, restricted by the umask.
        let isBound = UnixAddress(path).map { address in
            fchmod(listener, 0o600) == 0 && address.with { bind(listener, $0, $1) } == 0
                && Glibc.listen(listener, 16) == 0
        }
        guard isBound == true else {
            let why = isBound == nil ? "its path is too long" : String(cString: strerror(errno))
            Glibc.close(listener)
            throw HostError(
                code: .runDirectory,
                message: "run directory: cannot listen on \(path): \(why); name another with --run-dir")
        }
        return (listener, SocketFile(bound: path))
    }

    /// Creates the socket file again if it is gone, since commands could no longer reach this server. Throws
    /// `HostError`.
    func restore() throws {
        guard access(self.path, F_OK) != 0 else { return }
        let (listener, file) = try Self.listen(self.path)
        Glibc.close(self.listener)
        (self.listener, self.file) = (listener, file)
    }

    func close() {
        for client in self.clients { Glibc.close(client.descriptor) }
        self.file?.remove()
        Glibc.close(self.listener)
    }

    /// The descriptors to wait for. The listening socket is left out while no client can be accepted, so that it does
    /// not wake the supervisor.
    func waits(now: Int) -> [pollfd] {
        let mayLetIn = self.clients.count < Self.maxClients && now >= self.pausedUntil
        return (mayLetIn ? [pollfd(fd: self.listener, events: Int16(POLLIN), revents: 0)] : [])
            + self.clients.map {
                pollfd(fd: $0.descriptor, events: Int16($0.answer == nil ? POLLIN : POLLOUT), revents: 0)
            }
    }

    /// The time when the next client must be answered or dropped.
    var due: Int? {
        let times = self.clients.compactMap { $0.isWaiting && $0.answer == nil ? $0.statusAt : $0.until }
        return (times + (self.pausedUntil > 0 ? [self.pausedUntil] : [])).min()
    }

    /// Accepts, reads and writes without blocking. Returns the requests that have arrived.
    func receive(now: Int) -> [(client: CInt, request: ControlRequest)] {
        if now >= self.pausedUntil { self.pausedUntil = 0 }
        while self.clients.count < Self.maxClients, self.pausedUntil == 0 {
            let descriptor = accept(self.listener, nil, nil)
            guard descriptor >= 0 else {
                if errno != EAGAIN, errno != EINTR, errno != ECONNABORTED { self.pausedUntil = now + Self.pause }
                break
            }
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
            self.clients.append(Client(descriptor: descriptor, until: now + Self.patience))
        }
        var received: [(CInt, ControlRequest)] = []
        for at in self.clients.indices.reversed() {
            guard self.clients[at].answer == nil else {
                self.write(at, now: now)
                continue
            }
            var part = [UInt8](repeating: 0, count: Self.maxBytes)
            let count = read(self.clients[at].descriptor, &part, part.count)
            let isThere = count > 0 || (count < 0 && (errno == EAGAIN || errno == EINTR))
            guard isThere, self.clients[at].isWaiting || now < self.clients[at].until else {
                self.drop(at)
                continue
            }
            guard count > 0, !self.clients[at].isWaiting else { continue }
            do throws(MessageFault) {
                guard let request = try self.clients[at].buffer.receive(part[..<count]).first else { continue }
                self.clients[at].isWaiting = true
                received.append((self.clients[at].descriptor, request))
            } catch {
                self.clients[at].isWaiting = true
                self.answer(self.clients[at].descriptor, .refused(reason: error.description, text: ""))
            }
        }
        return received
    }

    /// Sends the response to a client, and closes the connection once the client has read it.
    func answer(_ client: CInt, _ response: ControlResponse) {
        guard let at = self.clients.firstIndex(where: { $0.descriptor == client }) else { return }
        let now = MonotonicClock.milliseconds
        self.clients[at].statusAt = nil
        self.clients[at].isForReload = false
        self.clients[at].answer = MessageFrame.encode(response)[...]
        self.clients[at].until = now + Self.reading
        self.write(at, now: now)
    }

    /// Writes the response as far as the socket has room, without blocking.
    private func write(_ at: Int, now: Int) {
        guard var rest = self.clients[at].answer else { return }
        let client = self.clients[at].descriptor
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(client, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL)) }
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EAGAIN, now < self.clients[at].until {
                self.clients[at].answer = rest
                return
            }
            guard count > 0 else { break }
            rest = rest.dropFirst(count)
        }
        self.drop(at)
    }

    private func drop(_ at: Int) { Glibc.close(self.clients.remove(at: at).descriptor) }

    private func change(_ client: CInt, _ change: (inout Client) -> Void) {
        guard let at = self.clients.firstIndex(where: { $0.descriptor == client }) else { return }
        change(&self.clients[at])
    }

    func awaitReload(_ client: CInt) { self.change(client) { $0.isForReload = true } }
    func awaitStatus(_ client: CInt, at time: Int) { self.change(client) { $0.statusAt = time } }

    /// The clients to which the status must be sent now.
    func dueForStatus(now: Int) -> [CInt] {
        self.clients.filter { $0.statusAt.map { now >= $0 } ?? false }.map(\.descriptor)
    }

    /// Sends the response to all clients that wait for a reload.
    func answerReloads(_ response: ControlResponse) {
        for client in self.clients where client.isForReload { self.answer(client.descriptor, response) }
    }
}
