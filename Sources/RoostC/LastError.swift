import Glibc
import RoostSystem

/// The error of the last failed call of each thread, for `roost_error`.
enum LastError {
    /// The text of each thread; freed when the thread ends.
    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        pthread_key_create(&key) { free($0) }
        return key
    }()

    static var text: UnsafePointer<CChar> {
        guard let text = pthread_getspecific(self.key) else { return Self.nothing }
        return UnsafePointer(text.assumingMemoryBound(to: CChar.self))
    }

    // SAFETY: one constant byte.
    private nonisolated(unsafe) static let nothing = UnsafePointer(strdup("")!)

    /// Returns the result of `body`; nil if it throws, after recording the error for the calling thread.
    static func keep<Value>(_ body: () throws -> Value) -> Value? {
        do {
            return try body()
        } catch {
            free(pthread_getspecific(self.key))
            pthread_setspecific(self.key, strdup("\(error)"))
            return nil
        }
    }

    /// Returns 0; -1 if `body` throws or there is no host, after recording the error for the calling thread.
    static func keep(
        _ host: OpaquePointer?, _ text: UnsafePointer<CChar>?, _ body: (EmbeddedHost, String) throws -> Void
    ) -> CInt {
        let done: Void? = self.keep {
            guard let host = EmbeddedHost.of(host) else {
                throw HostError(code: .usage, message: "the host does not exist")
            }
            try body(host, text.map { String(cString: $0) } ?? "")
        }
        return done == nil ? -1 : 0
    }
}
