package import HTTPServer
import Middleware
package import RoostDeployment
import RoostModules
package import RoostPython
package import RoostSettings

/// The values of all options. The initial value of a property is the option's default, which is not repeated elsewhere.
package struct ServerOptions: Sendable {
    package var host = HostConfiguration()
    package var workers: WorkerPlan
    package var listen = ListenOptions()
    package var process = ProcessOptions()
    package var watch = WatchOptions()
    package var python = PythonOptions()
    package var tls = TLSOptions()
    /// Whether the header fields of proxies are evaluated, and how.
    package var evaluatesForwarding = true
    package var forwarding = ForwardingRules()
    /// Maximum time to load a module, in seconds.
    package var probeTime = ModuleProbe().time
    /// Drain timeout of the previous generation, in seconds. Nil: one second with `--reload`, else the host's default.
    package var drainTime: Int?

    package init() {
        self.workers = WorkerPlan(start: 0, grace: 0, stop: 0, state: 0)
        self.derive()
    }

    /// Applies the given values to the defaults. Throws the first `OptionError`.
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

    /// Computes the values that depend on several options.
    private mutating func derive() {
        self.host.server.forwarding = self.evaluatesForwarding ? self.forwarding : nil
        self.host.drainTime = self.drainTime ?? (self.watch.isOn ? 1 : HostConfiguration().drainTime)
        if let webroot = self.tls.challengeFolder {
            self.host.statics.append(webroot)
            self.host.server.unredirectedPath = "\(TLSOptions.challengePath)/"
        }
        // The option has been checked, so that this does not fail.
        if let service = self.tls.alternativeService, let header = try? DefaultHeader("alt-svc:\(service)") {
            self.host.server.headers.append(header)
        }
        self.host.faults = self.watch.isOn ? DevelopmentFaults() : nil
        self.workers.start = self.host.lifespanTime + self.probeTime + 5
        self.workers.grace = self.host.server.graceTime
        self.workers.stop = self.stopTime
        self.workers.state = self.host.stateLimit
    }

    /// Maximum duration of a shutdown, in seconds: `--timeout-stop`, else the sum of its phases.
    package var stopTime: Int {
        self.process.stopTime
            ?? max(self.host.server.graceTime, self.host.drainTime) + self.host.cancelDelay + self.host.lifespanTime
            + 10
    }

    /// Checks options that depend on each other. Throws `OptionError`.
    package func check(_ naming: OptionFault.Naming) throws(OptionError) {
        guard !self.host.server.trustedPeers.includesAll || self.forwarding.hops != nil else {
            throw OptionError(
                "\(naming.name("forwarded-allow-ips")) \(self.host.server.trustedPeers) needs \(naming.name("forwarded-hops")): a client can forge"
                    + " every address but those that your proxies add; set their number",
                "forwarded-allow-ips", "forwarded-hops")
        }
        guard !self.forwarding.evaluatesPrefix || self.forwarding.family == .xForwarded else {
            throw OptionError(
                "\(naming.name("forwarded-prefix")) needs \(naming.name("forwarded-header")) x-forwarded",
                "forwarded-prefix", "forwarded-header")
        }
        try self.tls.check(naming)
        let (ahead, limit) = (self.host.server.writeMark, self.host.server.writeLimit)
        guard ahead <= limit else {
            throw OptionError(
                "\(naming.name("limit-send-ahead")) \(ahead) is more than \(naming.name("limit-send")) \(limit)",
                "limit-send-ahead", "limit-send")
        }
    }
}

/// Options that are stored in another form.
extension ServerOptions {
    /// The value of `--server-header`.
    var sendsServerName: Bool {
        get { !self.host.server.serverName.isEmpty }
        set { self.host.server.serverName = newValue ? HostConfiguration().server.serverName : "" }
    }

    /// The value of `--timeout-worker`; 0: never.
    var stallTime: Int {
        get { self.workers.stall ?? 0 }
        set { self.workers.stall = newValue == 0 ? nil : newValue }
    }
}
