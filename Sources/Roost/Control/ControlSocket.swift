import Glibc
import HTTPServer

/// The Unix socket in the folder of a start where commands ask and tell the supervisor; for its user only. For its one thread.
///
/// A command sends one line and gets one. Who is not answered at once (a reload, a status that waits for the workers) is
/// remembered by its descriptor.
final class ControlSocket {
    static let name = "control"
    /// Bytes of a command, commands at once, and how long one may take to be said.
    private static let mostBytes = 4096
    private static let mostClients = 32
    private static let patience = 10_000

    private struct Client {
        let descriptor: CInt
        let until: Int
        var lines = LineBuffer(most: ControlSocket.mostBytes)
        /// It has asked, and waits.
        var isWaiting = false
        var isForReload = false
        var statusAt: Int?
    }

    private let listener: CInt
    private let file: SocketFile?
    private var clients: [Client] = []
    /// Nobody can be let in before: there are no descriptors.
    private var pausedUntil = 0
    private static let pause = 100

    /// Throws `HostError`.
    init(path: String) throws {
        let listener = socket(
            AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue), 0)
        // The file gets the mode of the socket, without the bits of the umask.
        let isBound = UnixAddress(path).map { address in
            fchmod(listener, 0o600) == 0 && address.with { bind(listener, $0, $1) } == 0 && listen(listener, 16) == 0
        }
        self.listener = listener
        self.file = isBound == true ? SocketFile(bound: path) : nil
        guard isBound == true else {
            let why = isBound == nil ? "its path is too long" : String(cString: strerror(errno))
            Glibc.close(listener)
            throw HostError(
                code: .runDirectory,
                message: "run directory: \(path) cannot be listened on: \(why); name another with --run-dir")
        }
    }

    func close() {
        for client in self.clients { Glibc.close(client.descriptor) }
        self.file?.remove()
        Glibc.close(self.listener)
    }

    /// What is waited for. Whoever cannot be let in now waits without waking anybody.
    func waits(now: Int) -> [pollfd] {
        let mayLetIn = self.clients.count < Self.mostClients && now >= self.pausedUntil
        return ((mayLetIn ? [self.listener] : []) + self.clients.map(\.descriptor)).map {
            pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
        }
    }

    /// When somebody is to be answered, or is not waited for any longer.
    var due: Int? {
        let times = self.clients.compactMap { $0.isWaiting ? $0.statusAt : $0.until }
        return (times + (self.pausedUntil > 0 ? [self.pausedUntil] : [])).min()
    }

    /// What commands have asked since.
    func hear(now: Int) -> [(client: CInt, message: Message)] {
        if now >= self.pausedUntil { self.pausedUntil = 0 }
        while self.clients.count < Self.mostClients, self.pausedUntil == 0 {
            let descriptor = accept(self.listener, nil, nil)
            guard descriptor >= 0 else {
                if errno != EAGAIN, errno != EINTR, errno != ECONNABORTED { self.pausedUntil = now + Self.pause }
                break
            }
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
            self.clients.append(Client(descriptor: descriptor, until: now + Self.patience))
        }
        var heard: [(CInt, Message)] = []
        for at in self.clients.indices.reversed() {
            var part = [UInt8](repeating: 0, count: Self.mostBytes)
            let count = read(self.clients[at].descriptor, &part, part.count)
            let isThere = count > 0 || (count < 0 && (errno == EAGAIN || errno == EINTR))
            guard isThere, self.clients[at].isWaiting || now < self.clients[at].until else {
                self.drop(at)
                continue
            }
            guard count > 0, !self.clients[at].isWaiting,
                let line = self.clients[at].lines.take(part[..<count]).first
            else { continue }
            self.clients[at].isWaiting = true
            heard.append((self.clients[at].descriptor, Message(line: line) ?? Message("?")))
        }
        return heard
    }

    /// Answers one, and is done with it.
    func answer(_ client: CInt, _ line: String) {
        guard let at = self.clients.firstIndex(where: { $0.descriptor == client }) else { return }
        var rest = Array(line.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(client, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL)) }
            if count < 0, errno == EINTR { continue }
            // Who does not read its answer while there is room for it misses it: nobody waits here.
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

    /// Those whose status is due.
    func dueForStatus(now: Int) -> [CInt] {
        self.clients.filter { $0.statusAt.map { now >= $0 } ?? false }.map(\.descriptor)
    }

    /// Tells whoever waits for a reload.
    func settleReloads(_ text: String, fault: String?) {
        var message = Message(fault == nil ? "done" : "refused", ["text": text])
        message.fields["reason"] = fault
        for client in self.clients where client.isForReload { self.answer(client.descriptor, message.line) }
    }
}
