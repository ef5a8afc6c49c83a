import CASGI

/// A copy of a scope. The host frees its own when the scope ends, while Swift values may be kept longer.
///
/// One block of memory holds the header fields, then the extensions and the subprotocols, then all bytes. Immutable.
// SAFETY: written in `init` only, and freed in `deinit`.
final class ScopeMemory: @unchecked Sendable {
    let id: asgi_id
    let host: HostReference
    let method, httpVersion, scheme, path, rawPath, queryString, rootPath, clientHost, serverHost: asgi_string
    let clientPort, serverPort: Int32
    let headers: UnsafeMutableBufferPointer<asgi_header>
    let extensions: UnsafeMutableBufferPointer<asgi_string>
    let subprotocols: UnsafeMutableBufferPointer<asgi_string>
    private let block: UnsafeMutableRawPointer

    /// Copies the scope. Called on its loop.
    init(_ scope: CScope) {
        let given = UnsafeBufferPointer(start: scope.pointee.headers, count: scope.pointee.header_count)
        let givenExtensions = UnsafeBufferPointer(start: scope.pointee.extensions, count: scope.pointee.extension_count)
        let givenProtocols = UnsafeBufferPointer(
            start: scope.pointee.subprotocols, count: scope.pointee.subprotocol_count)
        let fieldsSize = given.count * MemoryLayout<asgi_header>.stride
        let namesSize = (givenExtensions.count + givenProtocols.count) * MemoryLayout<asgi_string>.stride
        var size = fieldsSize + namesSize
        for header in given { size += header.name.size + header.value.size }
        for name in givenExtensions { size += name.size }
        for name in givenProtocols { size += name.size }
        size += scope.pointee.method.size + scope.pointee.http_version.size + scope.pointee.scheme.size
        size += scope.pointee.path.size + scope.pointee.raw_path.size + scope.pointee.query_string.size
        size += scope.pointee.root_path.size + scope.pointee.client_host.size + scope.pointee.server_host.size
        let block = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: MemoryLayout<asgi_header>.alignment)
        self.block = block

        var end = block + fieldsSize + namesSize
        func copy(_ string: asgi_string) -> asgi_string {
            guard let data = string.data, string.size > 0 else { return asgi_string(data: nil, size: 0) }
            end.copyMemory(from: data, byteCount: string.size)
            defer { end += string.size }
            return asgi_string(data: UnsafePointer(end.assumingMemoryBound(to: CChar.self)), size: string.size)
        }
        self.headers = UnsafeMutableBufferPointer(
            start: block.bindMemory(to: asgi_header.self, capacity: given.count), count: given.count
        )
        for (index, header) in given.enumerated() {
            self.headers.initializeElement(
                at: index, to: asgi_header(name: copy(header.name), value: copy(header.value))
            )
        }
        let names = (block + fieldsSize).bindMemory(
            to: asgi_string.self, capacity: givenExtensions.count + givenProtocols.count)
        self.extensions = UnsafeMutableBufferPointer(start: names, count: givenExtensions.count)
        self.subprotocols = UnsafeMutableBufferPointer(
            start: names + givenExtensions.count, count: givenProtocols.count)
        for (index, name) in givenExtensions.enumerated() {
            self.extensions.initializeElement(at: index, to: copy(name))
        }
        for (index, name) in givenProtocols.enumerated() {
            self.subprotocols.initializeElement(at: index, to: copy(name))
        }
        self.id = scope.pointee.id
        self.host = HostReference(scope.pointee.host)
        self.method = copy(scope.pointee.method)
        self.httpVersion = copy(scope.pointee.http_version)
        self.scheme = copy(scope.pointee.scheme)
        self.path = copy(scope.pointee.path)
        self.rawPath = copy(scope.pointee.raw_path)
        self.queryString = copy(scope.pointee.query_string)
        self.rootPath = copy(scope.pointee.root_path)
        self.clientHost = copy(scope.pointee.client_host)
        self.serverHost = copy(scope.pointee.server_host)
        self.clientPort = scope.pointee.client_port
        self.serverPort = scope.pointee.server_port
    }

    deinit { self.block.deallocate() }

    /// Returns the value of the first field with this name, in any letter case. Received names are lower-case.
    func first(_ name: String) -> asgi_string? {
        for header in self.headers where header.name.size == name.utf8.count {
            if zip(UnsafeRawBufferPointer(header.name), name.utf8).allSatisfy({ $0 == $1.lowerCased }) {
                return header.value
            }
        }
        return nil
    }
}
