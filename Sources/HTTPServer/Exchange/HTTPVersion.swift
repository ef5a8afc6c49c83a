/// A supported version of HTTP.
public enum HTTPVersion: UInt8 {
    case http10
    case http11
    case http2

    /// The version number as text.
    public var name: Octets {
        switch self {
        case .http10: Octets("1.0")
        case .http11: Octets("1.1")
        case .http2: Octets("2")
        }
    }
}
