import CViews
import NIOConcurrencyHelpers

/// The signatures of views, each prepared once per process. Thread-safe.
enum ViewSignatures {
    private static let known = NIOLockedValueBox<[String: UInt]>([:])

    /// Returns the signature of a view with these arguments. Throws `URLFault` if libffi does not support it.
    static func of(_ kinds: [ArgumentKind]) throws(URLFault) -> OpaquePointer {
        let letters = String(decoding: kinds.map(\.rawValue), as: UTF8.self)
        // Under the lock: libffi may write into its types while it prepares a call.
        let address = self.known.withLockedValue { known in
            if let address = known[letters] { return address }
            let made = UInt(bitPattern: roost_signature_make(letters, kinds.count))
            if made != 0 { known[letters] = made }
            return made
        }
        guard let signature = OpaquePointer(bitPattern: address) else {
            throw URLFault("libffi cannot call a view with these arguments")
        }
        return signature
    }
}
