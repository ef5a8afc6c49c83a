import Glibc

/// A bound, listening socket, made with the system's calls since the process that binds need not be the one that serves.
///
/// Closes its descriptor, and removes the path of the Unix socket that it has bound, when `close` is called.
public final class Listener: Sendable {
    public let descriptor: CInt
    /// Where it listens, with the port that the kernel chose.
    public let address: BindAddress
    let backlog: Int
    /// Who may connect to have exchanges answered, if this is no listener for clients.
    let relayUsers: Set<UInt32>?
    private let isBoundHere: Bool

    /// Binds and listens; a descriptor is taken as it is. Throws `ListenerError`.
    public init(_ address: BindAddress, backlog: Int) throws {
        self.backlog = backlog
        self.relayUsers = nil
        switch address {
        case .tcp(let host, let port, let onlyIPv6):
            (self.descriptor, self.address) = try Self.tcp(host, port, onlyIPv6, backlog)
            self.isBoundHere = true
        case .unix(let path, let access):
            self.descriptor = try Self.unix(path, access, backlog)
            self.address = address
            self.isBoundHere = true
        case .descriptor(let descriptor):
            self.address = try GivenSocket.address(of: descriptor)
            self.descriptor = descriptor
            self.isBoundHere = false
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        }
    }

    /// A socket that this process was given by the one that has bound it: nothing is changed about it, nor removed with it.
    /// `relayUsers`: its clients are other workers, of these users.
    public init(given descriptor: CInt, address: BindAddress, backlog: Int, relayUsers: Set<UInt32>? = nil) {
        self.relayUsers = relayUsers
        self.descriptor = descriptor
        self.address = address
        self.backlog = backlog
        self.isBoundHere = false
    }

    public func close() {
        Glibc.close(self.descriptor)
        if self.isBoundHere, case .unix(let path, _) = self.address { unlink(path) }
    }

    /// Another descriptor of the same socket, for a loop that accepts.
    func duplicate() throws -> CInt {
        let duplicate = fcntl(self.descriptor, F_DUPFD_CLOEXEC, 0)
        guard duplicate >= 0 else { throw ListenerError(errno, self.address) }
        return duplicate
    }

    func restoreBacklog() { listen(self.descriptor, CInt(clamping: self.backlog)) }

    private static let stream = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue)

    private static func tcp(
        _ host: String, _ port: Int, _ onlyIPv6: Bool, _ backlog: Int
    ) throws -> (CInt, BindAddress) {
        let wanted = BindAddress.tcp(host: host, port: port, onlyIPv6: onlyIPv6)
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_PASSIVE
        var found: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, String(port), &hints, &found)
        guard code == 0, let first = found else {
            throw ListenerError(code: .noSuchHost, address: wanted, cause: String(cString: gai_strerror(code)))
        }
        defer { freeaddrinfo(found) }
        let descriptor = socket(first.pointee.ai_family, self.stream, 0)
        guard descriptor >= 0 else { throw ListenerError(errno, wanted) }
        do {
            var on: CInt = 1
            setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<CInt>.size))
            // Small answers must not wait for an acknowledgement; what is accepted inherits it.
            setsockopt(descriptor, CInt(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<CInt>.size))
            if first.pointee.ai_family == AF_INET6 {
                // Said, whatever the system's default is.
                var only: CInt = onlyIPv6 ? 1 : 0
                setsockopt(descriptor, CInt(IPPROTO_IPV6), IPV6_V6ONLY, &only, socklen_t(MemoryLayout<CInt>.size))
            }
            guard bind(descriptor, first.pointee.ai_addr, first.pointee.ai_addrlen) == 0,
                listen(descriptor, CInt(clamping: backlog)) == 0
            else { throw ListenerError(errno, wanted) }
            return (descriptor, .tcp(host: host, port: try Self.port(of: descriptor), onlyIPv6: onlyIPv6))
        } catch {
            Glibc.close(descriptor)
            throw error
        }
    }

    private static func port(of descriptor: CInt) throws -> Int {
        guard case .tcp(_, let port, _) = try GivenSocket.address(of: descriptor) else { return 0 }
        return port
    }

    private static func unix(_ path: String, _ access: BindAddress.UnixAccess, _ backlog: Int) throws -> CInt {
        let wanted = BindAddress.unix(path: path, access: access)
        guard let address = UnixAddress(path) else {
            throw ListenerError(code: .pathTooLong, address: wanted, cause: "\(UnixAddress.longest) bytes")
        }
        let descriptor = socket(AF_UNIX, self.stream, 0)
        guard descriptor >= 0 else { throw ListenerError(errno, wanted) }
        do {
            try self.clear(path, wanted, address)
            // Nobody may connect before it is whose it has to be.
            let mask = umask(0o777)
            let code = address.with { bind(descriptor, $0, $1) }
            let error = errno
            umask(mask)
            guard code == 0 else { throw ListenerError(error, wanted) }
            try self.give(path, access, wanted)
            guard listen(descriptor, CInt(clamping: backlog)) == 0 else { throw ListenerError(errno, wanted) }
            return descriptor
        } catch {
            Glibc.close(descriptor)
            throw error
        }
    }

    private static func give(_ path: String, _ access: BindAddress.UnixAccess, _ wanted: BindAddress) throws {
        var user = uid_t.max
        var group = gid_t.max
        if let name = access.user {
            guard let number = getpwnam(name)?.pointee.pw_uid ?? UInt32(name) else {
                throw ListenerError(code: .noSuchUser, address: wanted, cause: "user '\(name)'")
            }
            user = number
        }
        if let name = access.group {
            guard let number = getgrnam(name)?.pointee.gr_gid ?? UInt32(name) else {
                throw ListenerError(code: .noSuchUser, address: wanted, cause: "group '\(name)'")
            }
            group = number
        }
        guard user == .max && group == .max || chown(path, user, group) == 0, chmod(path, mode_t(access.mode)) == 0
        else { throw ListenerError(errno, wanted) }
    }

    /// Removes a socket that a server before us has left; never one that is in use, or something else than a socket.
    private static func clear(_ path: String, _ wanted: BindAddress, _ address: UnixAddress) throws {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw ListenerError(code: .notASocket, address: wanted, cause: "it is there and is no socket")
        }
        let probe = socket(AF_UNIX, self.stream, 0)
        guard probe >= 0 else { throw ListenerError(errno, wanted) }
        defer { Glibc.close(probe) }
        if address.with({ connect(probe, $0, $1) }) == 0 || errno == EAGAIN { throw ListenerError(EADDRINUSE, wanted) }
        unlink(path)
    }
}
