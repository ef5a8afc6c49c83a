package import CASGI
package import HTTPServer
package import Logging
import RoostModules
package import RoostSettings
package import RoostSystem
import Synchronization

/// One image of an application between its start and its shutdown: what a scope belongs to.
///
/// Lives as long as the process: ids that modules keep may lead here, and its code is never unmapped either.
// SAFETY: what is not atomic is set in `init` only; the memory behind it lives as long as the process.
package final class Generation: @unchecked Sendable {
    package typealias Application =
        @convention(c) (UnsafePointer<asgi_scope>?, asgi_receive?, asgi_send?) -> asgi_result

    package let name: String
    /// Which of the host's applications it is.
    package let number: UInt32
    package let application: Application
    /// Its requests are called on the pool.
    private let isBlocking: Bool
    /// All its scopes live on one loop, its lifespan too.
    let isOneLoop: Bool
    /// Its WebSockets too.
    private let isBlockingWebSocket: Bool
    package let settings: ApplicationSettings
    /// Where it is mounted, as its scopes say; lives as long as the generation.
    package let rootPath: Octets
    /// How many bytes of it a proxy in front has taken away: requests come without them.
    let hiddenSize: Int
    /// What its host has for it.
    package let facilities: HostFacilities
    /// Where its lifespan lives.
    let home: LifespanHome
    /// How it hands on what it remembers; nil: it does not.
    let memory: ModuleState?
    /// Its typed views; nil: it has none. Lives as long as the process.
    // SAFETY: tables of URLs live as long as the process.
    unowned(unsafe) let urls: URLTable?
    private let logger: Logger
    /// Of its lifespan; 0: it has none.
    private let lifespan = Atomic<asgi_id>(0)
    /// What `lifespan.startup.complete` carried: set before the first request.
    private let carried = Atomic<UInt>(0)
    /// When it was last reported to have held a loop, in nanoseconds; 0: never.
    private let reported = Atomic<UInt64>(0)
    /// It is mounted no more.
    private let isLeaving = Atomic(false)

    init(
        name: String, number: UInt32, application: @escaping Application, flags: UInt32, settings: ApplicationSettings,
        proxyPath: String, mount: Mount, facilities: HostFacilities, memory: ModuleState? = nil,
        urls: URLTable? = nil, logger: Logger
    ) {
        self.name = name
        self.number = number
        self.application = application
        self.isBlocking = flags & ASGI_BLOCKING != 0
        self.isOneLoop = flags & ASGI_ONE_LOOP != 0
        self.isBlockingWebSocket = flags & ASGI_BLOCKING_WEBSOCKET != 0
        self.settings = settings
        self.rootPath = .lasting(proxyPath + mount.path)
        self.hiddenSize = proxyPath.utf8.count
        self.facilities = facilities
        self.home =
            self.isOneLoop ? .loop(facilities.mailboxes[0]) : .thread(ControlThread(application: number))
        self.memory = memory
        self.urls = urls
        self.logger = logger
        _ = Unmanaged.passRetained(self)
    }

    /// Makes a generation of a loaded module.
    package convenience init(
        name: String, number: UInt32, image: ModuleImage, settings: ApplicationSettings, proxyPath: String,
        mount: Mount, facilities: HostFacilities, logger: Logger
    ) {
        self.init(
            name: name, number: number, application: image.application, flags: image.description.flags,
            settings: settings, proxyPath: proxyPath, mount: mount, facilities: facilities, memory: image.memory,
            urls: image.urls, logger: logger)
    }

    /// Whether it transfers its state to the next generation.
    package var remembersState: Bool { self.memory != nil }
    /// Whether its WebSockets are closed at once when a new generation replaces it.
    package var asksToReconnect: Bool { self.memory?.asksToReconnect == true }

    /// Whether a scope is called on the pool.
    @inline(__always)
    func isBlocking(webSocket: Bool) -> Bool { webSocket ? self.isBlockingWebSocket : self.isBlocking }

    package var state: UnsafeMutableRawPointer? {
        get { UnsafeMutableRawPointer(bitPattern: self.carried.load(ordering: .acquiring)) }
        set { self.carried.store(UInt(bitPattern: newValue), ordering: .releasing) }
    }

    package var lifespanId: asgi_id {
        get { self.lifespan.load(ordering: .acquiring) }
        set { self.lifespan.store(newValue, ordering: .releasing) }
    }

    /// Whether it has been announced that it ends: with its host, or before.
    package var isEnding: Bool { self.isLeaving.load(ordering: .sequentiallyConsistent) || self.facilities.isStopping }

    /// Tells those of its scopes that asked for it that it ends, though its host goes on. [any]
    package func announceLeave() {
        self.isLeaving.store(true, ordering: .sequentiallyConsistent)
        for mailbox in self.facilities.mailboxes { mailbox.waits.hastenNotices { $0 === self } }
    }

    /// Whether it may be reported again to have held a loop, `rest` nanoseconds after the last time. [any]
    func mayReport(now: UInt64, rest: UInt64) -> Bool {
        let last = self.reported.load(ordering: .relaxed)
        guard last == 0 || now &- last >= rest else { return false }
        return self.reported.compareExchange(expected: last, desired: now, ordering: .relaxed).exchanged
    }

    /// Says that the system has no thread to call the application on, and which limits there are. [any]
    func logNoThread() { self.log(.threadUnavailable, ThreadLimits.fields) }

    /// A line about the application, or about one of its scopes. [any]
    package func log(_ event: LoggedEvent, _ fields: @autoclosure () -> Logger.Metadata = [:], scope: asgi_id? = nil) {
        self.logger.log(event, fields().merging(self.logFields(scope), uniquingKeysWith: { $1 }))
    }

    /// Logs a message of the application itself. [any]
    func log(_ level: Logger.Level, message: @autoclosure () -> String, scope: asgi_id) {
        self.logger.log(level: level, "\(message())", metadata: self.logFields(scope))
    }

    private func logFields(_ scope: asgi_id?) -> Logger.Metadata {
        var fields: Logger.Metadata = ["application": "\(self.name)"]
        if let scope { fields["scope"] = "\(ScopeNumber(scope))" }
        return fields
    }
}

/// How logs write a scope's id.
struct ScopeNumber: CustomStringConvertible {
    let description: String

    init(_ id: asgi_id) { self.description = String(id, radix: 16) }
}
