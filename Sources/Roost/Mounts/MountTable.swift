import HTTPServer

/// What answers where. A value: every loop has its own, and a change replaces it.
struct MountTable {
    private var root: Generation?

    init() {}

    /// One application for everything.
    init(root: Generation) { self.root = root }

    /// What answers this request; nil: nothing does.
    @inline(__always)
    func generation(for head: RequestHead) -> Generation? { self.root }
}
