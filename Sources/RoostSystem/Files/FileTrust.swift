import CLinux
package import Glibc

/// The trust rule for every file that the host executes, reads as settings or writes: only root, the host's user and
/// the trusted owners may be able to change the file or to replace it.
///
/// A file, and every folder and symbolic link on its path, must belong to one of these users. A file or folder must not
/// be writable by others. A sticky folder (`/tmp`) may be, since only their owners can replace its entries. A group may
/// have write permission if it is the private group of a trusted user: it has the user's name, is the user's primary
/// group, and has no other members. A group-writable file must have no access-control list: the group bits of its mode
/// are then the mask of the list, whose entries can name any user (acl(5)).
public struct FileTrust: Sendable {
    /// Users besides root whose files are trusted: the host's own user, and those of `--trust-owner`.
    public var owners: Set<UInt32>

    /// Trusts root and the host's own user.
    public init() { self.owners = [geteuid()] }

    /// What is wrong with an open file, or with a folder or link on its path; nil if nothing is.
    package func fault(of status: stat, path: String) -> String? {
        let end: PathWalk.Step
        switch self.walk(path) {
        case .failure(let fault): return fault.message
        case .success(let step): end = step
        }
        // Every folder on the path is trusted, so only trusted users could have replaced the file.
        guard end.status.st_dev == status.st_dev, end.status.st_ino == status.st_ino else {
            return "\(path): was replaced while it was checked; try again"
        }
        return self.fault(status, named: end.path, for: path)
    }

    /// What is wrong with a folder, or with a folder or link on its path; nil if nothing is.
    package func fault(ofFolder path: String) -> String? {
        switch self.walk(path) {
        case .failure(let fault): fault.message
        case .success(let end): self.fault(end.status, named: end.path, for: path)
        }
    }

    private struct Fault: Error { let message: String }

    /// Checks every step of a path except the last, and returns the last.
    private func walk(_ path: String) -> Result<PathWalk.Step, Fault> {
        var walk = PathWalk(path)
        while true {
            switch walk.next() {
            case .failure(let fault): return .failure(Fault(message: "\(path): \(fault.message)"))
            case .success(let step):
                guard !step.isLast else { return .success(step) }
                if let fault = self.fault(step.status, named: step.path, for: path) {
                    return .failure(Fault(message: fault))
                }
            }
        }
    }

    /// `path`: the whole path that is checked, for the message.
    private func fault(_ status: stat, named name: String, for path: String) -> String? {
        let kind = status.st_mode & S_IFMT
        let role = kind == S_IFDIR ? "its folder \(name)" : kind == S_IFLNK ? "the link \(name)" : ""
        let start = role.isEmpty || (kind == S_IFDIR && name == path) ? "\(path):" : "\(path): \(role)"
        guard self.isTrusted(status.st_uid) else {
            let option = kind == S_IFLNK ? " -h" : ""
            return
                "\(start) belongs to \(SystemAccounts.name(ofUser: status.st_uid)), who is neither root nor the user of roost; run"
                + " chown\(option) \(SystemAccounts.name(ofUser: geteuid())) \(name), or trust the owner with --trust-owner"
        }
        // A link has no mode of its own. In a sticky folder only the owner of an entry can replace it.
        if kind == S_IFLNK || (kind == S_IFDIR && status.st_mode & mode_t(S_ISVTX) != 0) { return nil }
        let mode = "0" + String(status.st_mode & 0o7777, radix: 8)
        if status.st_mode & S_IWOTH != 0 {
            return "\(start) is writable by everyone (mode \(mode)); run chmod o-w \(name)"
        }
        if status.st_mode & S_IWGRP != 0, !self.isPrivate(status.st_gid) {
            let group = SystemAccounts.group(status.st_gid)?.name ?? "\(status.st_gid)"
            return
                "\(start) is writable by group \(group) (mode \(mode)), which is not the private group of a"
                + " trusted user; run chmod g-w \(name)"
        }
        if status.st_mode & S_IWGRP != 0, let fault = Self.accessListFault(name) {
            return "\(start) \(fault) (mode \(mode)); run chmod g-w \(name), or setfacl -b \(name)"
        }
        return nil
    }

    /// The fault of a group-writable file that has an access-control list; nil if it has none. Every folder of the path
    /// is trusted at this point, so the path still names the file that was checked.
    private static func accessListFault(_ path: String) -> String? {
        let answer = roost_has_access_list(path)
        if answer == 0 { return nil }
        if answer > 0 { return "has an access-control list that lets other users write" }
        return "has an access-control list that cannot be read: \(String(cString: strerror(errno)))"
    }

    private func isTrusted(_ user: uid_t) -> Bool { user == 0 || self.owners.contains(user) }

    /// Whether the group is the private group of one trusted user. `/etc/group` does not list whose primary group it
    /// is, but a group with the name of a user is made for that user (useradd(8), USERGROUPS_ENAB).
    private func isPrivate(_ group: gid_t) -> Bool {
        guard let entry = SystemAccounts.group(group), entry.members.allSatisfy({ $0 == entry.name }),
            let user = SystemAccounts.user(named: entry.name)
        else { return false }
        return user.primaryGroup == group && self.isTrusted(user.number)
    }
}
