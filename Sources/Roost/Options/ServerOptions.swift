import HTTPServer
package import RoostDeployment
import RoostModules
package import RoostSettings

/// The values of all options. A property that an option sets has the option's default as its initial value: no other place repeats it.
package struct ServerOptions: Sendable {
    package var host = HostConfiguration()
    package var workers: WorkerPlan
    package var listen = ListenOptions()
    package var process = ProcessOptions()
    package var watch = WatchOptions()
    /// Seconds that a module may take to be loaded.
    package var probeTime = ModuleProbe().time
    /// Seconds that the previous generation may drain; nil: the host's, or a second where modules are reloaded at every change.
    package var drainTime: Int?

    package init() {
        self.workers = WorkerPlan(start: 0, grace: 0, stop: 0, state: 0)
        self.derive()
    }

    /// The defaults, with the given values in their place. Throws the first `OptionError`.
    package init(_ given: [GivenOption], defaults: ServerOptions = ServerOptions()) throws(OptionError) {
        self = defaults
        for given in given {
            do throws(OptionFault) {
                try given.option.set(given.values, in: &self)
            } catch {
                throw OptionError(
                    origin: given.origin,
                    message: error.message(for: given.option.declaration, given.origin.naming))
            }
        }
        self.derive()
    }

    /// Computes what follows from several options.
    private mutating func derive() {
        self.host.drainTime = self.drainTime ?? (self.watch.isOn ? 1 : HostConfiguration().drainTime)
        self.workers.start = self.host.lifespanTime + self.probeTime + 5
        self.workers.grace = self.host.server.graceTime
        self.workers.stop = self.stopTime
        self.workers.state = self.host.stateLimit
    }

    /// Seconds that a shutdown may take: the sum of its phases, unless an option says otherwise.
    package var stopTime: Int {
        self.process.stopTime
            ?? max(self.host.server.graceTime, self.host.drainTime) + self.host.farewellTime + self.host.lifespanTime
            + 10
    }

    /// Checks what options mean together. Throws `OptionError`.
    package func check(_ naming: OptionFault.Naming) throws(OptionError) {
        let (ahead, limit) = (self.host.server.writeMark, self.host.server.writeLimit)
        guard ahead <= limit else {
            throw OptionError(
                "\(naming.name("limit-send-ahead")) \(ahead) is more than \(naming.name("limit-send")) \(limit)",
                "limit-send-ahead", "limit-send")
        }
    }
}

/// Options whose property has another form.
extension ServerOptions {
    /// `--server-header`
    var sendsServerName: Bool {
        get { !self.host.server.serverName.isEmpty }
        set { self.host.server.serverName = newValue ? HostConfiguration().server.serverName : "" }
    }

    /// `--timeout-worker`; 0: never.
    var stallTime: Int {
        get { self.workers.stall ?? 0 }
        set { self.workers.stall = newValue == 0 ? nil : newValue }
    }
}
