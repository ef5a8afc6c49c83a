/// The client has left. An application need not catch it: there is nobody to be answered, and it is not logged as a fault.
///
/// ```swift
/// do { try await send(.body(part, more: true)) } catch is Disconnected { await job.cancel() }
/// ```
public struct Disconnected: Error, CustomStringConvertible {
    public init() {}

    public var description: String { "the client has disconnected" }
}
