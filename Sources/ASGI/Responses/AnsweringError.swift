/// An error that contains the response to send if it is thrown before the response has started.
///
/// ```swift
/// struct NoSuchEntry: AnsweringError {
///     let title: String
///     var response: HTTPResponse { .text("There is no entry \(self.title).", status: 404) }
/// }
/// ```
public protocol AnsweringError: Error {
    /// The response to the client. Read once.
    var response: HTTPResponse { get }
}
