import CASGI
import Synchronization

/// The lifespan of an application: creates it at startup, and releases it after shutdown.
struct LifespanCall: Sendable {
    private let scope: LifespanScope
    private let functions: ScopeFunctions

    /// Implements the module's `application` for the lifespan. Called on the control thread.
    static func start<App: Application>(
        _ type: App.Type, _ scope: CScope, _ receive: @escaping CReceive, _ send: @escaping CSend
    ) -> CResult {
        let call = LifespanCall(
            scope: LifespanScope(scope), functions: ScopeFunctions(scope, receive, send, nil)
        )
        _ = Task.immediate { call.functions.finish(await call.run(type)) }
        // Also if the task has ended already: `finish` has reported its result.
        return ASGI_PENDING
    }

    private func run<App: Application>(_ type: App.Type) async -> asgi_result {
        let startup = await self.functions.receive()
        guard startup.result == ASGI_DONE, startup.type == ASGI_LIFESPAN_STARTUP else { return ASGI_UNSUPPORTED }
        let running: RunningApplication<App>
        do {
            guard let loops = EventLoops(self.scope) else { throw MissingExtension() }
            runningPool.withLock { $0 = PoolExecutor(self.scope) }
            running = RunningApplication(try await App(self.scope), loops)
        } catch {
            return self.refuse(error)
        }
        let state = Unmanaged.passRetained(running)
        defer { state.release() }
        let result = self.functions.send(ASGI_LIFESPAN_STARTUP_COMPLETE) { $0.pointee.state = state.toOpaque() }
        guard result >= 0 else { return result }

        let shutdown = await self.functions.receive()
        guard shutdown.result == ASGI_DONE, shutdown.type == ASGI_LIFESPAN_SHUTDOWN else { return ASGI_DONE }
        do {
            try await running.application.shutdown()
            return self.functions.send(ASGI_LIFESPAN_SHUTDOWN_COMPLETE) { _ in }
        } catch {
            return self.complete(ASGI_LIFESPAN_SHUTDOWN_FAILED, "\(error)")
        }
    }

    /// Reports a failed startup. The host adds the file and the line of an invalid setting.
    private func refuse(_ error: any Error) -> asgi_result {
        guard let error = error as? SettingsError else {
            return self.complete(ASGI_LIFESPAN_STARTUP_FAILED, "\(error)")
        }
        return self.complete(ASGI_LIFESPAN_STARTUP_FAILED, error.message, key: error.key)
    }

    private func complete(_ type: UInt32, _ text: String, key: String = "") -> asgi_result {
        let result = text.withString { text in
            key.withString { key in
                self.functions.send(type) { event in
                    event.pointee.text = text
                    event.pointee.body = key
                }
            }
        }
        return min(result, ASGI_DONE)
    }
}

/// The host lacks an extension that the SDK requires.
private struct MissingExtension: Error, CustomStringConvertible {
    var description: String { "this host does not have asgi.loop/1, which modules written with the Swift SDK need" }
}
