import HTTPServer
package import RoostSettings

/// The options that name the addresses to listen on.
package struct ListenOptions: Sendable {
    package var host = "127.0.0.1"
    package var port = 8000
    package var unixPath: String?
    package var addresses: [String] = []

    package init() {}

    /// The address of `--host` and `--port`, used if no other address is given.
    var hostAndPort: BindAddress { .tcp(host: self.host, port: self.port) }

    /// Returns the addresses to listen on; uses `host` and `port` if there are no others. `given`: sockets that are
    /// already bound. Throws `OptionError`.
    package func addresses(
        given: [ListenAddress] = [], _ naming: OptionFault.Naming
    ) throws(OptionError) -> [ListenAddress] {
        var addresses: [ListenAddress] = []
        for text in self.addresses {
            addresses.append(try Self.parse(text, of: "bind", naming) { try ListenAddress($0, port: self.port) })
        }
        addresses = given.filter { one in !addresses.contains { $0.bind == one.bind } } + addresses
        if let unixPath {
            addresses.append(.unix(path: try Self.parse(unixPath, of: "uds", naming, BindAddress.unix)))
        }
        guard addresses.isEmpty else { return addresses }
        return [.tcp(host: try Self.parse(self.host, of: "host", naming, BindAddress.host), port: self.port)]
    }

    private static func parse<Value>(
        _ text: String, of option: String, _ naming: OptionFault.Naming, _ body: (String) throws -> Value
    ) throws(OptionError) -> Value {
        do {
            return try body(text)
        } catch {
            throw OptionError("\(naming.name(option)) \(Redaction.masked("\(error)", quoting: text))", option)
        }
    }
}
