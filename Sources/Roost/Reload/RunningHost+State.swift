import CASGI
import Logging
import NIOConcurrencyHelpers

/// What applications remember goes from one generation to the next.
extension RunningHost {
    /// Gives what is mounted now to what takes its place, before its first request.
    func handOver(to added: [RunningApplication]) async {
        let mounted = self.applications.withLockedValue { $0 }
        for application in added {
            guard let new = application.generation, new.memory != nil,
                let old = mounted.first(where: { $0.installed.number == application.installed.number })?.generation,
                let saved = await self.save(old)
            else { continue }
            await self.restore(saved, in: new)
        }
    }

    /// The numbers of the applications that take what others remember.
    var remembering: [UInt32] {
        self.applications.withLockedValue { $0.filter { $0.generation?.memory != nil }.map(\.installed.number) }
    }

    private func generation(of number: UInt32) -> Generation? {
        self.applications.withLockedValue { $0.first { $0.installed.number == number }?.generation }
    }

    /// What the application with this number remembers; nil: nothing.
    func save(_ number: UInt32) async -> SavedState? {
        guard let generation = self.generation(of: number) else { return nil }
        return await self.save(generation)
    }

    func restore(_ saved: SavedState, in number: UInt32) async {
        guard let generation = self.generation(of: number) else { return }
        await self.restore(saved, in: generation)
    }

    private func save(_ generation: Generation) async -> SavedState? {
        guard let memory = generation.memory else { return nil }
        let most = self.configuration.stateLimit
        let saved = await self.atHome(of: generation) {
            try memory.save(generation.lifespanId, generation.state, most: most)
        }
        return saved ?? nil
    }

    private func restore(_ saved: SavedState, in generation: Generation) async {
        guard let memory = generation.memory else { return }
        let isTaken: Void? = await self.atHome(of: generation) {
            try memory.restore(saved, generation.lifespanId, generation.state)
        }
        if isTaken != nil { generation.log(.debug, "remembers \(saved.bytes.count) bytes of \(saved.format)") }
    }

    /// Waits for work on the application's home; nil: it has thrown, or does not come to its end, which is logged.
    private func atHome<Value: Sendable>(
        of generation: Generation, _ work: @escaping @Sendable () throws -> Value
    ) async -> Value? {
        let seconds = self.configuration.lifespanTime
        let result: Result<Value, StateFault> = await withCheckedContinuation { continuation in
            let waiting = NIOLockedValueBox<CheckedContinuation<Result<Value, StateFault>, Never>?>(continuation)
            let goOn: @Sendable (Result<Value, StateFault>) -> Void = { result in
                waiting.withLockedValue { waiting in
                    defer { waiting = nil }
                    return waiting
                }?.resume(returning: result)
            }
            let limit = Task {
                // Cancelled: it has come to its end.
                guard (try? await Task.sleep(for: .seconds(seconds))) != nil else { return }
                goOn(.failure(StateFault("no answer within \(seconds) seconds (--timeout-lifespan)")))
            }
            generation.home.run {
                do {
                    goOn(.success(try work()))
                } catch { goOn(.failure(error as? StateFault ?? StateFault("\(error)"))) }
                limit.cancel()
            }
        }
        switch result {
        case .success(let value): return value
        case .failure(let fault):
            generation.log(.warning, "what was remembered is not handed on: \(fault)")
            return nil
        }
    }
}
