import Glibc

/// Users and groups of the system. [any]
enum SystemAccounts {
    struct User {
        let number: uid_t
        let primaryGroup: gid_t
    }

    struct Group {
        let name: String
        let members: [String]
    }

    static func user(named name: String) -> User? {
        self.entry { (buffer, size, found: inout UnsafeMutablePointer<passwd>?) in
            var entry = passwd()
            let code = getpwnam_r(name, &entry, buffer, size, &found)
            return (code, User(number: entry.pw_uid, primaryGroup: entry.pw_gid))
        }
    }

    /// The name of a user, or the number as text if there is no such user.
    static func name(ofUser number: uid_t) -> String {
        self.entry { (buffer, size, found: inout UnsafeMutablePointer<passwd>?) in
            var entry = passwd()
            let code = getpwuid_r(number, &entry, buffer, size, &found)
            return (code, entry.pw_name.map { String(cString: $0) })
        } ?? "\(number)"
    }

    static func group(_ number: gid_t) -> Group? {
        self.entry { (buffer, size, found: inout UnsafeMutablePointer<GroupEntry>?) in
            var entry = GroupEntry()
            let code = getgrgid_r(number, &entry, buffer, size, &found)
            var members: [String] = []
            var at = entry.gr_mem
            while code == 0, let member = at?.pointee {
                members.append(String(cString: member))
                at = at?.successor()
            }
            return (code, Group(name: entry.gr_name.map { String(cString: $0) } ?? "", members: members))
        }
    }

    private typealias GroupEntry = Glibc.group

    /// Calls `ask` with growing buffers. Nil if there is no such entry.
    private static func entry<Entry, Value>(
        _ ask: (UnsafeMutablePointer<CChar>, Int, inout UnsafeMutablePointer<Entry>?) -> (CInt, Value?)
    ) -> Value? {
        var size = 1024
        while size <= 1 << 24 {
            let buffer = UnsafeMutablePointer<CChar>.allocate(capacity: size)
            defer { buffer.deallocate() }
            var found: UnsafeMutablePointer<Entry>?
            let (code, value) = ask(buffer, size, &found)
            if code == ERANGE {
                size *= 4
                continue
            }
            return code == 0 && found != nil ? value : nil
        }
        return nil
    }
}
