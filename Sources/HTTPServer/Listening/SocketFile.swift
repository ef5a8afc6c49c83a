import Glibc

/// The file of a Unix socket that this process has bound. Identified by device and inode, and removed only if no other
/// file has replaced it.
///
/// While a descriptor of the socket is open, the kernel keeps the inode, and no other file can have its number. The
/// file is therefore removed before the descriptor is closed.
public struct SocketFile: Sendable {
    public let path: String
    private let device: dev_t
    private let inode: ino_t

    /// Records the socket at `path` right after it was bound. Returns nil if the file is gone.
    public init?(bound path: String) {
        guard let status = Self.status(path) else { return nil }
        self.path = path
        self.device = status.st_dev
        self.inode = status.st_ino
    }

    /// Whether the path still refers to this socket.
    public var isThere: Bool {
        guard let status = Self.status(self.path) else { return false }
        return status.st_dev == self.device && status.st_ino == self.inode
    }

    /// Removes the file, unless another file has replaced it.
    public func remove() {
        if self.isThere { unlink(self.path) }
    }

    /// What exists at a path where a socket is to be bound.
    enum Occupant {
        case nothing
        /// A socket that no process has open.
        case dead(SocketFile)
        case live
        case notASocket
        /// A socket of which it cannot be determined whether a process has it open.
        case unknown(errno: CInt)
    }

    /// Determines what exists at a path, without connecting to a live socket of any type.
    static func occupant(of path: String, _ address: UnixAddress) -> Occupant {
        guard let status = Self.status(path) else { return .nothing }
        guard status.st_mode & S_IFMT == S_IFSOCK else { return .notASocket }
        guard let file = SocketFile(bound: path) else { return .nothing }
        // The kernel looks up the socket before it checks the type. A datagram socket's connect fails with ECONNREFUSED
        // only if no socket is bound, and with EPROTOTYPE for any stream socket, even one that does not listen yet.
        let probe = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard probe >= 0 else { return .unknown(errno: errno) }
        defer { Glibc.close(probe) }
        guard address.with({ connect(probe, $0, $1) }) != 0 else { return .live }
        switch errno {
        case ECONNREFUSED: return .dead(file)
        case ENOENT: return .nothing
        // EPERM: a datagram socket that is connected to a peer.
        case EPROTOTYPE, EPERM: return .live
        case let number: return .unknown(errno: number)
        }
    }

    private static func status(_ path: String) -> stat? {
        var status = stat()
        return lstat(path, &status) == 0 ? status : nil
    }
}
