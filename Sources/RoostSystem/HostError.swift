/// Why the host cannot do what it was asked: a code to act on, and one line that names what, and the mend.
public struct HostError: Error, CustomStringConvertible {
    /// What kind of failure it is.
    public struct Code: Sendable, Hashable {
        private enum Base { case usage, module, settings, listen, startup, exhausted, runDirectory }
        private let base: Base
        /// What was asked makes no sense: exit status 2.
        public static let usage = Code(base: .usage)
        /// The module cannot be loaded.
        public static let module = Code(base: .module)
        /// The settings module cannot be read.
        public static let settings = Code(base: .settings)
        /// The address cannot be had.
        public static let listen = Code(base: .listen)
        /// The application refused to start.
        public static let startup = Code(base: .startup)
        /// The process has no more of something.
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

    /// An error as one of the host's; `code`: when it is another's.
    public init(_ error: any Error, otherwise code: Code = .module) {
        self = error as? HostError ?? HostError(code: code, message: "\(error)", cause: error)
    }
}

extension Result where Failure == HostError {
    /// Catches any error; one that is no `HostError` becomes one with the code `.module`.
    package init(catchingAsHostError body: () throws -> Success) {
        do { self = .success(try body()) } catch { self = .failure(HostError(error)) }
    }
}
