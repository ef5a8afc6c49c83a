import CASGI
import CViews
import HTTPServer
import Logging
import RoostSystem

/// Sends a response, with the headers that were added to it before.
struct ViewReply {
    private let view: ViewMemory
    private static let maxHeaders = 64

    init(_ view: ViewMemory) { self.view = view }

    /// Adds a header; its bytes are copied.
    func add(_ name: Octets, _ value: Octets, log generation: Generation) -> asgi_result {
        guard name.size > 0, name.bytes.allSatisfy({ ASCII.isToken($0) && ASCII.lowercased($0) == $0 }),
            value.bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7f || $0 == ASCII.tab })
        else {
            let reason = "its name is not a lower-case token, or its value has control characters"
            generation.log(
                .callRefused, ["call": "header", "name": "\(name.text)", "reason": "\(reason)"],
                scope: self.view.request.pointee.scope.pointee.id)
            return ASGI_INVALID
        }
        return self.view.details.withContents { contents in
            guard contents.headers.count < Self.maxHeaders else { return ASGI_FULL }
            contents.headers.append(
                asgi_header(
                    name: asgi_string(contents.arena.copy(name.bytes)),
                    value: asgi_string(contents.arena.copy(value.bytes))))
            self.view.request.pointee.header_count = contents.headers.count
            return ASGI_DONE
        }
    }

    /// Sends a whole response. Returns what a view should return: ASGI_DONE also if the client has disconnected.
    func send(_ status: Int32, _ contentType: Octets, _ body: Octets) -> asgi_result {
        self.withEvent(ASGI_HTTP_RESPONSE, status, contentType) { event in
            event.pointee.body = asgi_string(body)
            return self.send(event)
        }
    }

    /// Sends an open file, or a part of it, or no contents for a conditional request. `path`: determines the
    /// media type if `contentType` is empty. The caller keeps the descriptor.
    func send(file: CInt, size: Int, named path: Octets, _ contentType: Octets) -> asgi_result {
        self.withEvent(ASGI_HTTP_RESPONSE_ZEROCOPYSEND, 0, contentType) { event in
            event.pointee.flags = ASGI_CONDITIONAL
            event.pointee.text = asgi_string(path)
            event.pointee.file = file
            event.pointee.offset = 0
            event.pointee.count = Int64(size)
            return self.send(event)
        }
    }

    private func send(_ event: UnsafePointer<asgi_event>) -> asgi_result {
        let request = self.view.request
        let result = request.pointee.send!(request.pointee.scope.pointee.id, event, nil, nil)
        return result == ASGI_PENDING || result == ASGI_GONE ? ASGI_DONE : result
    }

    private func withEvent(
        _ type: UInt32, _ status: Int32, _ contentType: Octets,
        _ body: (UnsafeMutablePointer<asgi_event>) -> asgi_result
    ) -> asgi_result {
        var headers: [asgi_header] = []
        if contentType.size > 0 {
            headers.append(asgi_header(name: asgi_string(Octets("content-type")), value: asgi_string(contentType)))
        }
        if self.view.request.pointee.header_count > 0 { headers += self.view.details.withContents { $0.headers } }
        return headers.withUnsafeBufferPointer { headers in
            withUnsafeTemporaryAllocation(byteCount: asgi_event_size(), alignment: 16) { room in
                let event = room.baseAddress!.assumingMemoryBound(to: asgi_event.self)
                asgi_event_reset(event, type)
                event.pointee.status = status
                event.pointee.headers = headers.baseAddress
                event.pointee.header_count = headers.count
                return body(event)
            }
        }
    }
}
