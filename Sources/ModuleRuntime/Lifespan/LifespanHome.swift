/// Where a lifespan's application is called and its receives complete: on its control thread, or on its only loop
/// (`ASGI_ONE_LOOP`). Thread-safe.
enum LifespanHome: Sendable {
    case thread(ControlThread)
    case loop(Mailbox)

    /// Runs the job on this home, after all earlier ones.
    func run(_ job: @escaping ControlThread.Job) {
        switch self {
        case .thread(let thread): thread.run(job)
        case .loop(let mailbox): mailbox.put(.job(job))
        }
    }

    /// Whether the caller is on this home.
    var isCurrent: Bool {
        switch self {
        case .thread(let thread): thread.isCurrent
        case .loop(let mailbox): ScopeLoop.current?.takeUnretainedValue().mailbox === mailbox
        }
    }
}
