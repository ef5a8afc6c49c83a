import CASGI
import HTTPServer
import Logging
import ModuleRuntime
import NIOConcurrencyHelpers
import NIOCore
import RoostDeployment
import RoostModules
import RoostSettings
import RoostSystem

/// The applications of a running host: each is prepared first, and then mounted on all loops at once.
extension RunningHost {
    /// An application that did not start, and why.
    package struct Failure: Sendable {
        package let number: UInt32
        package let message: String
    }

    /// So many start up at once.
    private static let startsAtOnce = 64

    /// Starts all, and mounts them. Says which did not start; throws `HostError` when one of those is needed.
    func start(_ applications: [DeployedApplication]) async throws -> [Failure] {
        let outcomes = try await self.prepare(applications)
        await self.commit(outcomes.map(\.0), removing: [])
        return outcomes.compactMap(\.1)
    }

    /// Starts all, and mounts none: what does not start, and is not needed, becomes what answers in its place. Throws `HostError` when
    /// one that is needed does not.
    func prepare(
        _ applications: [DeployedApplication]
    ) async throws -> [(RunningApplication, Failure?)] {
        // One after another: constructors of one image are not to meet another's.
        var images: [(DeployedApplication, Result<ModuleImage?, HostError>)] = []
        for application in applications { images.append((application, self.load(application))) }
        return try await withThrowingTaskGroup(of: (Int, RunningApplication, Failure?).self) { group in
            var outcomes: [(Int, RunningApplication, Failure?)] = []
            do {
                for (place, (application, image)) in images.enumerated() {
                    if place >= Self.startsAtOnce, let outcome = try await group.next() { outcomes.append(outcome) }
                    group.addTask {
                        do {
                            return (place, try await self.prepare(application, try image.get()), nil)
                        } catch let error as HostError where application.isOptional {
                            let running = RunningApplication(
                                application, at: try Self.mount(of: application), answerer: StandIn(.notStarted))
                            return (place, running, Failure(number: application.number, message: error.message))
                        }
                    }
                }
                for try await outcome in group { outcomes.append(outcome) }
            } catch {
                // Those that have started, and those that are starting, shut down.
                while let result = await group.nextResult() {
                    if case .success(let outcome) = result { outcomes.append(outcome) }
                }
                for (_, running, _) in outcomes { await self.shutDown(running) }
                throw error
            }
            return outcomes.sorted { $0.0 < $1.0 }.map { ($0.1, $0.2) }
        }
    }

    private func load(_ application: DeployedApplication) -> Result<ModuleImage?, HostError> {
        guard case .module(let prepared) = application.answerer else { return .success(nil) }
        do {
            let image = try self.image(of: prepared, for: application.number)
            if let fault = image.fault(threads: self.configuration.threads) {
                throw HostError(code: .module, message: fault)
            }
            return .success(image)
        } catch {
            let code = (error as? HostError)?.code ?? .module
            return .failure(HostError(code: code, message: "\(prepared.path): \(error)", cause: error))
        }
    }

    /// Applications with the same copy share its image.
    private func image(of application: PreparedApplication, for number: UInt32) throws -> ModuleImage {
        let key = LoadedKey(path: application.staged.path, symbol: application.symbol)
        if let image = self.images.withLockedValue({ $0[key] }) { return image }
        let image = try ModuleImage(
            path: application.staged.path, symbol: application.symbol, libraries: application.staged.libraries)
        image.name(as: number)
        self.images.withLockedValue { $0[key] = image }
        return image
    }

    /// Returns the answerer for a group, and makes it on first use.
    private func answerer(for group: String) async -> GroupAnswerer {
        if let answerer = self.groups.withLockedValue({ $0.answerers[group] }) { return answerer }
        let made = await GroupAnswerer(self.loops.map(\.handle), users: self.configuration.relayUsers)
        return self.groups.withLockedValue { groups in
            if let answerer = groups.answerers[group] { return answerer }
            groups.answerers[group] = made
            if let paths = groups.paths[group] { made.use(paths) }
            return made
        }
    }

