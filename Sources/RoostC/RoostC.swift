import CRoost
import Glibc
import Roost

// The functions of `roost.h`.

@c @implementation
public func roost_start(_ settings: UnsafePointer<CChar>!) -> OpaquePointer! {
    LastError.keep {
        let text = settings.map { String(cString: $0) } ?? "{}"
        let host = try Blocking.wait { try await EmbeddedHost.start(text) }
        return OpaquePointer(Unmanaged.passRetained(host).toOpaque())
    }
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
