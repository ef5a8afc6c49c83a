import CLinux
package import Glibc

/// Starts processes. [any]
package enum ChildProcess {
    /// A path that executes this running program, even if its file was replaced: `/proc/self/exe`. Under a tool that
    /// runs the program in the tool's process (valgrind), the link opens the tool; there it is the path that the link
    /// reports. Without /proc, it is the path that the program was started with.
    package static var ownCommand: String {
        let link = "/proc/self/exe"
        var path = [CChar](repeating: 0, count: Int(PATH_MAX))
        guard readlink(link, &path, path.count - 1) > 0 else { return self.executed ?? link }
        let named = path.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
        guard let there = FileMark(of: named), let here = FileMark(of: link),
            (there.device, there.inode) != (here.device, here.inode)
        else { return link }
        return named
    }

    /// The absolute path that the program was started with, resolved at the first access.
    private static let executed: String? = roost_executed_path().flatMap { realpath($0, nil) }.map { resolved in
        defer { free(resolved) }
        return String(cString: resolved)
    }

    /// Starts `command` with the arguments `words`. The child gets only `descriptors`, each with its number there.
    /// Its signals have default handling, and none is blocked. `ownGroup`: the child leads a process group of its own.
    /// `purpose`: names the child in the error message. Throws `HostError`.
    package static func start(
        _ command: String, _ words: [String], environment: [String], descriptors: [(CInt, as: CInt)],
        ownGroup: Bool = false, purpose: String
    ) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        // Copied above all target numbers: dup2 must not overwrite a descriptor before it is at its target.
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

    /// The environment of this process for a child: with these variables, without those meant for this process only.
    /// Swift's backtraces are off: the parent logs a crash in one line, and a backtrace would delay it.
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
