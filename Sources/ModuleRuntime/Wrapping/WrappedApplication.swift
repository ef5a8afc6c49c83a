package import HTTPServer

/// Answers at the mount of an application that others wrap: calls the outermost of them. Thread-safe.
package final class WrappedApplication: MountAnswerer {
    // SAFETY: generations live as long as the process.
    unowned(unsafe) let generation: Generation
    /// The names of the applications that wrap it, the outermost first.
    let wrappers: [String]

    package init(_ generation: Generation, wrappedBy wrappers: [String]) {
        self.generation = generation
        self.wrappers = wrappers
    }

    package func answer(_ exchange: any Exchange, for mounted: Mounted, on loop: Int) {
        // Without one of the wrapping applications, which may protect it, the application is not called either.
        guard let loop = ScopeLoop.current?.takeUnretainedValue(), let first = loop.mounts.wrappers(of: mounted),
            let next = first.next
        else { return OwnAnswer.notStarted.give(to: exchange) }
        loop.start(
            WrapperExchange(exchange, next: next, root: self.generation), first.generation, root: self.generation)
    }
}
