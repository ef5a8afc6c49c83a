import HTTPServer
import RoostSettings

/// `trusted-hosts`: answers 400 to a request for another host. Protects applications that build links with the host.
struct TrustedHosts: Middleware {
    private let hosts: [HostPattern]

    init(_ options: MiddlewareOptions) throws(MiddlewareFault) {
        var hosts: [HostPattern] = []
        for text in options.texts("host", splits: true) {
            do { hosts.append(try HostPattern(text)) } catch { throw options.fault("host", error.message) }
        }
        guard !hosts.isEmpty else { throw options.fault("host", "names no host; example: host=example.org") }
        self.hosts = hosts
    }

    func examine(_ request: inout MiddlewareRequest) -> MiddlewareAnswer? {
        let name = HostName(request.head.authority).text
        let isTrusted = self.hosts.contains { $0.isWildcard ? name.hasSuffix(".\($0.name)") : name == $0.name }
        return isTrusted ? nil : MiddlewareAnswer(400, "Bad Request: this host is not served here")
    }
}
