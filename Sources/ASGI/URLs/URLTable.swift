import CASGI
import Synchronization

/// The URL table of an application (extension `asgi.urls/1`). Lives as long as the process. Immutable. Thread-safe.
// SAFETY: the table is written before it is shared, and is constant for the life of the process.
public struct URLTable<App: URLApplication>: @unchecked Sendable {
    let pointer: UnsafePointer<asgi_urls>

    /// Creates a table. `keepsSlashes`: no redirect to a path with a trailing slash. `bodyLimit`: maximum size of a
    /// collected body, in bytes (413 above it); 0: the host's limit.
    public init(_ rows: URLRow<App>..., keepsSlashes: Bool = false, bodyLimit: UInt64 = 0) {
        let table = UnsafeMutableRawPointer.allocate(byteCount: asgi_urls_size(), alignment: 16)
            .initializeMemory(as: UInt8.self, repeating: 0, count: asgi_urls_size())
            .withMemoryRebound(to: asgi_urls.self, capacity: 1) { $0 }
        table.pointee.size = UInt32(asgi_urls_size())
        table.pointee.stride = UInt32(asgi_url_size())
        table.pointee.rows = Self.lasting(rows)
        table.pointee.count = rows.count
        table.pointee.flags = keepsSlashes ? ASGI_URLS_KEEP_SLASHES : 0
        table.pointee.body_limit = bodyLimit
        table.pointee.refused = { request, refusal in
            guard let request, let refusal, let offered = offeredURLs.withLock({ $0 }) else { return ASGI_UNSUPPORTED }
            return offered.refuse(request, refusal)
        }
        self.pointer = UnsafePointer(table)
    }

    /// Returns the rows as C structs, which live as long as the process.
    private static func lasting(_ rows: [URLRow<App>]) -> UnsafePointer<asgi_url> {
        let stride = asgi_url_size()
        let size = max(rows.count, 1) * stride
        let urls = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
        urls.initializeMemory(as: UInt8.self, repeating: 0, count: size)
        for (at, row) in rows.enumerated() {
            let url = (urls + at * stride).assumingMemoryBound(to: asgi_url.self)
            url.pointee.size = UInt32(stride)
            url.pointee.pattern = .lasting(row.pattern)
            url.pointee.name = .lasting(row.name)
            if let included = row.included {
                url.pointee.include = self.lasting(included)
                url.pointee.include_count = included.count
                url.pointee.include_stride = stride
                continue
            }
            url.pointee.flags = ASGI_URL_PLAIN
            url.pointee.kinds = .lasting(String(decoding: row.kinds, as: UTF8.self))
            url.pointee.context = Unmanaged<URLView>.passRetained(AppView(row)).toOpaque()
            url.pointee.view = plainView
        }
        return UnsafePointer(urls.assumingMemoryBound(to: asgi_url.self))
    }
}

/// The context of a row, without its generic type: C functions call it.
// SAFETY: neither this class nor its subclass has state that changes.
class URLView: @unchecked Sendable {
    func start(_ request: UnsafeMutablePointer<asgi_request>, _ arguments: UnsafePointer<asgi_argument>) -> CResult {
        ASGI_UNSUPPORTED
    }
}

// SAFETY: immutable; its row holds a `@Sendable` closure.
private final class AppView<App: URLApplication>: URLView, @unchecked Sendable {
    private let row: URLRow<App>

    init(_ row: URLRow<App>) { self.row = row }

    override func start(
        _ request: UnsafeMutablePointer<asgi_request>, _ arguments: UnsafePointer<asgi_argument>
    ) -> CResult {
        let view = self.row.decode(arguments)
        return answer(App.self, request) { try await view($0, $1) }
    }
}

/// An `asgi_plain_view`, cast to `asgi_view`.
private let plainView: asgi_view = {
    let view: @convention(c) (UnsafeMutablePointer<asgi_request>?, UnsafePointer<asgi_argument>?, Int) -> CResult = {
        request, arguments, _ in
        guard let request, let arguments, let context = request.pointee.context else { return ASGI_FAILED }
        return Unmanaged<URLView>.fromOpaque(context).takeUnretainedValue().start(request, arguments)
    }
    return unsafeBitCast(view, to: asgi_view.self)
}()

/// Runs `view` inside the application's `answer`, as a task of the scope. Called on the event loop.
private func answer<App: URLApplication>(
    _ type: App.Type, _ request: UnsafeMutablePointer<asgi_request>,
    _ view: @escaping @Sendable (App, ViewRequest) async throws -> HTTPResponse?
) -> CResult {
    guard let scope = request.pointee.scope, let receive = request.pointee.receive, let send = request.pointee.send
    else {
        return ASGI_FAILED
    }
    let body = Array(UnsafeRawBufferPointer(request.pointee.body))
    return HTTPCall.start(type, scope, receive, send) { application, call in
        let request = ViewRequest(call: call, scope: call.scope, body: body)
        guard let response = try await application.answer(request, { try await view(application, request) }) else {
            return
        }
        try call.respond(response)
    }
}

/// The URL table that the module offers, and the function that refuses requests without a view.
// SAFETY: the table is constant for the life of the process.
struct OfferedURLs: @unchecked Sendable {
    let table: UnsafePointer<asgi_urls>
    let refuse: (UnsafeMutablePointer<asgi_request>, UnsafePointer<asgi_refusal>) -> CResult

    init<App: URLApplication>(_ type: App.Type) {
        self.table = App.urls.pointer
        self.refuse = { request, refusal in
            let allow = String(refusal.pointee.allow)
            let error = HTTPError(
                Int(refusal.pointee.status), String(refusal.pointee.reason),
                headers: allow.isEmpty ? [:] : ["allow": allow])
            return answer(App.self, request) { _, _ in throw error }
        }
    }
}

/// The module's one URL table, for its C functions.
let offeredURLs = Mutex<OfferedURLs?>(nil)

extension asgi_string {
    /// Returns a copy that lives as long as the process.
    static func lasting(_ text: String) -> asgi_string {
        let bytes = UnsafeMutableBufferPointer<CChar>.allocate(capacity: text.utf8.count)
        _ = bytes.initialize(from: text.utf8.lazy.map { CChar(bitPattern: $0) })
        return asgi_string(data: bytes.baseAddress, size: bytes.count)
    }
}
