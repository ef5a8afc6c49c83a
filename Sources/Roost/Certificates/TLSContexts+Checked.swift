package import HTTPServer
package import HTTPTLS
import RoostSystem

extension TLSContexts {
    /// Checks certificates and their keys as `init` does, with an error for the operator. Throws `HostError`.
    package static func checked(
        _ settings: TLSSettings, needed: Set<ListenerSecurity.ClientCertificates>, servesHTTP2: Bool = true
    ) throws(HostError) -> TLSContexts {
        do throws(TLSFault) {
            return try TLSContexts(settings, needed: needed, servesHTTP2: servesHTTP2)
        } catch { throw HostError(code: .settings, message: "TLS: \(error)", cause: error) }
    }
}
