import CASGI
import HTTPServer

/// The description of a call of the next application (`asgi_call`), copied.
// SAFETY: immutable; the module's functions and context are used on the scope's loop only.
final class NextCall: @unchecked Sendable {
    typealias Start =
        @convention(c) (UnsafeMutableRawPointer?, asgi_id, UnsafePointer<asgi_event>?, asgi_send?) -> Void

    /// The request header fields that are set, and the names of those that are only removed.
    private let set: FieldList
    private let removed: FieldList
    let start: Start?
    let context: UnsafeMutableRawPointer?

    /// Throws `SendFault` if a field is malformed, or cannot be changed.
    init(_ call: UnsafePointer<asgi_call>?) throws(SendFault) {
        let room = UnsafeMutablePointer<asgi_call>.zeroed(bytes: asgi_call_size())
        defer { UnsafeMutableRawPointer(room).deallocate() }
        asgi_call_read(call, room)
        self.start = room.pointee.start
        self.context = room.pointee.context
        guard room.pointee.headers != nil || room.pointee.header_count == 0 else { throw .noFields }
        let fields = UnsafeBufferPointer(
            start: UnsafeRawPointer(room.pointee.headers)?.assumingMemoryBound(to: HeaderField.self),
            count: room.pointee.header_count)
        self.set = FieldList(most: max(fields.count, 1))
        self.removed = FieldList(most: max(fields.count, 1))
        for field in fields {
            try ResponseFields.check(field.value.data == nil ? HeaderField(name: field.name, value: .empty) : field)
            guard !Self.isServerControlled(field.name) else { throw .controlledField }
            if field.value.data == nil {
                self.removed.append(name: field.name.bytes, value: Octets.empty.bytes)
            } else {
                self.set.append(name: field.name.bytes, value: field.value.bytes)
            }
        }
    }

    /// Whether a field describes the connection, the body or the handshake, which the host has evaluated.
    private static func isServerControlled(_ name: Octets) -> Bool {
        if ResponseFields.isServerControlled(name) { return true }
        if name.size >= 14, Octets(data: name.data, size: 14).equalsIgnoringCase("sec-websocket-") { return true }
        return ["expect", "host", "te", "trailer"].contains { name.equalsIgnoringCase($0) }
    }

    /// Whether two names, in lower case, are the same to an application that reads fields as CGI does (RFC 3875
    /// §4.1.18): `remote_user` could pose as `remote-user` there.
    private static func isSame(_ left: Octets, _ right: Octets) -> Bool {
        func plain(_ byte: UInt8) -> UInt8 { byte == UInt8(ascii: "_") ? UInt8(ascii: "-") : byte }
        return left.size == right.size && zip(left.bytes, right.bytes).allSatisfy { plain($0) == plain($1) }
    }

    /// The request header for the next application; the same one if no field changes. Borrows from both.
    func head(of head: RequestHead) -> RequestHead {
        guard self.set.fields.count + self.removed.fields.count > 0 else { return head }
        let kept = head.fields.filter { field in
            !self.set.fields.contains { Self.isSame($0.name, field.name) }
                && !self.removed.fields.contains { Self.isSame($0.name, field.name) }
        }
        return RequestHead(of: head, fields: kept + self.set.fields)
    }
}

extension SendFault {
    fileprivate static let noFields = SendFault("headers is NULL, and header_count is not 0")
    fileprivate static let controlledField = SendFault(
        "a header field of the connection, the body or the handshake cannot be changed")
}
