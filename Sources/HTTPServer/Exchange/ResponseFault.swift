/// Why an event of a response was not taken.
public enum ResponseFault: Error {
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
        }
    }
}