    /// The workers of a group answer at these sockets.
    package func use(_ paths: [String], for group: String) {
        self.groups.withLockedValue { groups in
            groups.paths[group] = paths
            groups.answerers[group]?.use(paths)
        }
    }

    /// The answerers of groups, and the socket paths of their workers, by the group's name.
    struct Groups {
        var answerers: [String: GroupAnswerer] = [:]
        var paths: [String: [String]] = [:]
    }

    struct LoadedKey: Hashable {
        let path: String
        let symbol: String
    }

    private func prepare(_ application: DeployedApplication, _ image: ModuleImage?) async throws -> RunningApplication {
        let mount = try Self.mount(of: application)
        switch application.answerer {
        case .standIn(let reason): return RunningApplication(application, at: mount, answerer: StandIn(reason))
        case .group(let name):
            return RunningApplication(application, at: mount, answerer: await self.answerer(for: name))
        case .program(let program):
            return RunningApplication(
                application, at: mount,
                answerer: program.makeAnswerer(
                    on: self.loops.map(\.handle), hiddenPath: self.configuration.rootPath,
                    logger: self.configuration.logger))
        case .module(let prepared):
            guard let image else { throw HostError(code: .module, message: "\(prepared.path): is not loaded") }
            let generation = Generation(
                name: application.name, number: application.number, image: image, settings: prepared.settings,
                proxyPath: self.configuration.rootPath, mount: mount, facilities: self.facilities,
                logger: self.configuration.logger)
            let running = RunningApplication(
                application, at: mount, generation,
                try await self.startLifespan(of: generation, prepared.lifespan ?? self.configuration.lifespan))
            do {
                if let path = prepared.health { try await self.checkHealth(of: generation, mount, at: path) }
            } catch {
                await self.shutDown(running)
                throw error
            }
            return running
        }
    }

    private static func mount(of application: DeployedApplication) throws -> Mount {
        guard let mount = application.mount else {
            throw HostError(code: .settings, message: "\(application.place): it has no mount; set 'mount'")
        }
        return mount
    }

    /// Nil: there is none.
    private func startLifespan(of generation: Generation, _ mode: LifespanMode) async throws -> Lifespan? {
        guard mode != .off else { return nil }
        let lifespan = try Lifespan(generation: generation)
        let outcome = await lifespan.start(within: self.configuration.lifespanTime)
        switch outcome {
        case .refused(let message):
            _ = lifespan.finish(ASGI_DONE)
            throw HostError(code: .startup, message: "\(generation.name) refused to start: \(message)")
        case .without:
            guard mode != .on else {
                throw HostError(
                    code: .startup,
                    message: "\(generation.name) does not support lifespan, which --lifespan on requires")
            }
            generation.log(.lifespanUnsupported)
        case .started, .stopped, .stoppedBadly: generation.log(.startupComplete)
        }
        return lifespan
    }

    // MARK: Mounting

    /// A change is about to be prepared.
    package func announce(_ change: Int) { self.prepared.withLockedValue { $0[change] = .underWay } }

    /// The first part of a change: starts these, and keeps them until it is committed. Returns those that did not start.
    package func prepare(_ applications: [DeployedApplication], for change: Int) async -> [Failure] {
        let optional = applications.map { application in
            var application = application
            application.mustStart = false
            return application
        }
        // None of them is needed: it does not throw.
        let outcomes = (try? await self.prepare(optional)) ?? []
        let started = outcomes.filter { $0.1 == nil }.map(\.0)
        let isWanted = self.prepared.withLockedValue { prepared in
            guard case .withdrawn = prepared[change] else {
                prepared[change] = .done(started)
                return true
            }
            prepared[change] = nil
            return false
        }
        if !isWanted { for application in started { await self.shutDown(application) } }
        return outcomes.compactMap(\.1)
    }

    /// What has become of the first part of a change.
    enum Preparing {
        case underWay
        case done([RunningApplication])
        /// It was committed without them before they had started: they are shut down when they have.
        case withdrawn

        var started: [RunningApplication] {
            if case .done(let started) = self { started } else { [] }
        }
    }

