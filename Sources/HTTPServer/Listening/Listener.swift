import Glibc
package import NIOCore

/// A bound, listening socket, made with the system's calls since the process that binds need not be the one that serves.
///
/// `close` closes its descriptor, and removes the file of a Unix socket that it has bound.
public final class Listener: Sendable {
    public let descriptor: CInt
    /// Where it listens, with the port that the kernel chose.
    public let address: BindAddress
    package let backlog: Int
    /// Adds the handlers of another protocol than HTTP/1.1 to the channel of a new connection. On the connection's loop.
    package typealias ChannelSetup = @Sendable (any Channel, ServerLoop) throws -> Void
    /// Nil: connections use HTTP/1.1.
    let channelSetup: ChannelSetup?
    /// The file of a Unix socket that was bound here.
    public let file: SocketFile?

    package static let stream = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue)

    private init(
        _ descriptor: CInt, _ address: BindAddress, backlog: Int, channelSetup: ChannelSetup? = nil,
        file: SocketFile? = nil
    ) {
        self.descriptor = descriptor
        self.address = address
        self.backlog = backlog
        self.channelSetup = channelSetup
        self.file = file
    }

    /// Takes a socket that another process has bound: nothing about it is changed, and its file stays.
    package convenience init(
        given descriptor: CInt, address: BindAddress, backlog: Int, channelSetup: ChannelSetup? = nil
    ) {
        self.init(descriptor, address, backlog: backlog, channelSetup: channelSetup)
    }

    /// Binds a Unix socket and listens. Throws `ListenerError`.
    public convenience init(unix path: String, access: BindAddress.UnixAccess, backlog: Int) throws {
        let (descriptor, file) = try UnixListening.bind(path, access, backlog)
        self.init(descriptor, .unix(path: path, access: access), backlog: backlog, file: file)
    }

    /// Binds and listens: on every address of a host name, all with the same port. A descriptor is taken as it is. Throws
    /// `ListenerError`; nothing is bound then.
    public static func all(for address: BindAddress, backlog: Int) throws -> [Listener] {
        switch address {
        case .tcp(let host, let port, let onlyIPv6):
            return try TCPListening.bind(host, port, onlyIPv6: onlyIPv6, backlog: backlog)
                .map { Listener($0.descriptor, $0.address, backlog: backlog) }
        case .unix(let path, let access): return [try Listener(unix: path, access: access, backlog: backlog)]
        case .descriptor(let descriptor):
            let listener = Listener(descriptor, try GivenSocket.address(of: descriptor), backlog: backlog)
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
            return [listener]
        }
    }

    public func close() {
        // Before the descriptor: see `SocketFile`.
        self.file?.remove()
        Glibc.close(self.descriptor)
    }

    /// Returns another descriptor of the same socket, for a loop that accepts.
    func duplicate() throws -> CInt {
        let duplicate = fcntl(self.descriptor, F_DUPFD_CLOEXEC, 0)
        guard duplicate >= 0 else { throw ListenerError(errno, self.address) }
        return duplicate
    }

    func restoreBacklog() { listen(self.descriptor, CInt(clamping: self.backlog)) }
}
