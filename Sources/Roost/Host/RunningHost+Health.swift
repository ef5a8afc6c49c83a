import HTTPServer
import ModuleRuntime
import NIOCore
import RoostSettings
import RoostSystem

/// Health checks: a generation whose settings name a path is checked before it is mounted.
extension RunningHost {
    /// Throws `HostError` if the health check fails.
    func checkHealth(of generation: Generation, _ mount: Mount, at path: String) async throws {
        let (whole, authority) = (mount.path + path, mount.hosts.first?.description ?? "localhost")
        guard let status = await self.status(of: generation, at: whole, authority) else {
            throw HostError(
                code: .startup,
                message: "\(generation.name) health check failed: no complete response from \(whole) within"
                    + " \(self.configuration.lifespanTime) seconds (--timeout-lifespan)")
        }
        guard 200..<400 ~= status else {
            throw HostError(
                code: .startup, message: "\(generation.name) health check failed: \(whole) returned status \(status)")
        }
    }

    /// Returns the status of the response; nil if there is no complete response in time.
    private func status(of generation: Generation, at path: String, _ authority: String) async -> Int? {
        let loop = self.loops[0]
        let seconds = self.configuration.lifespanTime
        let until = MonotonicClock.milliseconds + seconds * 1000
        let answer = OneShot<Int?>()
        loop.handle.eventLoop.execute {
            let server = loop.handle.bound.value
            let exchange = HealthCheckExchange(path: path, authority: authority, on: server) { status in
                // An application that blocks the loop past the deadline answers before the timer can fire.
                answer.send(MonotonicClock.milliseconds < until ? status : nil)
            }
            server.turn { loop.scopes.value.start(exchange, generation) }
        }
        if let status = await answer.value(within: .seconds(seconds)) { return status }
        loop.handle.eventLoop.execute {
            loop.scopes.value.giveUp(generation)
            _ = loop.scopes.value.cancel(generation)
        }
        return nil
    }
}
