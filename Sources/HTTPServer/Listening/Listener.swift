import Glibc
import NIOConcurrencyHelpers
package import NIOCore

/// A bound, listening socket. Created with system calls instead of NIO, since the process that binds may not be the one
/// that serves.
///
/// `close` closes the descriptor, and removes the file of a Unix socket that the listener has bound. Thread-safe.
public final class Listener: Sendable {
    public let descriptor: CInt
    /// The address, with the port that the kernel chose.
    public let address: BindAddress
    package let proxies: ProxyHandling
    package let security: ListenerSecurity
    package let backlog: Int
    /// Adds the handlers of a protocol other than HTTP/1.1 to the channel of a new connection. Called on its loop.
    package typealias ChannelSetup = @Sendable (any Channel, ServerLoop) throws -> Void
    /// Nil if connections use HTTP/1.1.
    let channelSetup: ChannelSetup?
    /// The file of a Unix socket that the listener has bound.
    public let file: SocketFile?
    /// A closed descriptor may be another file already.
    private let isOpen = NIOLockedValueBox(true)

    package static let stream = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue)

    private init(
        _ descriptor: CInt, _ address: BindAddress, proxies: ProxyHandling, security: ListenerSecurity, backlog: Int,
        channelSetup: ChannelSetup? = nil, file: SocketFile? = nil
    ) {
        self.descriptor = descriptor
        self.address = address
        self.proxies = proxies
        self.security = security
        self.backlog = backlog
        self.channelSetup = channelSetup
        self.file = file
    }

    /// Wraps a socket that another process has bound. The socket is not changed, and `close` does not remove its file.
    package convenience init(
        given descriptor: CInt, address: BindAddress, proxies: ProxyHandling = ProxyHandling(),
        security: ListenerSecurity = ListenerSecurity(), backlog: Int, channelSetup: ChannelSetup? = nil
    ) {
        self.init(
            descriptor, address, proxies: proxies, security: security, backlog: backlog, channelSetup: channelSetup)
    }

    /// Binds a Unix socket and listens. Throws `ListenerError`.
    public convenience init(
        unix path: String, access: BindAddress.UnixAccess, proxies: ProxyHandling = ProxyHandling(),
        security: ListenerSecurity = ListenerSecurity(), backlog: Int
    ) throws {
        let (descriptor, file) = try UnixListening.bind(path, access, backlog)
        self.init(
            descriptor, .unix(path: path, access: access), proxies: proxies, security: security, backlog: backlog,
            file: file)
    }

    /// Binds and listens: on every address of a host name, all with the same port. The socket of a descriptor is used
    /// as it is. Throws `ListenerError`, with nothing left bound.
    public static func all(for address: ListenAddress, backlog: Int) throws -> [Listener] {
        let (proxies, security) = (address.proxies, address.security)
        switch address.bind {
        case .tcp(let host, let port, let onlyIPv6):
            return try TCPListening.bind(host, port, onlyIPv6: onlyIPv6, backlog: backlog)
                .map {
                    Listener($0.descriptor, $0.address, proxies: proxies, security: security, backlog: backlog)
                }
        case .unix(let path, let access):
            return [
                try Listener(unix: path, access: access, proxies: proxies, security: security, backlog: backlog)
            ]
        case .descriptor(let descriptor):
            let address = try InheritedSocket.address(of: descriptor)
            let listener = Listener(descriptor, address, proxies: proxies, security: security, backlog: backlog)
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
            return [listener]
        }
    }

    /// The URL for a client of TCP, else the address.
    package var url: String { self.address.url(isSecure: self.security.usesTLS == true) }

    public func close() {
        self.isOpen.withLockedValue { isOpen in
            guard isOpen else { return }
            isOpen = false
            // The file is removed before the descriptor is closed: see `SocketFile`.
            self.file?.remove()
            Glibc.close(self.descriptor)
        }
    }

    /// Returns a duplicate of the descriptor, for a loop that accepts.
    func duplicate() throws -> CInt {
        try self.isOpen.withLockedValue { isOpen in
            guard isOpen else { throw ListenerError(EBADF, self.address) }
            let duplicate = fcntl(self.descriptor, F_DUPFD_CLOEXEC, 0)
            guard duplicate >= 0 else { throw ListenerError(errno, self.address) }
            return duplicate
        }
    }

    func restoreBacklog() {
        self.isOpen.withLockedValue { isOpen in
            if isOpen { listen(self.descriptor, CInt(clamping: self.backlog)) }
        }
    }
}
