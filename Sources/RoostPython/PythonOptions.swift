/// The options of Python applications. The initial value of a property is the option's default.
package struct PythonOptions: Sendable, Equatable {
    package enum Loop: String, CaseIterable, Sendable {
        /// uvloop if it is installed, else asyncio.
        case auto
        case uvloop
        case asyncio
    }

    /// The protocol that an application speaks.
    package enum Interface: String, CaseIterable, Sendable {
        /// Found out by the parameters of the application.
        case auto
        /// ASGI 2 or 3.
        case asgi
        case asgi3
        case asgi2
        case wsgi
    }

    /// The interpreter, as the operator names it; nil to find one.
    package var interpreter: String?
    package var interface = Interface.auto
    /// Whether the attribute is a function that makes the application.
    package var isFactory = false
    package var loop = Loop.auto
    /// The file that configures Python's logging.
    package var logConfiguration: String?
    /// Whether the threads of one-thread executors are native threads that are kept.
    package var usesLanes = true
    /// Whether the task of a request is cancelled when its client disconnects.
    package var cancelsOnDisconnect = false
    /// The maximum number of threads of a worker that call WSGI applications.
    package var wsgiThreads = 8
    /// The maximum number of requests that wait for one of them.
    package var wsgiQueue = 1024

    package init() {}
}
