import Logging
import NIOConcurrencyHelpers
package import RoostDeployment
import RoostSystem

/// Carries out the changes of a `DeploymentState` in this process, its only worker: for a host without a supervisor,
/// and for the applications of a program. Thread-safe; changes are made one after another.
package final class ProcessDeployment: Sendable {
    private struct State {
        var deployment: DeploymentState
        /// The images that this process has loaded.
        var images: LoadedImages
    }

    /// The outcome of a fact.
    package struct Result: Sendable {
        /// The scan to make; nil if there is none.
        package var scan: ScanOrder?
        /// The copies of modules that are still needed, when the others can be removed; nil if none can be removed.
        package var copies: [String]?
        /// Whether a requested reload has finished.
        package var hasReloaded = false
        /// Why a part of the reload was refused.
        package var fault: String?
    }

    /// The number of this process in the state.
    private static let worker = 1
    private let running: RunningHost
    private let state: NIOLockedValueBox<State>
    private let changes = SerialTasks()
    /// Whether the applications are those of a program: callers then get the results of changes, and nothing is logged.
    private let isProgram: Bool
    private let logger: Logger
    /// The environment variables that name settings modules.
    private let variables: [String: String]

    /// `failures`: the applications that did not start.
    init(
        _ running: RunningHost, _ deployment: DeploymentState, _ failures: [RunningHost.Failure], isProgram: Bool,
        _ logger: Logger
    ) {
        self.running = running
        self.isProgram = isProgram
        self.logger = logger
        let applications = deployment.roster.applications
        self.variables = Dictionary(
            applications.compactMap(\.variable).map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
        var state = State(deployment: deployment, images: LoadedImages(applications))
        let faults = Dictionary(failures.map { ($0.number, $0.message) }, uniquingKeysWith: { $1 })
        let now = MonotonicClock.milliseconds
        let actions = state.deployment.rollout.ready(release: 1, of: nil, faults: faults, now: now)
        self.state = NIOLockedValueBox(state)
        self.log(actions)
    }

    /// All applications.
    package var applications: [DeployedApplication] {
        self.state.withLockedValue { $0.deployment.roster.applications }
    }

    /// When the state next needs an update without a new fact; nil if it does not.
    var due: Int? { self.state.withLockedValue { $0.deployment.due } }

    // MARK: Applications of a program

    /// Starts an application and mounts it. Throws `HostError` if it does not start.
    func mount(_ application: DeployedApplication) async throws {
        let result = await self.apply { state, now in
            state.mount(application, now: now)
            return []
        }
        if let fault = result.fault { throw HostError(code: .startup, message: fault) }
    }

    func unmount(_ number: UInt32) async {
        _ = await self.apply { state, now in
            state.unmount(number, now: now)
            return []
        }
    }

    // MARK: Facts and actions

    /// Passes a fact to the state, and performs the resulting actions.
    package func apply(
        _ fact: @escaping @Sendable (inout DeploymentState, _ now: Int) -> [DeploymentAction]
    ) async -> Result {
        await self.changes.run {
            var result = Result()
            var actions = self.update(fact)
            while true {
                if actions.isEmpty {
                    actions = self.advance()
                    if actions.isEmpty { return result }
                }
                actions += await self.perform(actions.removeFirst(), &result)
            }
        }
    }

    private func update(
        _ fact: (inout DeploymentState, Int) -> [DeploymentAction]
    ) -> [DeploymentAction] {
        let now = MonotonicClock.milliseconds
        return self.state.withLockedValue { fact(&$0.deployment, now) }
    }

    private func advance() -> [DeploymentAction] {
        self.state.withLockedValue { state in
            let workers = Workers(
                images: self.isProgram ? nil : state.images, variables: self.variables,
                allowance: state.deployment.rollout.plan(of: nil).allowance)
            return state.deployment.advance(now: MonotonicClock.milliseconds, workers)
        }
    }

    /// Performs an action. Returns the actions that follow.
    private func perform(_ action: DeploymentAction, _ result: inout Result) async -> [DeploymentAction] {
        switch action {
        case .prepare(let group, _, let change, let applications):
            self.state.withLockedValue { state in
                for application in applications { state.images.load(application) }
            }
            let failures = await self.running.prepare(applications, for: change)
            let faults = Dictionary(failures.map { ($0.number, $0.message) }, uniquingKeysWith: { $1 })
            return self.update {
                $0.rollout.prepared(Self.worker, of: group, change: change, faults: faults, now: $1)
            }
        case .commit(let group, _, let change, let mounting, let removing, let instead):
            await self.running.commit(change, mounting: mounting, removing: removing, instead)
            return self.update { $0.rollout.committed(Self.worker, of: group, change: change, now: $1) }
        case .scan(let order): result.scan = order
        case .answerReload(_, let fault):
            result.hasReloaded = true
            result.fault = fault
        case .log: self.log([action])
        case .removeCopies(let used):
            // Mapped copies stay for debuggers and core dumps.
            let mapped = self.state.withLockedValue { Array($0.images.applications.keys) }
            result.copies = used + mapped
        // Actions for worker processes, of which there are none.
        case .accept, .startGroup, .stopGroup, .setRelease, .changeEnded, .replaceWorkers, .adopt, .kill: break
        }
        return []
    }

    private func log(_ actions: [DeploymentAction]) {
        guard !self.isProgram else { return }
        for case .log(let event, let fields) in actions { self.logger.log(event, fields) }
    }

    /// This process as the only worker.
    private struct Workers: DeploymentWorkers {
        /// Nil if conflicts with loaded images are detected only when an application is loaded.
        let images: LoadedImages?
        let variables: [String: String]
        let allowance: LoadedImages.Allowance

        var canReplace: Bool { false }

        func status(of group: String?) -> WorkersStatus {
            var status = WorkersStatus()
            status.ready = [ProcessDeployment.worker]
            return status
        }

        func obstacle(to application: PreparedApplication, in group: String?) -> String? {
            if let variable = application.variable, self.variables[variable.name] != variable.value {
                return variable.obstacle
            }
            return self.images?.obstacle(to: application, within: self.allowance)
        }
    }
}
