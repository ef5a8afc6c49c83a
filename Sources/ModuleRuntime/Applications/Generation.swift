package import CASGI
package import HTTPServer
package import Logging
import RoostModules
package import RoostSettings
package import RoostSystem
import Synchronization

/// One version of an application, from its startup to its shutdown. Each scope belongs to a generation.
///
/// Lives as long as the process: modules may keep ids that lead to it, and its code is never unmapped.
// SAFETY: everything that is not atomic is set in `init` only; the memory behind it lives as long as the process.
package final class Generation: @unchecked Sendable {
    package typealias Application =
        @convention(c) (UnsafePointer<asgi_scope>?, asgi_receive?, asgi_send?) -> asgi_result

    package let name: String
    /// The number of the application on its host.
    package let number: UInt32
    package let application: Application
    /// Whether its requests are called on the blocking pool.
    private let isBlocking: Bool
    /// Whether all its scopes, and its lifespan, live on one loop.
    let isOneLoop: Bool
    /// Whether its WebSockets are called on the blocking pool.
    private let isBlockingWebSocket: Bool
    package let settings: ApplicationSettings
    /// The root path that its scopes show. Lives as long as the generation.
    package let rootPath: Octets
    /// The size of the part of `rootPath` that a proxy removes from requests, in bytes.
    let hiddenSize: Int
    /// The resources of its host.
    package let facilities: HostFacilities
    /// Where its lifespan lives.
    let home: LifespanHome
    /// The functions that save and restore its state; nil if it does not transfer its state.
    let memory: ModuleState?
    /// Its typed views; nil if it has none. Lives as long as the process.
    // SAFETY: tables of URLs live as long as the process.
    unowned(unsafe) let urls: URLTable?
    private let logger: Logger
    /// The id of its lifespan; 0 if it has none.
    private let lifespan = Atomic<asgi_id>(0)
    /// The state in `lifespan.startup.complete`, set before the first request.
    private let carried = Atomic<UInt>(0)
    /// When it was last reported to have blocked a loop, in nanoseconds; 0 if never.
    private let reported = Atomic<UInt64>(0)
    /// Whether it is no longer mounted.
    private let isUnmounting = Atomic(false)

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
    package var transfersState: Bool { self.memory != nil }
    /// Whether its WebSockets are closed at once when a new generation replaces it.
    package var closesWebSocketsOnReload: Bool { self.memory?.closesWebSocketsOnReload == true }

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

    /// Whether its end, or that of its host, has been announced.
    package var isEnding: Bool {
        self.isUnmounting.load(ordering: .sequentiallyConsistent) || self.facilities.isStopping
    }

    /// Announces the end of this generation, while its host continues, to the scopes that asked to be notified.
    /// Thread-safe.
    package func announceUnmount() {
        self.isUnmounting.store(true, ordering: .sequentiallyConsistent)
        for mailbox in self.facilities.mailboxes { mailbox.waits.completeNotices { $0 === self } }
    }

    /// Whether it may be reported to have blocked a loop: `rest` nanoseconds after the last report. Thread-safe.
    func mayReport(now: UInt64, rest: UInt64) -> Bool {
        let last = self.reported.load(ordering: .relaxed)
        guard last == 0 || now &- last >= rest else { return false }
        return self.reported.compareExchange(expected: last, desired: now, ordering: .relaxed).exchanged
    }

    /// Logs that the system cannot start a thread to call the application on, with the limits in force. Thread-safe.
    func logNoThread() { self.log(.threadUnavailable, ThreadLimits.fields) }

    /// Logs a line about the application, or about one of its scopes. Thread-safe.
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

/// The id of a scope as written in logs.
struct ScopeNumber: CustomStringConvertible {
    let description: String

    init(_ id: asgi_id) { self.description = String(id, radix: 16) }
}
