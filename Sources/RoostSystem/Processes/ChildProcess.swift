import CLinux
package import Glibc

/// Starts processes. [any]
package enum ChildProcess {
    /// This program, as it runs, even when its file was replaced. Under a tool that runs it inside of itself (valgrind) that would be the
    /// tool: there it is the path that the tool tells. Without /proc it is the path that the program was started with.
    package static var ownCommand: String {
        let link = "/proc/self/exe"
        var path = [CChar](repeating: 0, count: Int(PATH_MAX))
        guard readlink(link, &path, path.count - 1) > 0 else { return self.executed ?? link }
        let told = path.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
        guard let there = FileMark(of: told), let here = FileMark(of: link),
            (there.device, there.inode) != (here.device, here.inode)
        else { return link }
        return told
    }

    /// From the root, as it was at the first call.
    private static let executed: String? = roost_executed_path().flatMap { realpath($0, nil) }.map { resolved in
        defer { free(resolved) }
        return String(cString: resolved)
    }

    /// Starts `command` with these words; nothing of ours is open in it but what `descriptors` gives it, by their numbers there.
    /// Its signals are the system's, none is blocked. `ownGroup`: it is the first of a process group. Throws `HostError` with what `purpose` says.
    package static func start(
        _ command: String, _ words: [String], environment: [String], descriptors: [(CInt, as: CInt)],
        ownGroup: Bool = false, purpose: String
    ) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        // None of them may be overwritten by another's number before it is at its own.
        let above = (descriptors.map(\.as).max() ?? 2) + 1
        var moved: [CInt] = []
        defer { for descriptor in moved { close(descriptor) } }
        for (descriptor, number) in descriptors {
            let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, above)
            guard copy >= 0 else { throw Self.error(purpose, command, errno) }
            moved.append(copy)
            posix_spawn_file_actions_adddup2(&actions, copy, number)
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        let group = ownGroup ? POSIX_SPAWN_SETPGROUP : 0
        posix_spawnattr_setflags(&attributes, CShort(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | group))
        var arguments = words.map { strdup($0) } + [nil]
        var variables = environment.map { strdup($0) } + [nil]
        defer { for text in arguments + variables { free(text) } }
        var child = pid_t()
        let code = posix_spawn(&child, command, &actions, &attributes, &arguments, &variables)
        guard code == 0 else { throw Self.error(purpose, command, code) }
        return child
    }

    private static func error(_ purpose: String, _ command: String, _ code: CInt) -> HostError {
        HostError(
            code: .module, message: "\(purpose) \(command) cannot be started: \(String(cString: strerror(code)))")
    }

    /// This process's environment for a child of ours: with these variables, without those that were meant for this process only.
    /// A crash is reported by the parent, in a line; the runtime's backtrace would hold it up.
    package static func environment(with variables: [String: String] = [:]) -> [String] {
        var all = variables
        all["SWIFT_BACKTRACE"] = "enable=no"
        var list: [String] = []
        var at = environ
        while let variable = at.pointee {
            let text = String(cString: variable)
            let name = String(text.prefix { $0 != "=" })
            if all[name] == nil, !ServiceNotice.variables.contains(name) { list.append(text) }
            at += 1
        }
        return list + all.map { "\($0)=\($1)" }
    }
}
