import CASGI

/// The version of this host.
public enum RoostVersion {
    package static let literal: StaticString = "0.1.0"
    public static let current = "\(literal)"
}

extension RoostVersion {
    /// The contract it speaks.
    public static var abi: String { "\(ASGI_ABI), draft \(ASGI_DRAFT)" }
}
