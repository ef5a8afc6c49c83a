import HTTPServer

/// `max-body`: answers 413 to a request whose body is larger, before or while the application receives it.
struct BodyLimit: Middleware {
    private let size: Int

    init(_ options: MiddlewareOptions) throws(MiddlewareFault) {
        guard let size = try options.number("size", 0...Int.max) else {
            throw options.fault("size", "is missing; example: size=1048576")
        }
        self.size = size
    }

    func examine(_ request: inout MiddlewareRequest) -> MiddlewareAnswer? {
        guard request.head.contentLength ?? 0 <= self.size else { return Self.tooLarge }
        request.bodyLimit = min(request.bodyLimit ?? .max, self.size)
        return nil
    }

    static var tooLarge: MiddlewareAnswer { MiddlewareAnswer(413, "Content Too Large") }
}
