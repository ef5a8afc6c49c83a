import Glibc

/// Whose files are loaded: code that others could change is not (the rule that sudo has for its plugins).
public struct FileTrust: Sendable {
    /// Users besides root whose files are trusted: the host's own, and `--trust-owner`.
    public var owners: Set<UInt32>

    /// Trusts root and the host's own user.
    public init() { self.owners = [geteuid()] }

    /// Says what is wrong with an open file and with the folders on its resolved path; nil: nothing.
    func fault(of status: stat, path: String) -> String? {
        if let fault = self.fault(status, isFolder: false) { return "\(path): \(fault)" }
        var folder = path[...]
        while let slash = folder.lastIndex(of: "/") {
            folder = folder[..<slash]
            let name = folder.isEmpty ? "/" : String(folder)
            var status = stat()
            guard stat(name, &status) == 0 else {
                return "\(name): cannot be looked at: \(String(cString: strerror(errno)))"
            }
            if let fault = self.fault(status, isFolder: true) { return "\(path): its folder \(name) \(fault)" }
        }
        return nil
    }

    private func fault(_ status: stat, isFolder: Bool) -> String? {
        guard status.st_uid == 0 || self.owners.contains(status.st_uid) else {
            return "belongs to \(Self.name(status.st_uid)), who is neither root nor this host's user:"
                + " give it to one of them, or trust the owner with --trust-owner"
        }
        // In a sticky folder nobody can take another's file away.
        if isFolder, status.st_mode & mode_t(S_ISVTX) != 0 { return nil }
        if status.st_mode & S_IWOTH != 0 { return "is writable by everybody: take that away with chmod o-w" }
        if status.st_mode & S_IWGRP != 0, status.st_gid != 0, status.st_gid != Self.ownGroup(status.st_uid) {
            return "is writable by group \(status.st_gid), which is not its owner's own: take that away with chmod g-w"
        }
        return nil
    }

    private static func name(_ user: uid_t) -> String {
        getpwuid(user).map { String(cString: $0.pointee.pw_name) } ?? "user \(user)"
    }

    private static func ownGroup(_ user: uid_t) -> gid_t? { getpwuid(user)?.pointee.pw_gid }
}
