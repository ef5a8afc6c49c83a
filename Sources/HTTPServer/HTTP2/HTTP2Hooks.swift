import CHTTP2

/// The hooks by which libnghttp2 reports to an `HTTP2Session`, its context.
enum HTTP2Hooks {
    // SAFETY: constant once made.
    nonisolated(unsafe) static var all: roost_h2_hooks = {
        var hooks = roost_h2_hooks()
        hooks.begin_headers = { context, _, isTrailers in
            HTTP2Hooks.session(context).beginHeaders(isTrailers: isTrailers != 0)
        }
        hooks.header = { context, name, nameSize, value, valueSize in
            let isTaken = HTTP2Hooks.session(context).header(
                UnsafeBufferPointer(start: name, count: nameSize), UnsafeBufferPointer(start: value, count: valueSize))
            return isTaken ? 0 : 1
        }
        hooks.end_headers = { context, number, user, isTrailers, isEnd in
            HTTP2Hooks.session(context).endHeaders(
                number, HTTP2Hooks.stream(user), isTrailers: isTrailers != 0, isEnd: isEnd != 0)
        }
        hooks.data = { context, _, user, bytes, size in
            HTTP2Hooks.session(context).data(HTTP2Hooks.stream(user), UnsafeRawBufferPointer(start: bytes, count: size))
        }
        hooks.end_stream = { context, _, user in
            if let stream = HTTP2Hooks.stream(user) { HTTP2Hooks.session(context).endStream(stream) }
        }
        hooks.closed = { context, _, user, error in HTTP2Hooks.session(context).closed(HTTP2Hooks.stream(user), error) }
        hooks.pong = { context in HTTP2Hooks.session(context).pong() }
        hooks.failed = { context, error in HTTP2Hooks.session(context).failed(error) }
        hooks.cost = { context, kind, count in HTTP2Hooks.session(context).cost(kind, count) }
        hooks.next_part = { context, user, most in
            HTTP2Hooks.session(context).nextPart(HTTP2Hooks.stream(user), most: most)
        }
        hooks.write_data = { context, user, head, headSize, size in
            HTTP2Hooks.session(context).writeData(
                HTTP2Hooks.stream(user), UnsafeRawBufferPointer(start: head, count: headSize), size)
        }
        return hooks
    }()

    @inline(__always)
    private static func session(_ context: UnsafeMutableRawPointer?) -> HTTP2Session {
        Unmanaged<HTTP2Session>.fromOpaque(context!).takeUnretainedValue()
    }

    @inline(__always)
    private static func stream(_ user: UnsafeMutableRawPointer?) -> HTTP2Stream? {
        user.map { Unmanaged<HTTP2Stream>.fromOpaque($0).takeUnretainedValue() }
    }
}
