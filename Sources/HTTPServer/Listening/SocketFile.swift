import Glibc

/// The file of a Unix socket that this process has bound: known by device and inode, and removed only while it is still there.
///
/// While a descriptor of the socket is open the kernel keeps its inode, so that no other file can have the same number: the file is
/// removed before the descriptor is closed.
public struct SocketFile: Sendable {
    public let path: String
    private let device: dev_t
    private let inode: ino_t

    /// The socket at `path`, right after it was bound there. Nil: the file is gone.
    public init?(bound path: String) {
        guard let status = Self.status(path) else { return nil }
        self.path = path
        self.device = status.st_dev
        self.inode = status.st_ino
    }

    /// Whether the path still leads to the socket.
    public var isThere: Bool {
        guard let status = Self.status(self.path) else { return false }
        return status.st_dev == self.device && status.st_ino == self.inode
    }

    /// Removes the file, unless another one has its place.
    public func remove() {
        if self.isThere { unlink(self.path) }
    }

    /// What stands at a path where a socket is to be bound.
    enum Occupant {
        case nothing
        /// A socket that no process has any more.
        case dead(SocketFile)
        case live
        case notASocket
        /// Whether a process has it cannot be found out.
        case unknown(errno: CInt)
    }

    /// Determines what occupies a path, without a connection to a live socket, whatever its type.
    static func occupant(of path: String, _ address: UnixAddress) -> Occupant {
        guard let status = Self.status(path) else { return .nothing }
        guard status.st_mode & S_IFMT == S_IFSOCK else { return .notASocket }
        guard let file = SocketFile(bound: path) else { return .nothing }
        // The kernel looks for the socket first and at its type afterwards: a datagram socket is told ECONNREFUSED only when no
        // socket is bound there, and EPROTOTYPE by any stream socket, even by one that does not listen yet.
        let probe = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard probe >= 0 else { return .unknown(errno: errno) }
        defer { Glibc.close(probe) }
        guard address.with({ connect(probe, $0, $1) }) != 0 else { return .live }
        switch errno {
        case ECONNREFUSED: return .dead(file)
        case ENOENT: return .nothing
        // EPERM: a datagram socket that has a peer.
        case EPROTOTYPE, EPERM: return .live
        case let number: return .unknown(errno: number)
        }
    }

    private static func status(_ path: String) -> stat? {
        var status = stat()
        return lstat(path, &status) == 0 ? status : nil
    }
}
