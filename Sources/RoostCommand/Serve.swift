import ArgumentParser
import Glibc
import Logging
import Roost
import RoostDeployment
import RoostModules
import RoostSettings
import RoostSystem
import Supervision

/// `roost serve MODULE`, and `roost MODULE`; without a module, the applications of the settings file.
struct Serve: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Serve a module, a Python application, a drop-in folder, or the applications of the settings file (default subcommand).",
        discussion: """
            MODULE is a path like ./libhello.so, or a name like hello; hello:other uses the symbol 'other'. \
            wiki.asgi:application is the ASGI application of a Python module. Every option can also be \
            set in the environment (ROOST_PORT=9000) and in the settings file (server: {port: 9000}); see roost settings.
            """
    )

    @Argument(help: "The module or Python application to serve.")
    var module: String?

    @OptionGroup
    var options: OptionArguments

    func run() throws {
        let variable = ProcessEnvironment.atStart[OtherVariables.application].flatMap { $0.isEmpty ? nil : $0 }
        let start = try Start(module: self.module ?? variable, typed: self.options.given)
        Self.forgetSecrets()
        guard !start.isEmpty else {
            guard let file = start.file else { return Terminal.output.write(Overview.text(.output)) }
            throw HostError(
                code: .usage,
                message: "\(file.path): nothing to serve; add 'applications' or 'modules', or name a module")
        }
        InheritedDescriptors.keepToThisProcess()
        try start.options.checkWatchedFolders()
        // Before the first build, so that later changes of sources cause another build.
        let deployment = try start.deployment()
        var watch = start.watchPlan(of: deployment)
        watch?.readBaseline()
        if let command = start.options.watch.build, try !Build.run(command) {
            Terminal.error.write("roost: the build failed; serving the existing version\n")
        }
        Self.openStandardStreams()
        Self.resetSignals()
        Self.raiseFileLimit()
        let run = try RunDirectory.make(
            start.options.host.runDirectory, isShared: deployment.hasOtherUsers,
            trust: start.options.host.trust)
        do {
            let found = try self.scan(deployment, of: start, run, watch)
            guard !found.start.options.process.isSupervised else {
                try Supervising(found.scan, found.deployment, found.start, run, found.watch).runUntilStopped()
            }
            try Serving(found.scan, found.deployment, found.start, run).runUntilStopped()
        } catch {
            run.remove()
            throw error
        }
    }

    private struct Found {
        let start: Start
        let deployment: Deployment
        let scan: Deployment.Scan
        let watch: WatchPlan?
    }

    /// Scans the applications. The application on the command line may name a settings file that declares others.
    private func scan(
        _ deployment: Deployment, of start: Start, _ run: RunDirectory, _ watch: WatchPlan?
    ) throws -> Found {
        let scan = try deployment.scan(run: run)
        guard let module = start.module, let first = scan.declared.first(where: \.isRequired) else {
            return Found(start: start, deployment: deployment, scan: scan, watch: watch)
        }
        let application = try self.orSubcommand(first, module)
        guard let whole = try start.reading(settingsOf: application) else {
            return Found(start: start, deployment: deployment, scan: scan, watch: watch)
        }
        let others = try whole.deployment()
        var plan = whole.watchPlan(of: others)
        plan?.readBaseline(or: watch)
        return Found(
            start: whole, deployment: others, scan: try others.scan(run: run, known: [application]), watch: plan)
    }

    /// Returns the application. Suggests a subcommand if the module does not exist and its name resembles one.
    private func orSubcommand(_ declared: DeclaredApplication, _ module: ModuleName) throws -> PreparedApplication {
        switch declared.preparation {
        case .success(let application): return application
        case .failure(let error):
            guard error.code == .usage,
                let command = NearestName.to(module.text, among: RoostCommand.commands).first
            else { throw error }
            throw HostError(
                code: .usage, message: "\(error.message); or did you mean 'roost \(command)'?", cause: error)
        }
    }

    /// Removes the variables of secret options, which child processes would inherit. The start has read them.
    private static func forgetSecrets() {
        for option in OptionTable.all where option.declaration.isSecret {
            guard let name = option.declaration.variable else { continue }
            unsetenv(name)
            unsetenv("UVICORN_" + name.dropFirst("ROOST_".count))
        }
    }

    /// Opens closed standard streams, so that no other file gets their descriptors.
    private static func openStandardStreams() {
        for descriptor in CInt(0)...2 where fcntl(descriptor, F_GETFD) < 0 { _ = open("/dev/null", O_RDWR) }
    }

    /// Unblocks all signals: a blocked mask is inherited, and SIGTERM would never arrive.
    private static func resetSignals() {
        var none = sigset_t()
        sigemptyset(&none)
        sigprocmask(SIG_SETMASK, &none, nil)
        // Ignored signals must not end the start, and SIGQUIT must not print a stack as the runtime's handler does.
        SignalThread.drop(SignalMeaning.ignorable + [SIGPIPE, SIGUSR1])
        signal(SIGQUIT, SIG_DFL)
    }

    /// Raises the limit of open files, and thus of connections, to the hard limit.
    private static func raiseFileLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
