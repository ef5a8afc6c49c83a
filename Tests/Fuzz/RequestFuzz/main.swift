import CFuzz

@testable import HTTPServer

// Fuzzes the HTTP/1 parser. The first byte chooses the limits and the size of the pieces. The events must be the same
// for the whole input and for pieces, and nothing may crash.

var count = CommandLine.argc
var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv

exit(
    LLVMFuzzerRunDriver(&count, &arguments) { start, size in
        guard let start, size > 0 else { return 0 }
        let bytes = Array(UnsafeBufferPointer(start: start + 1, count: size - 1))
        let limits = start[0] & 1 == 1 ? RequestStream.tight : HTTP1Limits()
        let piece = Int(start[0] >> 1) % 32 + 1
        let whole = RequestStream.events(of: bytes, limits: limits)
        let pieces = Array(repeating: piece, count: bytes.count / piece + 1)
        precondition(RequestStream.events(of: bytes, pieces: pieces, limits: limits) == whole, "pieces of \(piece)")
        return 0
    }
)
