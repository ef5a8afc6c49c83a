@testable import HTTPServer

extension Exchange {
    /// Answers with 200 and a body of this size, and ends the exchange.
    func answer(size: Int) {
        let body = [UInt8](repeating: UInt8(ascii: "x"), count: size)
        body.withUnsafeBytes { bytes in
            _ = self.respond(
                status: 200, fields: HeaderFields(start: nil, count: 0), body: ResponseBody(Octets(bytes)))
        }
        _ = self.end(failed: false)
        self.recycle()
    }
}
