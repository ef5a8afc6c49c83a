import CASGI
import HTTPServer
import Logging
import ModuleRuntime
import NIOConcurrencyHelpers
import NIOCore
import RoostDeployment
import RoostModules
import RoostPython
import RoostSettings
import RoostSystem

/// The applications of a running host. Each is prepared first, then mounted on all event loops at once.
extension RunningHost {
    /// An application that did not start, and the reason.
    package struct Failure: Sendable {
        package let number: UInt32
        package let message: String
    }

    /// Maximum number of concurrent startups.
    private static let startsAtOnce = 64

    /// Starts and mounts all applications. Returns those that did not start. Throws `HostError` if one of them is
    /// required.
    func start(_ applications: [DeployedApplication]) async throws -> [Failure] {
        _ = try self.configuration.middleware()
        let outcomes = try await self.prepare(applications)
        await self.commit(outcomes.map(\.0), removing: [])
        return outcomes.compactMap(\.1)
    }

    /// Starts all applications without mounting them. An optional application that does not start is replaced by a
    /// stand-in. Throws `HostError` if a required one does not start.
    func prepare(
        _ applications: [DeployedApplication]
    ) async throws -> [(RunningApplication, Failure?)] {
        // One after another: the constructors of two images must not run concurrently.
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
                                application, at: try Self.mount(of: application),
                                try self.configuration.middleware(
                                    before: application.middleware, at: try Self.mount(of: application),
                                    of: application.number),
                                answerer: StandIn(.notStarted))
                            return (place, running, Failure(number: application.number, message: error.message))
                        }
                    }
                }
                for try await outcome in group { outcomes.append(outcome) }
            } catch {
                // Applications that have started or are still starting must shut down.
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

    /// Returns the image of an application. Applications with the same copy share one.
    private func image(of application: PreparedApplication, for number: UInt32) throws -> ModuleImage {
        let key = LoadedKey(path: application.staged.path, symbol: application.symbol)
        if let image = self.images.withLockedValue({ $0[key] }) { return image }
        let staged = application.staged
        let image =
            try staged.isProvided
            ? ModuleImage(provided: staged.path)
            : ModuleImage(path: staged.path, symbol: application.symbol, libraries: staged.libraries)
        image.name(as: number)
        self.images.withLockedValue { $0[key] = image }
        return image
    }

    /// Returns the answerer for a group, which is created on first use.
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

    /// Sets the socket paths of a group's workers.
    package func use(_ paths: [String], for group: String) {
        self.groups.withLockedValue { groups in
            groups.paths[group] = paths
            groups.answerers[group]?.use(paths)
        }
    }

    /// The answerers of groups, and the socket paths of their workers, by group name.
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
        let middleware = try self.configuration.middleware(
            before: application.middleware, at: mount, of: application.number)
        switch application.answerer {
        case .standIn(let reason):
            return RunningApplication(application, at: mount, middleware, answerer: StandIn(reason))
        case .group(let name):
            return RunningApplication(application, at: mount, middleware, answerer: await self.answerer(for: name))
        case .program(let program):
            return RunningApplication(
                application, at: mount, middleware,
                answerer: program.makeAnswerer(
                    on: self.loops.map(\.handle), hiddenPath: self.configuration.rootPath,
                    logger: self.configuration.logger))
        case .module(let prepared):
            guard let image else { throw HostError(code: .module, message: "\(prepared.path): is not loaded") }
            var (lifespan, settings) = (prepared.lifespan ?? self.configuration.lifespan, prepared.settings)
            if prepared.python != nil {
                // The bridge starts the application in its own lifespan, and is told which one the application gets.
                settings = settings.adding(["roost.lifespan": lifespan.rawValue])
                lifespan = .on
            }
            let generation = Generation(
                name: application.name, number: application.number, image: image, settings: settings,
                proxyPath: self.configuration.rootPath, mount: mount, facilities: self.facilities,
                logger: self.configuration.logger)
            let running = RunningApplication(
                application, at: mount, middleware, generation,
                try await self.startLifespan(of: generation, lifespan))
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

    /// Starts the lifespan of a generation; nil if it has none.
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
        case .started, .stopped, .failedToStop: generation.log(.startupComplete)
        }
        return lifespan
    }

    // MARK: Mounting

    /// Registers a change whose preparation is about to begin.
    package func announce(_ change: Int) { self.prepared.withLockedValue { $0[change] = .underWay } }

    /// Prepares a change: starts applications and keeps them until the commit. Returns those that did not start.
    package func prepare(_ applications: [DeployedApplication], for change: Int) async -> [Failure] {
        let optional = applications.map { application in
            var application = application
            application.mustStart = false
            return application
        }
        // Does not throw, since none of them is required.
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

    /// The state of a change's preparation.
    enum Preparing {
        case underWay
        case done([RunningApplication])
        /// The change was committed before these applications had started; they are shut down once they have.
        case withdrawn

        var started: [RunningApplication] {
            if case .done(let started) = self { started } else { [] }
        }
    }

    /// Commits a change: mounts the prepared applications with these numbers and `others`, which need no start, and
    /// unmounts the removed ones.
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
        // Does not throw, since none of them needs a start.
        let answers = (try? await self.prepare(others)) ?? []
        await self.commit(wanted + answers.map(\.0), removing: removed)
        for application in prepared where !numbers.contains(application.application.number) {
            await self.shutDown(application)
        }
    }

    /// Mounts prepared applications in place of those with the same numbers, and unmounts others. Each event loop
    /// switches between two requests. Replaced applications end when their requests have ended.
    func commit(_ added: [RunningApplication], removing numbers: Set<UInt32>) async {
        await self.handOver(to: added)
        let (table, removed, releaseFiles) = self.applications.withLockedValue { applications in
            let going = numbers.union(added.map(\.application.number))
            let removed = applications.filter { going.contains($0.application.number) }
            applications = applications.filter { !going.contains($0.application.number) } + added
            self.facilities.pool.share(applications.count > 1)
            let (files, releaseFiles) = self.statics.update(applications)
            return (MountTable(applications.map(\.mounted) + files), removed, releaseFiles)
        }
        await withTaskGroup { group in
            for loop in self.loops {
                group.addTask {
                    // Does not fail, since the loops end last.
                    try? await loop.handle.eventLoop.submit { loop.scopes.value.mounts = table }.get()
                }
            }
        }
        releaseFiles()
        for application in removed {
            self.leaving.withLockedValue { $0.append(application) }
            let key = ObjectIdentifier(application)
            self.retirements.withLockedValue { retirements in
                retirements[key] = Task {
                    await self.retire(application)
                    self.retirements.withLockedValue { $0[key] = nil }
                }
            }
        }
    }

    /// Drains an unmounted application within the drain timeout, then shuts it down.
    private func retire(_ application: RunningApplication) async {
        if let generation = application.generation {
            generation.announceUnmount()
            if generation.closesWebSocketsOnReload { self.closeWebSockets(of: generation) }
            await withTaskGroup { group in
                for loop in self.loops { group.addTask { await self.endScopes(of: generation, on: loop) } }
            }
        }
        await self.shutDown(application)
        self.leaving.withLockedValue { $0.removeAll { $0 === application } }
    }

    private func endScopes(of generation: Generation, on loop: LoopPair) async {
        let grace = TimeAmount.seconds(Int64(self.configuration.drainTime))
        let cancelDelay = TimeAmount.seconds(Int64(self.configuration.cancelDelay))
        let eventLoop = loop.handle.eventLoop
        let leaving = eventLoop.scheduleTask(in: grace) { loop.scopes.value.giveUp(generation) }
        let cancelled = eventLoop.scheduleTask(in: grace + cancelDelay) { loop.scopes.value.cancel(generation) }
        // Does not fail: completes with the last scope, or when the remaining scopes were cancelled.
        try? await eventLoop.flatSubmit { loop.scopes.value.retire(generation) }.get()
        leaving.cancel()
        cancelled.cancel()
        if let count = try? await cancelled.futureResult.get(), count > 0 {
            generation.log(.scopesCancelled, ["count": "\(count)"])
        }
    }

    /// Closes the generation's WebSockets, so that clients reconnect to its replacement.
    private func closeWebSockets(of generation: Generation) {
        for loop in self.loops {
            loop.handle.eventLoop.execute { loop.scopes.value.closeWebSockets(of: generation) }
        }
    }

    /// Closes the WebSockets of all generations that ask for it, since another process takes over.
    func closeWebSockets() {
        for generation in self.applications.withLockedValue({ $0.compactMap(\.generation) })
        where generation.closesWebSocketsOnReload {
            self.closeWebSockets(of: generation)
        }
    }

    /// Sends the lifespan shutdown event to an application, and waits for its completion.
    func shutDown(_ application: RunningApplication) async {
        guard let lifespan = application.removeLifespan() else { return }
        let outcome = await lifespan.stop(within: self.configuration.lifespanTime)
        // Ends the id too: nothing may be posted to loops that no longer exist.
        _ = lifespan.finish(ASGI_DONE)
        if case .failedToStop(let message) = outcome {
            application.generation?.log(.shutdownFailed, ["reason": "\(message)"])
        }
    }
}
