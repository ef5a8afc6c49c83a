import ArgumentParser
import Glibc
import Logging
import Roost

/// `roost serve MODULE`, and `roost MODULE`.
struct Serve: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve a module (the default).",
        discussion: "MODULE is a path like ./libhello.so, or a name like hello; hello:other takes another symbol."
    )

    @Argument(help: "The module to serve.")
    var module: String?

    @OptionGroup
    var options: ServeOptions

    func run() throws {
        guard let module else { return Terminal.output.write(Overview.text(.output)) }
        var request = PreparedApplication.Request(module: try ModuleName(module))
        request.folder = self.options.appDir
        request.settings = self.options.settings
        request.trust = try self.options.trust
        request.probe = ModuleProbe(time: self.options.probeTimeout)
        request.privileges = try self.options.worker.privileges

        InheritedDescriptors.keepToThisProcess()
        Self.openStandardStreams()
        Self.takeSignals()
        Self.raiseFileLimit()
        let run = try RunDirectory.make(self.options.runDir, isShared: request.privileges.user != nil)
        do {
            let application = try self.prepare(request, run)
            guard !self.options.worker.supervisor else {
                try Supervising(application, request, self.options, run).runUntilStopped()
            }
            // Before the first thread: setenv races getenv.
            if let variable = application.variable { setenv(variable.name, variable.value, 1) }
            try Serving(application, self.options, run).runUntilStopped()
        } catch {
            run.remove()
            throw error
        }
    }

    private func prepare(_ request: PreparedApplication.Request, _ run: RunDirectory) throws -> PreparedApplication {
        do {
            return try PreparedApplication(request, run: run)
        } catch let error as HostError where error.code == .usage {
            // Somebody may have meant a subcommand.
            let commands = NearestName.to(self.module ?? "", among: RoostCommand.commands)
            guard let command = commands.first else { throw error }
            throw HostError(
                code: .usage, message: "\(error.message); or did you mean 'roost \(command)'?", cause: error)
        }
    }

    /// What is opened next must not be taken for a standard stream.
    private static func openStandardStreams() {
        for descriptor in CInt(0)...2 where fcntl(descriptor, F_GETFD) < 0 { _ = open("/dev/null", O_RDWR) }
    }

    /// Whoever started this process may have had signals blocked, which a child inherits: a stop would never arrive.
    private static func takeSignals() {
        var none = sigset_t()
        sigemptyset(&none)
        sigprocmask(SIG_SETMASK, &none, nil)
        signal(SIGPIPE, SIG_IGN)
    }

    /// As many connections as the system allows.
    private static func raiseFileLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
