import CASGI
import CJSON
import CLinux
import CViews
import HTTPServer
import Logging
import RoostSystem

/// The functions of `asgi.urls/1`. All are thread-safe.
enum ViewsTable {
    /// The table. Lives as long as the process.
    // SAFETY: the table is constant once made.
    nonisolated(unsafe) static let pointer: UnsafePointer<asgi_views> = {
        let table = UnsafeMutablePointer<asgi_views>.zeroed(bytes: asgi_views_size())
        table.pointee.size = UInt32(asgi_views_size())
        table.pointee.call = viewCall
        table.pointee.reverse = reverseCall
        table.pointee.collect = collectCall
        table.pointee.fields = fieldsCall
        table.pointee.parts = partsCall
        table.pointee.add_header = addHeaderCall
        table.pointee.set_cookie = setCookieCall
        table.pointee.reply = replyCall
        table.pointee.json = jsonCall
        table.pointee.reply_json = replyJSONCall
        table.pointee.reply_file = replyFileCall
        table.pointee.headers = headersCall
        table.pointee.allocate = { id, size in
            withView(id) { view in view.details.withContents { $0.arena.allocate(ifThereIs: size) } } ?? nil
        }
        return UnsafePointer(table)
    }()
}

private func viewCall(
    _ urls: UnsafePointer<asgi_urls>?, _ scope: UnsafePointer<asgi_scope>?, _ receive: asgi_receive?, _ send: asgi_send?
) -> asgi_result {
    guard let scope, let receive, let send, scope.pointee.type == ASGI_HTTP else { return ASGI_INVALID }
    let id = scope.pointee.id
    guard let slot = ScopeTable.process.slot(of: id), let generation = slot.pointee.unretainedGeneration(of: id) else {
        return ASGI_STALE
    }
    guard let table = generation._withUnsafeGuaranteedRef({ $0.urls }), table.source == urls else {
        let reason = "the URL table is not the one that asgi_module_info provides as asgi.urls/1"
        generation.takeUnretainedValue().log(.callRefused, ["call": "view", "reason": "\(reason)"], scope: id)
        return ASGI_FAILED
    }
    let isHome = slot.pointee.home.loop != nil && slot.pointee.home.loop == UnsafeRawPointer(roost_current_loop())
    // Keeps the scope's memory until the view has returned.
    guard isHome || slot.pointee.beginJob(id) else { return ASGI_STALE }
    defer { if !isHome { slot.pointee.endJob(id) } }
    let view = ViewMemory(making: slot)
    guard view.request.pointee.scope == nil else {
        generation.takeUnretainedValue().log(
            .callRefused, ["call": "view", "reason": "the scope has already been passed to the views"], scope: id)
        return ASGI_INVALID
    }
    roost_view_reset(view.view)
    view.request.pointee.scope = scope
    view.request.pointee.receive = receive
    view.request.pointee.send = send
    view.request.pointee.views = ViewsTable.pointer
    let call = ViewCall(table: table, generation: generation, view: view, waits: ScopeLoop.current == nil)
    return call.run(Octets(asgi_path(scope)), method: Octets(scope.pointee.method))
}

/// The root path of a request, which a proxy may have extended; nil for a lifespan, and for a scope that has ended.
private func rootPath(of id: asgi_id) -> [UInt8]? {
    guard let slot = ScopeTable.process.slot(of: id), slot.pointee.announce(id, ordered: false) else { return nil }
    defer { slot.pointee.complete(ordered: false) }
    // Set before the id is passed to the module, and kept while the call is announced.
    guard let scope = slot.pointee.scope else { return nil }
    return scope._withUnsafeGuaranteedRef { Array(Octets($0.memory.pointee.root_path).bytes) }
}