    /// The second: mounts those of them that are to be, others that need not start, and unmounts some.
    package func commit(
        _ change: Int, mounting numbers: Set<UInt32>, removing removed: Set<UInt32>, _ others: [DeployedApplication]
    ) async {
        let prepared: [RunningApplication] = self.prepared.withLockedValue { all in
            switch all[change] {
            case .done(let started):
                all[change] = nil
                return started
            case .underWay:
                all[change] = .withdrawn
                return []
            case .withdrawn, nil: return []
            }
        }
        let wanted = prepared.filter { numbers.contains($0.application.number) }
        // They need not start, so that none fails.
        let answers = (try? await self.prepare(others)) ?? []
        await self.commit(wanted + answers.map(\.0), removing: removed)
        for application in prepared where !numbers.contains(application.application.number) {
            await self.shutDown(application)
        }
    }

    /// Mounts what was prepared, in the place of what has the same number, and unmounts others: on every loop between two requests.
    /// What was mounted before ends when its requests have.
    func commit(_ added: [RunningApplication], removing numbers: Set<UInt32>) async {
        await self.handOver(to: added)
        let (table, removed) = self.applications.withLockedValue { applications in
            let going = numbers.union(added.map(\.application.number))
            let removed = applications.filter { going.contains($0.application.number) }
            applications = applications.filter { !going.contains($0.application.number) } + added
            self.facilities.pool.share(applications.count > 1)
            return (MountTable(applications.map(\.mounted)), removed)
        }
        await withTaskGroup { group in
            for loop in self.loops {
                group.addTask {
                    // It does not fail: the loops end after everything else.
                    try? await loop.handle.eventLoop.submit { loop.scopes.value.mounts = table }.get()
                }
            }
        }
        for application in removed {
            self.leaving.withLockedValue { $0.append(application) }
            Task { await self.retire(application) }
        }
    }

    /// Lets the requests of an application that is mounted no more end, within the time of grace, and shuts it down.
    private func retire(_ application: RunningApplication) async {
        if let generation = application.generation {
            generation.announceLeave()
            if generation.asksToReconnect { self.closeWebSockets(of: generation) }
            await withTaskGroup { group in
                for loop in self.loops { group.addTask { await self.endScopes(of: generation, on: loop) } }
            }
        }
        await self.shutDown(application)
        self.leaving.withLockedValue { $0.removeAll { $0 === application } }
    }

    private func endScopes(of generation: Generation, on loop: LoopPair) async {
        let grace = TimeAmount.seconds(Int64(self.configuration.drainTime))
        let farewell = TimeAmount.seconds(Int64(self.configuration.farewellTime))
        let eventLoop = loop.handle.eventLoop
        let leaving = eventLoop.scheduleTask(in: grace) { loop.scopes.value.giveUp(generation) }
        let cancelled = eventLoop.scheduleTask(in: grace + farewell) { loop.scopes.value.cancel(generation) }
        // It does not fail: it ends with the last scope, or when those that are left were cancelled.
        try? await eventLoop.flatSubmit { loop.scopes.value.retire(generation) }.get()
        leaving.cancel()
        cancelled.cancel()
        if let count = try? await cancelled.futureResult.get(), count > 0 {
            generation.log(.scopesCancelled, ["count": "\(count)"])
        }
    }

    /// Asks their clients to come back, to what takes its place.
    private func closeWebSockets(of generation: Generation) {
        for loop in self.loops {
            loop.handle.eventLoop.execute { loop.scopes.value.closeWebSockets(of: generation) }
        }
    }

    /// The same, of all that want it: another process takes over.
    func closeWebSockets() {
        for generation in self.applications.withLockedValue({ $0.compactMap(\.generation) })
        where generation.asksToReconnect {
            self.closeWebSockets(of: generation)
        }
    }

    /// Tells the application that it ends, and waits for it.
    func shutDown(_ application: RunningApplication) async {
        guard let lifespan = application.removeLifespan() else { return }
        let outcome = await lifespan.stop(within: self.configuration.lifespanTime)
        // Its id is over too: nothing is posted to loops that are no more.
        _ = lifespan.finish(ASGI_DONE)
        if case .stoppedBadly(let message) = outcome {
            application.generation?.log(.shutdownFailed, ["reason": "\(message)"])
        }
    }
}
