/// Why an event of a response or of a WebSocket was not accepted. A target above adds faults of its own in an extension.
public struct SendFault: Error {
    /// What is wrong, for the log.
    public let reason: StaticString

    public init(_ reason: StaticString) { self.reason = reason }
}

extension SendFault: Equatable {
    public static func == (left: SendFault, right: SendFault) -> Bool {
        left.reason.description == right.reason.description
    }
}

extension SendFault {
    // Of a response.
    package static let startTwice = SendFault("the response was started already")
    package static let bodyBeforeStart = SendFault("the response was not started yet")
    package static let afterComplete = SendFault("the response is complete already")
    package static let statusOutOfRange = SendFault("the status is not between 200 and 999")
    package static let fieldName = SendFault("the name of a header is empty or holds a character that is not allowed")
    package static let fieldValue = SendFault("the value of a header holds CR, LF, NUL or another control character")
    package static let contentLength = SendFault("content-length is not one number, or not the length of the body")
    package static let bodyTooLong = SendFault("the body is longer than content-length says")
    package static let bodyTooShort = SendFault("the body ends before it is as long as content-length says")
    package static let hintTooLate = SendFault("the head has left already")
    package static let notWhole = SendFault(
        "a file by its path is the whole body, and a part of another was sent already")
    package static let bodyAfterLast = SendFault("the body has ended already: its trailers are to follow")
    package static let trailersBeforeBody = SendFault(
        "trailers come after the last part of the body, where the start has announced them")
    package static let trailerField = SendFault("a trailer is a field that belongs to the head")

    // Of a WebSocket.
    package static let acceptTwice = SendFault("the WebSocket was accepted already")
    package static let notAccepted = SendFault("the WebSocket was not accepted yet")
    package static let socketRejected = SendFault("a response was begun in place of the WebSocket")
    package static let rejectTooLate = SendFault("the WebSocket was accepted: it is closed, not answered")
    package static let subprotocol = SendFault("the subprotocol is none that the client offers")
    package static let acceptField = SendFault("a header begins with sec-websocket-, which is the server's own")
    package static let closeCode = SendFault(
        "the close code is none that may be sent: 1000 to 1003, 1007 to 1014, 3000 to 4999")
    package static let closeReason = SendFault("the reason of a close is longer than 123 bytes, or not UTF-8")
    package static let notUTF8 = SendFault("a text message is not UTF-8")
}
