import Glibc

/// The terminal that the process was started from. A hang-up after its loss means shutdown, not reload. [any]
package struct ControllingTerminal: Sendable {
    private let wasThere: Bool

    /// Records whether there is a terminal now.
    package init() { self.wasThere = Self.isThere }

    package var isLost: Bool { self.wasThere && !Self.isThere }

    private static var isThere: Bool {
        let terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)
        guard terminal >= 0 else { return false }
        close(terminal)
        return true
    }
}
