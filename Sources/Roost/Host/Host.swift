import CASGI
public import HTTPServer
import NIOConcurrencyHelpers
public import ServiceLifecycle

/// Serves an application: binds, loads, starts it, answers, and stops without losing what is under way. [any]
///
/// A service for the embedder's `ServiceGroup`. Touches nothing that is the process's: no signal, no environment.
public final class Host: Service {
    private let configuration: HostConfiguration
    private let application: PreparedApplication
    private let listeners: [Listener]
    private let running = NIOLockedValueBox<RunningHost?>(nil)

    /// Where it listens, with the ports that the kernel chose.
    public var addresses: [BindAddress] { self.listeners.map(\.address) }

    /// Binds. Throws `HostError`.
    ///
    /// A debug build takes one thread only: the loops share a listening socket, so that one of them may wake for a
    /// connection that another has taken already, and NIO's debug build asserts that this never happens.
    public init(_ application: PreparedApplication, configuration: HostConfiguration) throws {
        #if DEBUG
            guard configuration.threads == 1 else {
                throw HostError(
                    code: .usage, message: "this is a debug build, which serves with one thread: build with -c release")
            }
        #endif
        self.application = application
        self.configuration = configuration
        var listeners: [Listener] = []
        do {
            for address in configuration.addresses {
                listeners.append(try Listener(address, backlog: configuration.server.backlog))
            }
        } catch {
            for listener in listeners { listener.close() }
            throw HostError(code: .listen, message: "\(error)", cause: error)
        }
        self.listeners = listeners
    }

    /// Serves until the group it runs in shuts down.
    public func run() async throws {
        try await self.start()
        try? await gracefulShutdown()
        try await self.stop()
    }

    /// Loads and starts the application, and begins to serve. Throws `HostError` when the application refuses.
    public func start() async throws {
        do {
            let image = try self.load()
            let running = try await RunningHost(self.configuration)
            do {
                try await running.serve(self.application, image, on: self.listeners)
            } catch {
                await running.end()
                throw error
            }
            self.running.withLockedValue { $0 = running }
        } catch {
            // Nobody will accept: clients must not wait in the queue.
            for listener in self.listeners { listener.close() }
            throw error
        }
    }

    private func load() throws -> ModuleImage {
        do {
            let image = try ModuleImage(path: self.application.staged.path, symbol: self.application.symbol)
            if let fault = image.description.fault(threads: self.configuration.threads) {
                throw HostError(code: .module, message: fault)
            }
            return image
        } catch let error as HostError {
            throw HostError(code: error.code, message: "\(self.application.path): \(error.message)")
        }
    }

    /// Stops accepting, lets requests end within the time of grace, shuts the application down.
    public func stop() async throws {
        let stopped = self.running.withLockedValue { running in
            defer { running = nil }
            return running
        }
        guard let stopped else { return }
        await stopped.drain()
        for listener in self.listeners { listener.close() }
        await stopped.end()
    }
}
