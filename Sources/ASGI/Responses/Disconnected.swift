/// The client has disconnected.
///
/// An application need not catch this error: there is no client to answer, and the host does not log it as a failure.
///
/// ```swift
/// do { try await send(.body(part, more: true)) } catch is Disconnected { await job.cancel() }
/// ```
public struct Disconnected: Error, CustomStringConvertible {
    public init() {}

    public var description: String { "the client has disconnected" }
}
