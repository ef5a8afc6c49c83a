package import HTTPTLS
package import RoostSystem

extension HostError {
    /// Turns a fault of TLS into an error for the operator.
    package static func ofTLS<Value>(_ body: () throws(TLSFault) -> Value) throws(HostError) -> Value {
        do throws(TLSFault) { return try body() } catch {
            throw HostError(code: .settings, message: "TLS: \(error)", cause: error)
        }
    }
}
