import NIOConcurrencyHelpers

/// Runs asynchronous work serially, in the order of the calls. Thread-safe.
final class SerialTasks: Sendable {
    private let last = NIOLockedValueBox<Task<Void, Never>?>(nil)

    func run<Value: Sendable>(_ work: @escaping @Sendable () async -> Value) async -> Value {
        let task = self.last.withLockedValue { last in
            let earlier = last
            let task = Task {
                await earlier?.value
                return await work()
            }
            last = Task { _ = await task.value }
            return task
        }
        return await task.value
    }
}
