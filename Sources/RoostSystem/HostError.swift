/// An error of the host: a code for the caller, and a one-line message that says what failed and how to fix it.
public struct HostError: Error, CustomStringConvertible {
    /// The kind of failure.
    public struct Code: Sendable, Hashable {
        private enum Base { case usage, module, settings, listen, startup, exhausted, runDirectory }
        private let base: Base
        /// Invalid usage: exit status 2.
        public static let usage = Code(base: .usage)
        /// The module cannot be loaded.
        public static let module = Code(base: .module)
        /// The settings module cannot be read.
        public static let settings = Code(base: .settings)
        /// The address cannot be bound.
        public static let listen = Code(base: .listen)
        /// The application refused to start.
        public static let startup = Code(base: .startup)
        /// The process has run out of a resource.
        public static let exhausted = Code(base: .exhausted)
        /// The run directory cannot be used.
        public static let runDirectory = Code(base: .runDirectory)
    }

    public let code: Code
    public let message: String
    public let cause: (any Error)?

    public init(code: Code, message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    public var description: String { self.message }

    /// Converts any error; a `HostError` is kept as it is. `code`: the code for other errors.
    public init(_ error: any Error, otherwise code: Code = .module) {
        self = error as? HostError ?? HostError(code: code, message: "\(error)", cause: error)
    }

    /// Catches any error; an error of another type becomes a `HostError` with the code `.module`. Not an initializer of
    /// `Result`: a trailing closure would select it in place of `Result(catching:)`, and errors would lose their type.
    package static func catching<Success>(_ body: () throws -> Success) -> Result<Success, HostError> {
        do { return .success(try body()) } catch { return .failure(HostError(error)) }
    }
}
