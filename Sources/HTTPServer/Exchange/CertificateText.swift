/// A certificate as text, which connections share. Thread-safe.
package final class CertificateText: Sendable {
    // SAFETY: constant, and freed with this object.
    nonisolated(unsafe) let octets: Octets

    /// `text`: in PEM.
    package init(_ text: String) { self.octets = .lasting(text) }

    deinit { self.octets.data?.deallocate() }
}
