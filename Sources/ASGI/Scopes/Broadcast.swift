import CASGI

/// Sends messages to groups of WebSockets (extension `asgi.broadcast/1`). Thread-safe.
///
/// Belongs to a scope or to the lifespan, and is valid until it ends.
///
/// ```swift
/// try scope.join("tea")
/// try await scope.broadcast.send(.text("Ada is here"), to: "tea")
/// ```
public struct Broadcast: Sendable {
    private let id: asgi_id
    private let host: HostReference

    init(_ id: asgi_id, _ host: HostReference) {
        self.id = id
        self.host = host
    }

    /// Sends a message, encoded once, to every member of a group. `except`: a member that does not get the message.
    ///
    /// Suspends while many messages are pending. A slow member is closed with 1013. Throws `HostRefusal` if too many
    /// messages are pending, or if the host does not support groups.
    public func send(_ message: WebSocketMessage, to group: String, except: WebSocketScope? = nil) async throws {
        let table = try self.table()
        let result = await withUnsafeContinuation { continuation in
            HostCompletion.pass(nil) { then, context in
                let answer = message.withEvent { event in
                    group.withString { group in
                        withUnsafePointer(to: group) {
                            table.pointee.send(self.id, $0, event, except?.request.memory.id ?? 0, then, context)
                        }
                    }
                }
                if answer != ASGI_PENDING { continuation.resume(returning: answer) }
                return answer
            } completed: { result, _ in
                continuation.resume(returning: result)
            }
        }
        guard result == ASGI_DONE else { throw HostRefusal(result) }
    }

    func join(_ group: String) throws { try self.change(group, try self.table().pointee.join) }
    func leave(_ group: String) throws { try self.change(group, try self.table().pointee.leave) }

    private func change(
        _ group: String, _ call: @convention(c) (asgi_id, UnsafePointer<asgi_string>?) -> asgi_result
    ) throws {
        let result = group.withString { group in withUnsafePointer(to: group) { call(self.id, $0) } }
        guard result == ASGI_DONE else { throw HostRefusal(result) }
    }

    private func table() throws -> UnsafePointer<asgi_broadcast> {
        guard let table = self.host.extension(self.id, "asgi.broadcast/1", as: asgi_broadcast.self) else {
            throw HostRefusal(ASGI_UNSUPPORTED)
        }
        return table
    }
}
