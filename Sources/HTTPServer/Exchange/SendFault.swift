/// Why an event of a response or of a WebSocket was not taken.
public enum SendFault: Error {
    case startTwice
    case bodyBeforeStart
    case afterComplete
    case statusOutOfRange
    case fieldName
    case fieldValue
    case contentLength
    case bodyTooLong
    case bodyTooShort
    case hintTooLate
    case bodyAfterLast
    case notWhole
    case trailersBeforeBody
    case trailerField
    case otherScope
    case otherSocket
    case acceptTwice
    case notAccepted
    case socketRejected
    case rejectTooLate
    case subprotocol
    case acceptField
    case closeCode
    case closeReason
    case notUTF8
    case nowhere
    case tooLargeForRelay

    /// For the log: what is wrong, in the words of the interface.
    public var reason: StaticString {
        switch self {
        case .startTwice: "the response was started already"
        case .bodyBeforeStart: "the response was not started yet"
        case .afterComplete: "the response is complete already"
        case .statusOutOfRange: "the status is not between 200 and 999"
        case .fieldName: "the name of a header is empty or holds a character that is not allowed"
        case .fieldValue: "the value of a header holds CR, LF, NUL or another control character"
        case .contentLength: "content-length is not one number, or not the length of the body"
        case .bodyTooLong: "the body is longer than content-length says"
        case .bodyTooShort: "the body ends before it is as long as content-length says"
        case .hintTooLate: "the head has left already"
        case .notWhole: "a file by its path is the whole body, and a part of another was sent already"
        case .bodyAfterLast: "the body has ended already: its trailers are to follow"
        case .trailersBeforeBody: "trailers come after the last part of the body, where the start has announced them"
        case .otherScope: "this scope is an http scope"
        case .otherSocket: "this scope is a websocket scope"
        case .acceptTwice: "the WebSocket was accepted already"
        case .notAccepted: "the WebSocket was not accepted yet"
        case .socketRejected: "a response was begun in place of the WebSocket"
        case .rejectTooLate: "the WebSocket was accepted: it is closed, not answered"
        case .subprotocol: "the subprotocol is none that the client offers"
        case .acceptField: "a header begins with sec-websocket-, which is the server's own"
        case .closeCode: "the close code is none that may be sent: 1000 to 1003, 1007 to 1014, 3000 to 4999"
        case .closeReason: "the reason of a close is longer than 123 bytes, or not UTF-8"
        case .nowhere: "a text or a body has a size, and no bytes"
        case .tooLargeForRelay: "a header or a message is larger than 64 MiB, the most that a worker group can send"
        case .notUTF8: "a text message is not UTF-8"
        case .trailerField: "a trailer is a field that belongs to the head"
        }
    }
}
