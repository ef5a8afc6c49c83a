import Logging
import RoostSystem

/// Saves the state of a generation, or restores the previous generation's state in it. Calls the application on its
/// home. Thread-safe.
package struct StateTransfer: Sendable {
    private let generation: Generation
    /// The time that the application has, in seconds.
    private let seconds: Int
    /// The largest state, in bytes.
    private let most: Int

    package init(_ generation: Generation, seconds: Int, most: Int) {
        self.generation = generation
        self.seconds = seconds
        self.most = most
    }

    /// Returns the generation's state; nil if it has none, or if the application failed, which is logged.
    package func save() async -> SavedState? {
        guard let memory = self.generation.memory else { return nil }
        let saved = await self.atHome {
            try memory.save(self.generation.lifespanId, self.generation.state, most: self.most)
        }
        return saved ?? nil
    }

    /// Restores the state that another generation saved; a failure is logged.
    package func restore(_ saved: SavedState) async {
        guard let memory = self.generation.memory else { return }
        let isTaken: Void? = await self.atHome {
            try memory.restore(saved, self.generation.lifespanId, self.generation.state)
        }
        guard isTaken != nil else { return }
        self.generation.log(.stateRestored, ["bytes": "\(saved.bytes.count)", "format": "\(saved.format)"])
    }

    /// Runs work on the application's home and waits for it. Returns nil if it threw or timed out, which is logged.
    private func atHome<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async -> Value? {
        let result = OneShot<Result<Value, StateFault>>()
        self.generation.home.run {
            do {
                result.send(.success(try work()))
            } catch { result.send(.failure(error as? StateFault ?? StateFault("\(error)"))) }
        }
        let late = StateFault("no answer within \(self.seconds) seconds (--timeout-lifespan)")
        switch await result.value(within: .seconds(self.seconds)) ?? .failure(late) {
        case .success(let value): return value
        case .failure(let fault):
            self.generation.log(.stateNotTransferred, ["reason": "\(fault)"])
            return nil
        }
    }
}
