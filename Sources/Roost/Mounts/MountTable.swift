import HTTPServer

/// What answers where. A value: every loop has its own, and a change replaces it.
struct MountTable {
    private var root: Generation?
    /// What is answered where no application is mounted.
    private(set) var otherwise = OwnAnswer.notFound

    init() {}

    /// One application for everything.
    init(root: Generation) { self.root = root }

    /// The host answers everything itself.
    init(instead: OwnAnswer) { self.otherwise = instead }

    /// Whether every application that is to be mounted is.
    var isReady: Bool { self.root != nil }

    /// What answers this request; nil: nothing does.
    @inline(__always)
    func generation(for head: RequestHead) -> Generation? { self.root }
}
