import CLinux
import Glibc

/// Binds Unix sockets: at a path, whose file is created, or at an abstract name, which has no file.
enum UnixListening {
    /// Returns a listening socket and its file. Throws `ListenerError`, after removing a file that was created.
    static func bind(
        _ path: String, _ access: BindAddress.UnixAccess, _ backlog: Int
    ) throws -> (descriptor: CInt, file: SocketFile?) {
        let wanted = BindAddress.unix(path: path, access: access)
        let isAbstract = BindAddress.isAbstract(path)
        guard let address = isAbstract ? UnixAddress(abstract: String(path.dropFirst())) : UnixAddress(path) else {
            throw ListenerError(code: .pathTooLong, address: wanted, cause: "\(UnixAddress.longest) bytes")
        }
        let owner = try Self.owner(access, wanted)
        let descriptor = socket(AF_UNIX, Listener.stream, 0)
        guard descriptor >= 0 else { throw ListenerError(errno, wanted) }
        var file: SocketFile?
        do {
            if !isAbstract { try Self.clear(path, wanted, address) }
            // The file inherits the mode of the socket: with mode 0 no client can connect before the owner is set. The
            // umask of the process is not changed, since other threads may create files meanwhile.
            guard fchmod(descriptor, 0) == 0, address.with({ Glibc.bind(descriptor, $0, $1) }) == 0 else {
                throw ListenerError(errno, wanted)
            }
            if !isAbstract {
                file = SocketFile(bound: path)
                guard roost_set_socket_access(path, owner.user, owner.group, UInt32(access.mode)) == 0 else {
                    throw ListenerError(errno, wanted)
                }
            }
            guard listen(descriptor, CInt(clamping: backlog)) == 0 else { throw ListenerError(errno, wanted) }
            return (descriptor, file)
        } catch {
            file?.remove()
            Glibc.close(descriptor)
            throw error
        }
    }

    /// Returns the user and group ids of the owner. The maximum value means that the id is not changed, so no user
    /// or group can have it.
    private static func owner(
        _ access: BindAddress.UnixAccess, _ wanted: BindAddress
    ) throws -> (user: uid_t, group: gid_t) {
        var owner = (user: uid_t.max, group: gid_t.max)
        if let name = access.user {
            guard let number = getpwnam(name)?.pointee.pw_uid ?? UInt32(name), number != owner.user else {
                throw ListenerError(code: .noSuchUser, address: wanted, cause: "user '\(name)'")
            }
            owner.user = number
        }
        if let name = access.group {
            guard let number = getgrnam(name)?.pointee.gr_gid ?? UInt32(name), number != owner.group else {
                throw ListenerError(code: .noSuchUser, address: wanted, cause: "group '\(name)'")
            }
            owner.group = number
        }
        return owner
    }

    /// Removes a stale socket file, which no process has open: a killed server leaves one. Leaves everything else.
    private static func clear(_ path: String, _ wanted: BindAddress, _ address: UnixAddress) throws {
        switch SocketFile.occupant(of: path, address) {
        case .nothing: return
        case .dead(let file): file.remove()
        case .live: throw ListenerError(EADDRINUSE, wanted)
        case .notASocket:
            throw ListenerError(code: .notASocket, address: wanted, cause: "a file that is not a socket exists there")
        case .unknown(let number):
            throw ListenerError(
                code: .occupied, address: wanted,
                cause: "a socket that may be in use exists there (\(String(cString: strerror(number))))")
        }
    }
}
