/// Where a lifespan's application is called, and told: its control thread, or its one loop (`ASGI_ONE_LOOP`). [any]
enum LifespanHome: Sendable {
    case thread(ControlThread)
    case loop(Mailbox)

    /// Runs this there, after what was before it.
    func run(_ job: @escaping ControlThread.Job) {
        switch self {
        case .thread(let thread): thread.run(job)
        case .loop(let mailbox): mailbox.put(.job(job))
        }
    }

    /// Whether the caller is there.
    var isCurrent: Bool {
        switch self {
        case .thread(let thread): thread.isCurrent
        case .loop(let mailbox): ScopeLoop.current?.takeUnretainedValue().mailbox === mailbox
        }
    }
}
