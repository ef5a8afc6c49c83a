/// An application between startup and shutdown. The ABI's `state` points to it.
final class RunningApplication<App: Application>: Sendable {
    let application: App
    let loops: EventLoops

    init(_ application: App, _ loops: EventLoops) {
        self.application = application
        self.loops = loops
    }
}
