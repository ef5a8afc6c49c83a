/// An application in a list of applications that wrap each other: the outermost first. Immutable and thread-safe.
final class NextApplication: Sendable {
    // SAFETY: generations live as long as the process.
    unowned(unsafe) let generation: Generation
    /// The application that it wraps; nil for the innermost, which the request's mount belongs to.
    let next: NextApplication?

    /// `wrapping`: the generations of the applications that wrap `innermost`, the outermost first.
    static func list(wrapping: [Generation], innermost: Generation) -> NextApplication {
        wrapping.reversed().reduce(NextApplication(innermost, nil)) { NextApplication($1, $0) }
    }

    private init(_ generation: Generation, _ next: NextApplication?) {
        self.generation = generation
        self.next = next
    }
}
