/// An application between its startup and its shutdown: what the ABI's `state` points at.
final class RunningApplication<App: Application>: Sendable {
    let application: App
    let loops: EventLoops

    init(_ application: App, _ loops: EventLoops) {
        self.application = application
        self.loops = loops
    }
}