private func reverseCall(
    _ id: asgi_id, _ name: UnsafePointer<asgi_string>?, _ arguments: UnsafePointer<asgi_argument>?, _ count: Int,
    _ text: UnsafeMutablePointer<CChar>?, _ room: Int
) -> Int64 {
    guard let generation = ScopeTable.process.slot(of: id)?.pointee.generation(of: id) else { return Int64(ASGI_STALE) }
    guard let name, count >= 0, count == 0 || arguments != nil, let table = generation.urls else {
        return Int64(ASGI_INVALID)
    }
    do {
        let path = try table.reverse(Octets(name.pointee).text, UnsafeBufferPointer(start: arguments, count: count))
        let root = rootPath(of: id) ?? Array(generation.rootPath.bytes)
        let whole = LocalReference.path(PercentEncoding.path(root) + path)
        if let text {
            // A size of C above Int.max arrives as a negative number.
            let written = min(UInt(bitPattern: room), UInt(whole.utf8.count))
            UnsafeMutableRawBufferPointer(start: text, count: Int(written)).copyBytes(
                from: whole.utf8.prefix(Int(written)))
        }
        return Int64(whole.utf8.count)
    } catch {
        generation.log(.callRefused, ["call": "reverse", "reason": "\(error)"], scope: id)
        return Int64(ASGI_INVALID)
    }
}

private func collectCall(
    _ id: asgi_id, _ limit: UInt64, _ then: asgi_then?, _ context: UnsafeMutableRawPointer?
) -> asgi_result {
    guard let generation = ScopeTable.process.slot(of: id)?.pointee.generation(of: id), let table = generation.urls
    else {
        return ASGI_STALE
    }
    let waits = then == nil && ScopeLoop.current == nil
    return withView(id) { view in
        let call = ViewCall(table: table, generation: .passUnretained(generation), view: view, waits: waits)
        let most = limit > 0 ? Int(clamping: limit) : call.bodyLimit
        let done = then.map { then in { (result: asgi_result) in then(context, id, result, nil) } }
        return BodyCollection(view, limit: most, done: done).start(waits: waits)
    } ?? ASGI_STALE
}

/// Runs `body` with the decoded contents of a view's request. Returns nil after a fault, which is logged.
private func decoding<Result>(
    _ id: asgi_id, _ body: (inout ViewDetails.Contents, UnsafePointer<asgi_request>, _ most: Int) throws -> Result
) -> Result? {
    guard let generation = ScopeTable.process.slot(of: id)?.pointee.generation(of: id) else { return nil }
    return withView(id) { view in
        do {
            return try view.details.withContents {
                try body(&$0, view.request, generation.facilities.viewLimits.fields)
            }
        } catch {
            generation.log(.viewFieldsInvalid, ["reason": "\(error)"], scope: id)
            return nil
        }
    } ?? nil
}

private func fieldsCall(
    _ id: asgi_id, _ source: UInt32, _ count: UnsafeMutablePointer<Int>?
) -> UnsafePointer<asgi_header>? {
    count?.pointee = 0
    guard let found = decoding(id, { try $0.fields(source, $1, most: $2) }) else { return nil }
    count?.pointee = found.count
    return found.start
}

private func partsCall(_ id: asgi_id, _ count: UnsafeMutablePointer<Int>?) -> UnsafePointer<asgi_part>? {
    count?.pointee = 0
    let found = decoding(id) { contents, request, most in
        _ = try contents.fields(ASGI_FORM_FIELDS, request, most: most)
        return contents.parts
    }
    guard let parts = found ?? nil else { return nil }
    count?.pointee = parts.count
    return parts.start
}

private func addHeaderCall(_ id: asgi_id, _ header: UnsafePointer<asgi_header>?) -> asgi_result {
    guard let header else { return ASGI_INVALID }
    guard let generation = ScopeTable.process.slot(of: id)?.pointee.generation(of: id) else { return ASGI_STALE }
    return withView(id) {
        ViewReply($0).add(Octets(header.pointee.name), Octets(header.pointee.value), log: generation)
    } ?? ASGI_STALE
}

