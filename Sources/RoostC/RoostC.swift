import CLinux
import CRoost
import Glibc
import ModuleRuntime
import Roost
import RoostSystem
import Supervision

// The functions of `roost.h`.

@c @implementation
public func roost_start(_ settings: UnsafePointer<CChar>!) -> OpaquePointer! {
    roost_signals_keep_mask()
    return LastError.keep {
        let text = settings.map { String(cString: $0) } ?? "{}"
        let host = try Blocking.wait { try await EmbeddedHost.start(text) }
        return OpaquePointer(Unmanaged.passRetained(host).toOpaque())
    }
}

@c @implementation
public func roost_run(
    _ settings: UnsafePointer<CChar>!, _ started: (@convention(c) (OpaquePointer?, UnsafeMutableRawPointer?) -> Void)!,
    _ context: UnsafeMutableRawPointer!
) -> CInt {
    roost_signals_keep_mask()
    let text = settings.map { String(cString: $0) } ?? "{}"
    // SAFETY: used on this thread only, which is the loop.
    nonisolated(unsafe) let report = (started, context)
    let served: Void? = LastError.keep {
        try CallersThread.serve(text) { host in
            report.0?(OpaquePointer(Unmanaged.passUnretained(host).toOpaque()), report.1)
        }
    }
    return served == nil ? -1 : 0
}

@c @implementation
public func roost_worker(
    _ count: CInt, _ arguments: UnsafePointer<UnsafePointer<CChar>?>!
) -> CInt {
    let words = (0..<Int(count)).compactMap { arguments?[$0].map { String(cString: $0) } }
    let served: Never? = LastError.keep { try WorkerProcess.run(words, isLoop: true) }
    return served == nil ? -1 : 0
}

@c @implementation
public func roost_quit(_ host: OpaquePointer!) {
    guard let host = EmbeddedHost.of(host) else { return }
    Task { await host.quit() }
}

@c @implementation
public func roost_provide(
    _ name: UnsafePointer<CChar>!, _ application: (@convention(c) () -> Void)!, _ info: (@convention(c) () -> Void)!
) -> CInt {
    let provided: Void? = LastError.keep {
        guard let name, let application else {
            throw HostError(code: .usage, message: "roost_provide needs a name and an application")
        }
        let functions = ProvidedModules.Functions(
            application: unsafeBitCast(application, to: Generation.Application.self),
            info: info.map { unsafeBitCast($0, to: UnsafeMutableRawPointer.self) })
        let text = String(cString: name)
        _ = try ModuleName("builtin:\(text)")
        try ProvidedModules.provide(text, functions)
    }
    return provided == nil ? -1 : 0
}

@c @implementation
public func roost_mount(_ host: OpaquePointer!, _ application: UnsafePointer<CChar>!) -> CInt {
    LastError.keep(host, application) { host, text in
        try Blocking.wait { try await host.mount(text) }
    }
}

@c @implementation
public func roost_unmount(_ host: OpaquePointer!, _ mount: UnsafePointer<CChar>!) -> CInt {
    LastError.keep(host, mount) { host, mount in
        try Blocking.wait { try await host.unmount(mount) }
    }
}

@c @implementation
public func roost_port(_ host: OpaquePointer!) -> CInt {
    EmbeddedHost.of(host)?.port ?? -1
}

@c @implementation
public func roost_status(_ host: OpaquePointer!) -> UnsafeMutablePointer<CChar>! {
    EmbeddedHost.of(host).map { strdup($0.status) } ?? nil
}

@c @implementation
public func roost_free(_ text: UnsafeMutablePointer<CChar>!) { free(text) }

@c @implementation
public func roost_stop(_ host: OpaquePointer!) -> CInt {
    let result = LastError.keep(host, nil) { host, _ in
        // On this thread, since a reader of standard output that does not read blocks it.
        defer { host.flushLog() }
        try Blocking.wait { try await host.stop() }
    }
    if let host { Unmanaged<EmbeddedHost>.fromOpaque(UnsafeRawPointer(host)).release() }
    return result
}

@c @implementation
public func roost_error() -> UnsafePointer<CChar>! { LastError.text }
