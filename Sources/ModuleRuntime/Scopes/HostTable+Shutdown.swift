import CASGI

/// `asgi.shutdown/1`: notifies applications that the host shuts down while their clients are still connected.
extension HostTable {
    /// Makes the table. It lives as long as the process.
    static func makeShutdownExtension() -> UnsafePointer<asgi_shutdown> {
        let table = UnsafeMutablePointer<asgi_shutdown>.zeroed(bytes: asgi_shutdown_size())
        table.pointee.size = UInt32(asgi_shutdown_size())
        table.pointee.begun = begunCall
        table.pointee.notice = noticeCall
        return UnsafePointer(table)
    }
}

private func begunCall(_ id: asgi_id) -> asgi_result {
    guard let generation = ScopeTable.process.slot(of: id)?.pointee.generation(of: id) else { return ASGI_STALE }
    return generation.isEnding ? ASGI_DONE : ASGI_PENDING
}

private func noticeCall(
    _ id: asgi_id, _ then: asgi_then?, _ context: UnsafeMutableRawPointer?, _ number: UnsafeMutablePointer<UInt64>?
) -> asgi_result {
    guard let then else { return ASGI_INVALID }
    return withWaits(id, nil) { slot, waits in
        guard let generation = slot.pointee.generation(of: id) else { return ASGI_STALE }
        waits.addNotice(id, slot, .call(then, context), number: number) { generation.isEnding }
        return ASGI_PENDING
    }
}