private func setCookieCall(_ id: asgi_id, _ cookie: UnsafePointer<asgi_cookie>?) -> asgi_result {
    guard let generation = ScopeTable.process.slot(of: id)?.pointee.generation(of: id) else { return ASGI_STALE }
    guard let cookie, asgi_cookie_has_value(cookie) != 0 else { return ASGI_INVALID }
    guard cookie.pointee.flags & ~SetCookie.flags == 0 else { return ASGI_UNSUPPORTED }
    return withView(id) { view in
        let whole = UnsafeMutablePointer<asgi_cookie>.zeroed(bytes: asgi_cookie_size())
        defer { UnsafeMutableRawPointer(whole).deallocate() }
        UnsafeMutableRawPointer(whole).copyMemory(
            from: cookie, byteCount: min(Int(cookie.pointee.size), asgi_cookie_size()))
        do {
            let scope = view.request.pointee.scope!
            let text = try SetCookie.text(
                of: whole, mount: Octets(scope.pointee.root_path),
                isSecure: Octets(scope.pointee.scheme).equals("https"))
            return Array(text.utf8).withUnsafeBytes {
                ViewReply(view).add(Octets("set-cookie"), Octets($0), log: generation)
            }
        } catch {
            generation.log(.callRefused, ["call": "set_cookie", "reason": "\(error)"], scope: id)
            return ASGI_INVALID
        }
    } ?? ASGI_STALE
}

private func headersCall(_ id: asgi_id, _ count: UnsafeMutablePointer<Int>?) -> UnsafePointer<asgi_header>? {
    count?.pointee = 0
    let found = withView(id) { view in
        view.details.withContents { contents in
            (start: contents.arena.copy(contents.headers), count: contents.headers.count)
        }
    }
    guard let found else { return nil }
    count?.pointee = found.count
    return found.start
}

private func replyCall(
    _ id: asgi_id, _ status: Int32, _ contentType: UnsafePointer<asgi_string>?, _ body: UnsafePointer<asgi_string>?
) -> asgi_result {
    guard let contentType, let body else { return ASGI_INVALID }
    return withView(id) { ViewReply($0).send(status, Octets(contentType.pointee), Octets(body.pointee)) } ?? ASGI_STALE
}

private func jsonCall(_ id: asgi_id, _ fault: UnsafeMutablePointer<asgi_string>?) -> UnsafePointer<asgi_json>? {
    fault?.pointee = asgi_string()
    guard let generation = ScopeTable.process.slot(of: id)?.pointee.generation(of: id) else { return nil }
    return withView(id) { view in
        view.details.withContents { contents in
            let (json, reason) = contents.readJSON(most: generation.facilities.viewLimits.jsonValues)
            if json == nil {
                fault?.pointee = asgi_string(Array(reason.utf8).withUnsafeBytes { contents.arena.copy($0) })
            }
            return json
        }
    } ?? nil
}

private func replyJSONCall(_ id: asgi_id, _ status: Int32, _ value: UnsafePointer<asgi_json>?) -> asgi_result {
    guard let value else { return ASGI_INVALID }
    guard let generation = ScopeTable.process.slot(of: id)?.pointee.generation(of: id) else { return ASGI_STALE }
    return withView(id) { view in
        let functions = roost_json_functions()!
        var fault = asgi_string()
        guard let text = functions.pointee.write(value, &fault) else {
            generation.log(.callRefused, ["call": "reply_json", "reason": "\(Octets(fault).text)"], scope: id)
            return ASGI_INVALID
        }
        defer { functions.pointee.release_text(text) }
        return ViewReply(view).send(status, Octets("application/json"), Octets(text.pointee))
    } ?? ASGI_STALE
}

private func replyFileCall(
    _ id: asgi_id, _ folder: UnsafePointer<asgi_string>?, _ path: UnsafePointer<asgi_string>?,
    _ contentType: UnsafePointer<asgi_string>?
) -> asgi_result {
    guard let folder, let path, let contentType else { return ASGI_INVALID }
    return withView(id) { view in
        guard let file = ViewFile(folder: Octets(folder.pointee), path: Octets(path.pointee)) else {
            return ASGI_FAILED
        }
        return ViewReply(view).send(
            file: file.descriptor, size: file.size, named: Octets(path.pointee), Octets(contentType.pointee))
    } ?? ASGI_STALE
}
