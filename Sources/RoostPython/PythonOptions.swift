/// The options of Python applications. The initial value of a property is the option's default.
package struct PythonOptions: Sendable, Equatable {
    package enum Loop: String, CaseIterable, Sendable {
        /// uvloop if it is installed, else asyncio.
        case auto
        case uvloop
        case asyncio
    }

    /// The interpreter, as the operator names it; nil to find one.
    package var interpreter: String?
    /// Whether the attribute is a function that makes the application.
    package var isFactory = false
    package var loop = Loop.auto
    /// Whether the threads of one-thread executors are native threads that are kept.
    package var usesLanes = true
    /// Whether the task of a request is cancelled when its client disconnects.
    package var cancelsOnDisconnect = false

    package init() {}
}
