package import RoostSystem

/// How the workers of a group are to be: how many, who, when one is replaced.
package struct WorkerPlan: Sendable, Equatable {
    package var workers = 1
    /// Requests after which a worker is replaced, and by how many that may differ, at most.
    package var requests: Int?
    package var requestJitter = 0
    /// Bytes.
    package var memory: Int?
    /// Seconds: how long a worker serves, how long its loops may not turn, how long it may take to be ready, its requests to end,
    /// and the whole of its end.
    package var lifetime: Int?
    package var stall: Int?
    package var start = 75
    package var grace = 30
    package var stop = 95
    /// So many crashes within so many seconds are too many.
    package var crashes = 3
    package var crashWindow = 60
    /// Bytes that an application may hand to its next generation.
    package var state = 1 << 20
    /// The words that a worker is started with, after its own.
    package var arguments: [String] = []
    package var privileges = Privileges()
    /// What one may have loaded in the place of something else.
    package var allowance = LoadedImages.Allowance()
    /// Variables that it has besides its supervisor's.
    package var environment: [String: String] = [:]

    package init() {}

    /// Generations that one may load in the place of others, and the bytes of their files: above them another worker takes over.
    package mutating func allow(images: Int, bytes: Int) {
        self.allowance = LoadedImages.Allowance(images: images, bytes: bytes)
    }
}
