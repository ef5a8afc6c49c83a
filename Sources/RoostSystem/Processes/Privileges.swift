import CLinux
import Glibc

/// The user, group and limits that a process takes before it loads a module: the same for a worker and a probe.
package struct Privileges: Sendable, Equatable {
    /// Nil to keep the current user.
    package var user: UInt32?
    package var group: UInt32?
    /// The user's name, to look up supplementary groups.
    package var userName = ""
    /// Limit of the address space (RLIMIT_AS), in bytes; nil to leave it unchanged.
    package var addressSpace: Int?
    /// Limit of open files (RLIMIT_NOFILE); nil for the maximum that the system allows.
    package var openFiles: Int?
    /// Limit of a core file (RLIMIT_CORE), in bytes; nil to leave it unchanged.
    package var core: Int?

    package init() {}

    /// Sets user and group by name or number. Throws `HostError`.
    package mutating func become(user: String?, group: String?) throws {
        if let user {
            if let entry = getpwnam(user) ?? UInt32(user).flatMap({ getpwuid($0) }) {
                self.user = entry.pointee.pw_uid
                self.group = entry.pointee.pw_gid
                self.userName = String(cString: entry.pointee.pw_name)
            } else {
                throw HostError(code: .usage, message: "--user '\(user)' is not a user of this machine")
            }
        }
        if let group {
            guard let number = getgrnam(group)?.pointee.gr_gid ?? UInt32(group) else {
                throw HostError(code: .usage, message: "--group '\(group)' is not a group of this machine")
            }
            self.group = number
        }
        guard self.user != nil || self.group != nil, geteuid() != 0 else { return }
        throw HostError(
            code: .usage, message: "--user and --group need a start as root, but this is user \(geteuid()); remove them"
        )
    }

    /// Whether a process takes another user or group.
    package var changesUser: Bool { self.user != nil || self.group != nil }

    /// The user and the group as arguments of a command line, for `init(words:)`.
    package var words: [String] {
        [self.user.map { "\($0)" } ?? "", self.group.map { "\($0)" } ?? "", self.userName]
    }

    /// Reads what `words` has made. Nil if the arguments are others.
    package init?(words: [String]) {
        guard words.count == 3 else { return nil }
        let numbers = words.prefix(2).map { UInt32($0) }
        guard zip(words, numbers).allSatisfy({ $0.isEmpty || $1 != nil }) else { return nil }
        self.init()
        (self.user, self.group, self.userName) = (numbers[0], numbers[1], words[2])
    }

    /// Applies user, group and limits to this process permanently. Throws `HostError`; no module must be loaded then.
    package func apply() throws {
        try Self.limit(RLIMIT_NOFILE, "--limit-open-files", self.openFiles, raises: true)
        try Self.limit(RLIMIT_AS, "--limit-address-space", self.addressSpace)
        try Self.limit(RLIMIT_CORE, "--limit-core", self.core)
        if let group = self.group {
            let groups = self.userName.isEmpty ? setgroups(1, [group]) : initgroups(self.userName, group)
            guard groups == 0 else { throw Self.error("cannot drop supplementary groups") }
            guard roost_switch_user(self.user ?? geteuid(), group) == 0 else {
                throw Self.error("cannot switch the user")
            }
            guard self.user ?? 0 == 0 || setuid(0) != 0 else { throw Self.error("root privileges could be regained") }
        }
        guard roost_no_new_privileges() == 0 else { throw Self.error("cannot set no_new_privs") }
    }

    /// `raises`: whether the limit is raised to the hard limit if `wanted` is nil.
    private static func limit(
        _ resource: __rlimit_resource, _ option: String, _ wanted: Int?, raises: Bool = false
    ) throws {
        var limit = rlimit()
        let resource = __rlimit_resource_t(resource.rawValue)
        guard getrlimit(resource, &limit) == 0 else { throw self.error("\(option): cannot read the limit") }
        if let wanted {
            limit.rlim_cur = rlim_t(wanted)
            limit.rlim_max = min(limit.rlim_max, rlim_t(wanted))
        } else if raises {
            limit.rlim_cur = limit.rlim_max
        } else {
            return
        }
        guard setrlimit(resource, &limit) == 0 else { throw self.error("\(option) \(limit.rlim_cur)") }
    }

    private static func error(_ what: String) -> HostError {
        HostError(code: .usage, message: "privileges: \(what): \(String(cString: strerror(errno)))")
    }
}

extension Privileges: MessageCodable {
    package func encode(to writer: inout MessageWriter) {
        writer.write(self.user)
        writer.write(self.group)
        writer.write(self.userName)
        writer.write(self.addressSpace)
        writer.write(self.openFiles)
        writer.write(self.core)
    }

    package init(from reader: inout MessageReader) throws(MessageFault) {
        self.user = try reader.readOptional()
        self.group = try reader.readOptional()
        self.userName = try reader.read()
        self.addressSpace = try reader.readOptional()
        self.openFiles = try reader.readOptional()
        self.core = try reader.readOptional()
    }
}
