import CFuzz

@testable import HTTPServer

// Fuzzes the parser of a WebSocket client's frames. The first byte chooses the size of the pieces, and whether
// compression was negotiated. The events must be the same for the whole input and for pieces, and nothing may crash.

var count = CommandLine.argc
var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv

exit(
    LLVMFuzzerRunDriver(&count, &arguments) { start, size in
        guard let start, size > 0 else { return 0 }
        let bytes = Array(UnsafeBufferPointer(start: start + 1, count: size - 1))
        let deflate = start[0] & 1 == 1 ? DeflateParameters() : nil
        let step = Int(start[0] >> 1) % 32 + 1
        let whole = FrameStream.events(of: bytes, step: .max, most: 4096, deflate: deflate)
        precondition(
            FrameStream.events(of: bytes, step: step, most: 4096, deflate: deflate) == whole, "pieces of \(step)")
        return 0
    }
)
