import CFuzz

// libFuzzer shows what a view's host reads: the first byte says what the rest is. Whatever it is, it is refused, or what
// was made of it is the same when it is written and read once more; and nothing may crash.

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
