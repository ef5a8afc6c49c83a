import CASGI

/// A call of the next application (extension `asgi.applications/1`), until that application has ended. Thread-safe.
final class NextApplicationCall: Sendable {
    private let functions: ScopeFunctions
    private let start: (@Sendable (inout ResponseStart) -> Void)?

    private init(_ functions: ScopeFunctions, _ start: (@Sendable (inout ResponseStart) -> Void)?) {
        self.functions = functions
        self.start = start
    }

    /// Calls the next application, and waits until its scope, and with it the calling one, has ended.
    static func run(
        _ functions: ScopeFunctions, setting headers: Headers, removing names: [String],
        _ start: (@Sendable (inout ResponseStart) -> Void)?
    ) async -> asgi_result {
        let call = NextApplicationCall(functions, start)
        return await withUnsafeContinuation { continuation in
            let result = call.begin(headers, names)
            guard result == ASGI_PENDING else { return continuation.resume(returning: result) }
            // The call is queued, so the scope is still open. `call` lives until the scope has ended.
            functions.whenEnded { _ in withExtendedLifetime(call) { continuation.resume(returning: ASGI_DONE) } }
        }
    }

    private func begin(_ headers: Headers, _ names: [String]) -> asgi_result {
        headers.withFields { fields in
            Headers(names.map { Header($0, "") }).withFields { removed in
                let all =
                    Array(fields)
                    + removed.map { asgi_header(name: $0.name, value: asgi_string(data: nil, size: 0)) }
                return all.withUnsafeBufferPointer { all in
                    self.functions.callNext(
                        all, self.start == nil ? nil : started, Unmanaged.passUnretained(self).toOpaque())
                }
            }
        }
    }

    /// Sends the beginning of the next application's response, as the application has changed it.
    fileprivate func send(_ event: UnsafePointer<asgi_event>) {
        guard let start else { return }
        let fields = UnsafeBufferPointer(start: event.pointee.headers, count: event.pointee.header_count)
        let isAcceptance = event.pointee.type == ASGI_WEBSOCKET_ACCEPT
        var response = ResponseStart(
            status: isAcceptance ? 101 : Int(event.pointee.status),
            headers: Headers(fields.map { Header(String($0.name), String($0.value)) }))
        start(&response)
        _ = response.headers.withFields { fields in
            self.functions.send(event.pointee.type) { changed in
                changed.pointee.status = isAcceptance ? 0 : Int32(clamping: response.status)
                changed.pointee.text = event.pointee.text
                changed.pointee.headers = fields.baseAddress
                changed.pointee.header_count = fields.count
            }
        }
    }
}

private func started(
    _ context: UnsafeMutableRawPointer?, _ id: asgi_id, _ event: UnsafePointer<asgi_event>?, _ send: asgi_send?
) {
    guard let context, let event else { return }
    Unmanaged<NextApplicationCall>.fromOpaque(context).takeUnretainedValue().send(event)
}
