import CASGI

/// Paths of the URL table's rows by name, as Django's `reverse`. Valid as long as its scope. Thread-safe.
///
/// ```swift
/// let path = lifespan.links.path(to: "article", 2026, "hello")  // "/blog/articles/2026/hello/", below the mount /blog
/// ```
public struct Links: Sendable {
    let id: asgi_id
    let host: HostReference

    /// Returns the path of a name, with the mount, percent-encoded.
    ///
    /// Nil if there is no such name or a value does not fit, which the host logs. Nil if the scope has ended.
    public func path(to name: String, _ values: any URLValue...) -> String? { self.path(to: name, values) }

    /// Returns the path of a name, with the values as an array.
    public func path(to name: String, _ values: [any URLValue]) -> String? {
        guard let views = self.host.extension(self.id, "asgi.urls/1", as: asgi_views.self) else { return nil }
        return name.withString { name in
            self.collect(values[...], []) { arguments in
                withUnsafePointer(to: name) { name in
                    arguments.withUnsafeBufferPointer { Self.path(views, self.id, name, $0) }
                }
            }
        }
    }

    /// Calls `body` with the values as arguments, which are valid during the call.
    private func collect<Result>(
        _ values: ArraySlice<any URLValue>, _ arguments: [asgi_argument], _ body: ([asgi_argument]) -> Result
    ) -> Result {
        guard let first = values.first else { return body(arguments) }
        return first.withArgument { self.collect(values.dropFirst(), arguments + [$0], body) }
    }

    private static func path(
        _ views: UnsafePointer<asgi_views>, _ id: asgi_id, _ name: UnsafePointer<asgi_string>,
        _ arguments: UnsafeBufferPointer<asgi_argument>
    ) -> String? {
        // Most paths are shorter.
        var room = 128
        while true {
            var size: Int64 = 0
            let path = String(unsafeUninitializedCapacity: room) { text in
                size = text.withMemoryRebound(to: CChar.self) {
                    views.pointee.reverse(id, name, arguments.baseAddress, arguments.count, $0.baseAddress, room)
                }
                return size < 0 ? 0 : min(Int(size), room)
            }
            guard size >= 0 else { return nil }
            if size <= Int64(room) { return path }
            room = Int(size)
        }
    }
}

extension LifespanScope {
    /// The paths of the URL table's rows by name. Valid until shutdown.
    public var links: Links { Links(id: self.id, host: self.host) }
}
