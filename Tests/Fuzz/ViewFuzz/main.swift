import CFuzz

// Fuzzes the host's parsers for views: paths, multipart forms, URL-encoded forms and JSON. The first byte chooses the
// parser. The input must be refused, or its parsed value must survive another round trip; and nothing may crash.

var count = CommandLine.argc
var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv

exit(
    LLVMFuzzerRunDriver(&count, &arguments) { start, size in
        guard let start, size > 0 else { return 0 }
        let bytes = Array(UnsafeBufferPointer(start: start + 1, count: size - 1))
        switch start[0] & 3 {
        case 0: PathCheck.run(bytes)
        case 1: FormCheck.multipart(bytes)
        case 2: FormCheck.urlEncoded(bytes)
        default: FormCheck.json(bytes)
        }
        return 0
    }
)
