import HTTPServer

/// With `--reload`: shows browsers the fault of the last build, or of the newest version of an application, in place of
/// the application. The page follows the fault by server-sent events, and loads itself again when it is fixed.
///
/// Only navigations of browsers get the page: other requests go on to the previous version, which still serves.
final class DevelopmentPage: Middleware {
    private let faults: DevelopmentFaults
    private let application: UInt32
    /// The query of the page's event stream.
    static let query: StaticString = "__roost-fault"

    init(_ faults: DevelopmentFaults, of application: UInt32) {
        self.faults = faults
        self.application = application
    }

    func examine(_ request: inout MiddlewareRequest) -> MiddlewareAnswer? {
        let head = request.head
        let isRead = head.method.equals("GET") || head.method.equals("HEAD")
        guard isRead, !head.asksForWebSocket else { return nil }
        let fault = self.faults.fault(of: self.application)
        if head.query.equals(Self.query) { return Self.event(fault) }
        guard let fault, ErrorPages.isForBrowser(head) else { return nil }
        return MiddlewareAnswer(
            503, Self.page(fault), [("content-type", "text/html; charset=utf-8"), ("cache-control", "no-store")])
    }

    /// One event. The stream ends after it, and the browser asks again after `retry` milliseconds: a stream that stays
    /// open would keep the worker that a reload replaces.
    private static func event(_ fault: String?) -> MiddlewareAnswer {
        MiddlewareAnswer(
            200, "retry: 1000\ndata: \(fault.map { "\(OctetsHash.of($0.utf8))" } ?? "none")\n\n",
            [("content-type", "text/event-stream"), ("cache-control", "no-store")])
    }

    private static func page(_ fault: String) -> String {
        """
        <!doctype html>
        <html lang="en">
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>Not running</title>
        <style>
        :root { color-scheme: light dark }
        body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 8vh auto 2rem; padding: 0 1.5rem }
        h1 { font-size: 1.5rem; font-weight: 600; margin: 0 0 .5rem }
        pre { font: .875rem/1.5 ui-monospace, monospace; padding: 1rem; border-radius: .5rem; white-space: \(fault.contains("\n") ? "pre; overflow-x: auto" : "pre-wrap");
              overflow-wrap: anywhere; background: color-mix(in srgb, currentcolor 8%, transparent) }
        p { opacity: .7; margin: 0 }
        </style>
        <h1>The newest version is not running</h1>
        <pre>\(ErrorPages.escaped(fault))</pre>
        <p>This page reloads itself when the fault is fixed. Requests of programs still reach the previous version.</p>
        <script>
        let shown = "\(OctetsHash.of(fault.utf8))"
        let events = new EventSource(location.pathname + "?\(Self.query)")
        events.onmessage = event => { if (event.data !== shown) { events.close(); location.reload() } }
        // A stream that was refused is not tried again by the browser.
        events.onerror = () => { if (events.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), 1000) }
        </script>

        """
    }
}
