import Logging
import RoostSystem

/// Reports on deployments, to the log and to callers that wait for a reload. A value type without I/O.
struct DeploymentLog {
    private(set) var report = ReloadReport()
    /// Current faults that were logged.
    private var loggedFaults: Set<String> = []
    private var entries: [DeploymentAction] = []

    /// Removes and returns the log lines that are not written yet.
    mutating func removeEntries() -> [DeploymentAction] {
        defer { self.entries = [] }
        return self.entries
    }

    mutating func log(_ event: LoggedEvent, _ fields: Logger.Metadata = [:]) {
        self.entries.append(.log(event, fields))
    }

    // MARK: Reloads with a waiting caller

    /// A change begins. `isAsked`: whether a caller waits for it.
    mutating func beginChange(isAsked: Bool) {
        if !self.report.isAsked { self.report = ReloadReport() }
        if isAsked { self.report.isAsked = true }
    }

    mutating func refuse(_ number: UInt32, _ reason: String) { self.report.fail(number, reason) }
    mutating func refuse(_ reason: String) { self.report.fail(reason) }

    /// Adds a result of the reload that concerns no application.
    mutating func note(_ line: String) { self.report.succeed(line) }

    /// Ends the reload. Returns the answer for the waiting callers.
    mutating func endReload() -> DeploymentAction {
        let report = self.report
        self.report = ReloadReport()
        if report.fault == nil, report.text == ReloadReport.nothing { self.log(.nothingToReload) }
        return .answerReload(report.text, fault: report.fault)
    }

    // MARK: Faults

    /// Logs each new fault of applications once.
    mutating func logFaults(of roster: Roster) {
        for application in roster.applications {
            guard let fault = application.fault, !self.loggedFaults.contains(fault) else { continue }
            self.logFault(fault, of: application)
        }
        self.loggedFaults = Set(roster.applications.compactMap(\.fault))
    }

    /// Logs that an application did not start in a worker.
    mutating func logFailure(_ application: DeployedApplication) {
        guard let fault = application.fault else { return }
        self.loggedFaults.insert(fault)
        self.logFault(fault, of: application)
    }

    private mutating func logFault(_ fault: String, of application: DeployedApplication) {
        self.log(
            application.serves ? .reloadFailed : .applicationNotServing, application.logFields(reason: fault))
    }

    mutating func logQuarantine(_ application: DeployedApplication, _ hash: String, _ reason: String) {
        let serving = application.isQuarantined ? "503" : application.prepared?.hash ?? ""
        self.log(
            .applicationQuarantined,
            [
                "application": "\(application.name)", "generation": "\(hash)", "reason": "\(reason)",
                "serving": "\(serving)",
            ])
    }

    // MARK: Outcomes

    /// `after`: the roster of the group after the change. `current`: all applications, with their states in the workers
    /// that run them.
    mutating func log(_ outcome: ChangeOutcome, after: Roster, current: Roster, group: String?, now: Int) {
        for number in outcome.removed {
            guard let application = outcome.before[number] else { continue }
            self.log(.unmounted, application.logFields)
            self.report.succeed(number, "\(application.name): unmounted")
        }
        let time = "\(now - outcome.begun)"
        for number in outcome.mounted {
            guard let application = after[number] else { continue }
            self.logMounted(application, outcome, isServing: (current[number] ?? application).serves, time: time) {
                current[number]?.fault
            }
        }
        if outcome.mounted.isEmpty, outcome.method == ChangeOutcome.byNewWorkers {
            self.log(.reloaded, ["by": "new workers", "workers": "\(group ?? "-")", "time": "\(time)ms"])
            self.report.succeed("\(group.map { "workers of \($0)" } ?? "workers"): new, \(time) ms")
        }
        for (number, reason) in outcome.faults.sorted(by: { $0.key < $1.key }) {
            self.report.fail(number, reason)
            guard let application = after[number], let fault = application.fault,
                outcome.before[number]?.fault != reason
            else { continue }
            self.loggedFaults.insert(reason)
            self.logFault(fault, of: application)
        }
    }

    private mutating func logMounted(
        _ application: DeployedApplication, _ outcome: ChangeOutcome, isServing: Bool, time: String,
        fault: () -> String?
    ) {
        let number = application.number
        guard isServing else {
            if let fault = fault() { self.report.fail(number, fault) }
            return
        }
        guard outcome.before[number]?.serves == true else {
            self.log(.mounted, application.logFields)
            self.report.succeed(number, "\(application.name): mounted at \(application.mountPoint)")
            return
        }
        var fields = application.logFields
        fields["by"] = "\(outcome.method)"
        fields["time"] = "\(time)ms"
        self.log(.reloaded, fields)
        self.report.succeed(
            number, "\(application.name): generation \(application.prepared?.hash ?? ""), \(outcome.method), \(time) ms"
        )
    }

    /// Logs that new workers did not start. `numbers`: the applications that stay as they were; nil if there was no
    /// change.
    mutating func logRollback(of numbers: [UInt32]?, _ reason: String) {
        self.log(.reloadFailed, ["reason": "\(reason)"])
        guard let numbers else { return }
        self.loggedFaults.insert(reason)
        for number in numbers { self.report.fail(number, reason) }
        if numbers.isEmpty { self.report.fail(reason) }
    }
}
