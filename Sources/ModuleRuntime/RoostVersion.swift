import CASGI

/// The version of this host: it stands here and in CHANGELOG.md, whose newest version a test compares with it.
public enum RoostVersion {
    /// A literal, since modules get a pointer to its bytes.
    package static let literal: StaticString = "0.2.0"
    public static let current = "\(literal)"
}

extension RoostVersion {
    /// The module interface that this host implements.
    public static var abi: String { "\(ASGI_ABI), draft \(ASGI_DRAFT)" }
}
