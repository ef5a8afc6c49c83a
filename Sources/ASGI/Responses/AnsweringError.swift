/// An error that says how a request is answered when it is thrown before the response has started.
///
/// ```swift
/// struct NoSuchEntry: AnsweringError {
///     let title: String
///     var response: HTTPResponse { .text("There is no entry \(self.title).", status: 404) }
/// }
/// ```
public protocol AnsweringError: Error {
    /// The answer. Called once.
    var response: HTTPResponse { get }
}
