import Glibc

/// A bound, listening socket, made with the system's calls since the process that binds need not be the one that serves.
///
/// Closes its descriptor, and removes the path of its Unix socket, when `close` is called.
public final class Listener: Sendable {
    public let descriptor: CInt
    /// Where it listens, with the port that the kernel chose.
    public let address: BindAddress
    let backlog: Int

    /// Binds and listens. Throws `ListenerError`.
    public init(_ address: BindAddress, backlog: Int) throws {
        self.backlog = backlog
        switch address {
        case .tcp(let host, let port): (self.descriptor, self.address) = try Self.tcp(host, port, backlog)
        case .unix(let path):
            self.descriptor = try Self.unix(path, backlog)
            self.address = address
        }
    }

    public func close() {
        Glibc.close(self.descriptor)
        if case .unix(let path) = self.address { unlink(path) }
    }

    /// Another descriptor of the same socket, for a loop that accepts.
    func duplicate() throws -> CInt {
        let duplicate = fcntl(self.descriptor, F_DUPFD_CLOEXEC, 0)
        guard duplicate >= 0 else { throw ListenerError(errno, self.address) }
        return duplicate
    }

    func restoreBacklog() { listen(self.descriptor, CInt(clamping: self.backlog)) }

    private static let stream = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue)

    private static func tcp(_ host: String, _ port: Int, _ backlog: Int) throws -> (CInt, BindAddress) {
        let wanted = BindAddress.tcp(host: host, port: port)
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
            guard bind(descriptor, first.pointee.ai_addr, first.pointee.ai_addrlen) == 0,
                listen(descriptor, CInt(clamping: backlog)) == 0
            else { throw ListenerError(errno, wanted) }
            return (descriptor, .tcp(host: host, port: try Self.port(of: descriptor)))
        } catch {
            Glibc.close(descriptor)
            throw error
        }
    }

    private static func port(of descriptor: CInt) throws -> Int {
        var storage = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let failed = withUnsafeMutablePointer(to: &storage) { storage in
            storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) } != 0
        }
        guard !failed else { throw ListenerError(errno, .tcp(host: "", port: 0)) }
        // The port stands at the same place in the addresses of both families.
        return withUnsafeBytes(of: &storage) { Int(UInt16(bigEndian: $0.load(fromByteOffset: 2, as: UInt16.self))) }
    }

    private static func unix(_ path: String, _ backlog: Int) throws -> CInt {
        let wanted = BindAddress.unix(path: path)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let room = MemoryLayout.size(ofValue: address.sun_path)
        guard path.utf8.count < room else {
            throw ListenerError(code: .pathTooLong, address: wanted, cause: "\(room - 1) bytes")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        func with(_ call: (UnsafePointer<sockaddr>, socklen_t) -> CInt) -> CInt {
            withUnsafePointer(to: &address) { address in
                address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    call($0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
        }
        let descriptor = socket(AF_UNIX, self.stream, 0)
        guard descriptor >= 0 else { throw ListenerError(errno, wanted) }
        do {
            try self.clear(path, wanted, with)
            guard with({ bind(descriptor, $0, $1) }) == 0 else { throw ListenerError(errno, wanted) }
            // Whoever can reach the folder may connect, as with Uvicorn.
            guard chmod(path, 0o666) == 0, listen(descriptor, CInt(clamping: backlog)) == 0 else {
                throw ListenerError(errno, wanted)
            }
            return descriptor
        } catch {
            Glibc.close(descriptor)
            throw error
        }
    }

    /// Removes a socket that a server before us has left; never one that is in use, or something else than a socket.
    private static func clear(
        _ path: String, _ wanted: BindAddress, _ with: ((UnsafePointer<sockaddr>, socklen_t) -> CInt) -> CInt
    ) throws {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw ListenerError(code: .notASocket, address: wanted, cause: "it is there and is no socket")
        }
        let probe = socket(AF_UNIX, self.stream, 0)
        guard probe >= 0 else { throw ListenerError(errno, wanted) }
        defer { Glibc.close(probe) }
        if with({ connect(probe, $0, $1) }) == 0 || errno == EAGAIN { throw ListenerError(EADDRINUSE, wanted) }
        unlink(path)
    }
}
