/// Why a middleware cannot be made, and what to do. The caller puts its source before it.
package struct MiddlewareFault: Error {
    package let message: String

    init(_ message: String) { self.message = message }
}
