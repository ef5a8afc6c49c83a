import Glibc
import HTTPServer
import NIOConcurrencyHelpers
import RoostSystem

/// `maintenance`: answers 503 while a file exists, so that an operator switches it by `touch` and `rm`.
final class MaintenanceAnswer: Middleware {
    private let path: String
    private let page: String?
    private let retryAfter: Int
    /// Read from the disk once a second.
    private struct State {
        var second = -1
        var isOn = false
        var page: String?
    }

    private let state = NIOLockedValueBox(State())

    init(_ options: MiddlewareOptions) throws(MiddlewareFault) {
        guard let path = options.text("while"), !path.isEmpty else {
            throw options.fault("while", "is missing; name the file whose existence switches it on")
        }
        self.path = WorkingFolder.absolute(path)
        self.page = options.text("page").map { WorkingFolder.absolute($0) }
        self.retryAfter = try options.number("retry-after", 1...Int.max) ?? 60
    }

    func examine(_ request: inout MiddlewareRequest) -> MiddlewareAnswer? {
        let second = time(nil)
        let (isOn, page) = self.state.withLockedValue { state in
            if state.second != second {
                let isOn = access(self.path, F_OK) == 0
                state = State(second: second, isOn: isOn, page: isOn ? self.page.flatMap(Self.read) : nil)
            }
            return (state.isOn, state.page)
        }
        guard isOn else { return nil }
        return MiddlewareAnswer(
            503, page ?? "Service Unavailable: maintenance",
            [("retry-after", "\(self.retryAfter)"), ("cache-control", "no-store")]
                + (page == nil ? [] : [("content-type", "text/html; charset=utf-8")]))
    }

    /// A small file; nil if it cannot be read.
    private static func read(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        let text = String(unsafeUninitializedCapacity: Self.longest) {
            max(Glibc.read(descriptor, $0.baseAddress, Self.longest), 0)
        }
        return text.isEmpty ? nil : text
    }

    private static let longest = 64 * 1024
}
