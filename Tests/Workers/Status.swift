/// The report of `roost status --json`.
struct Status: Decodable {
    struct Worker: Decodable {
        var pid: Int32
        var state: String
        var requests: Int
        var connections: Int
        var unfinished: Int
        var memory: Int
        var generation: String
    }

    struct Application: Decodable {
        var name: String
        var state: String
        var generation: String
        var fault: String?
    }

    var pid: Int32
    var state: String
    var workers: [Worker]
    var applications: [Application]
    var crashes: Int
    var restarts: Int
    var lastCrash: String
}
