/// The scheme of a request's URL.
public enum URLScheme: Sendable, Hashable {
    case http
    case https

    package var defaultPort: Int32 { self == .http ? 80 : 443 }
}
