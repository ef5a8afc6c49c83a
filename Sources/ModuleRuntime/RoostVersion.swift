import CASGI

/// The version of this host. A test compares it with the newest version in CHANGELOG.md.
public enum RoostVersion {
    /// The version as a literal, since modules get a pointer to its bytes.
    package static let literal: StaticString = "0.2.0"
    public static let current = "\(literal)"
}

extension RoostVersion {
    /// The version of the module interface that this host implements.
    public static var abi: String { "\(ASGI_ABI), draft \(ASGI_DRAFT)" }
}
