/// The reason why an event of a response or of a WebSocket was not accepted. Other targets add faults in extensions.
public struct SendFault: Error {
    /// The description for the log.
    public let reason: StaticString

    public init(_ reason: StaticString) { self.reason = reason }
}

extension SendFault: Equatable {
    public static func == (left: SendFault, right: SendFault) -> Bool {
        left.reason.description == right.reason.description
    }
}

extension SendFault {
    // Faults of a response.
    package static let startTwice = SendFault("the response has already started")
    package static let bodyBeforeStart = SendFault("the response has not started")
    package static let afterComplete = SendFault("the response is already complete")
    package static let statusOutOfRange = SendFault("the status is not between 200 and 999")
    package static let fieldName = SendFault("a header name is empty or contains an invalid character")
    package static let fieldValue = SendFault("a header value contains CR, LF, NUL or another control character")
    package static let contentLength = SendFault("content-length is not a single number, or differs from the body size")
    package static let bodyTooLong = SendFault("the body exceeds content-length")
    package static let bodyTooShort = SendFault("the body is shorter than content-length")
    package static let hintTooLate = SendFault("the response header has already been sent")
    package static let notWhole = SendFault(
        "pathsend must be the whole body, but a part of the body was already sent")
    package static let bodyAfterLast = SendFault("the body is complete; only trailers may follow")
    package static let trailersBeforeBody = SendFault(
        "trailers must follow the last part of the body, and be announced in response.start")
    package static let trailerField = SendFault("a trailer field is only allowed in the response header")

    // Faults of a WebSocket.
    package static let acceptTwice = SendFault("the WebSocket is already accepted")
    package static let notAccepted = SendFault("the WebSocket is not accepted yet")
    package static let socketRejected = SendFault("a response has been started instead of the WebSocket")
    package static let rejectTooLate = SendFault("the WebSocket is already accepted; close it instead")
    package static let subprotocol = SendFault("the client does not offer this subprotocol")
    package static let acceptField = SendFault("sec-websocket- headers are set by the server only")
    package static let closeCode = SendFault(
        "invalid close code; allowed: 1000 to 1003, 1007 to 1014, 3000 to 4999")
    package static let closeReason = SendFault("the close reason exceeds 123 bytes, or is not UTF-8")
    package static let notUTF8 = SendFault("a text message is not UTF-8")
}
