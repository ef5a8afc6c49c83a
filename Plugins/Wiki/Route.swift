import ASGI

/// What a request asks for, by its path below the mount; and the paths that links lead to.
enum Route: Equatable {
    case index
    case entry(String)
    case search
    case new
    case edit(String)
    case history(String)
    case version(String, Int)
    case restore(String)
    case random
    case changes
    case style

    /// Nil: there is no such page. A title is all that follows, with the slashes that it may have.
    init?(_ path: String) {
        switch path {
        case "/", "": self = .index
        case "/search": self = .search
        case "/new": self = .new
        case "/random": self = .random
        case "/changes": self = .changes
        case "/style.css": self = .style
        default:
            let parts = path.dropFirst().split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[1].isEmpty else { return nil }
            let title = String(parts[1])
            switch parts[0] {
            case "wiki": self = .entry(title)
            case "edit": self = .edit(title)
            case "history": self = .history(title)
            case "restore": self = .restore(title)
            case "version":
                let parts = title.split(separator: "/", maxSplits: 1)
                guard parts.count == 2, let number = Int(parts[0]), number > 0,
                    String(number) == parts[0]
                else { return nil }
                self = .version(String(parts[1]), number)
            default: return nil
            }
        }
    }

    /// The path below the mount, percent-encoded.
    var path: String {
        switch self {
        case .index: "/"
        case .entry(let title): "/wiki/\(title.percentEncoded)"
        case .search: "/search"
        case .new: "/new"
        case .edit(let title): "/edit/\(title.percentEncoded)"
        case .history(let title): "/history/\(title.percentEncoded)"
        case .version(let title, let number): "/version/\(number)/\(title.percentEncoded)"
        case .restore(let title): "/restore/\(title.percentEncoded)"
        case .random: "/random"
        case .changes: "/changes"
        case .style: "/style.css"
        }
    }

    /// The methods that it is asked for with; HEAD goes with GET.
    var methods: [String] {
        switch self {
        case .new, .edit: ["GET", "HEAD", "POST"]
        case .restore: ["POST"]
        default: ["GET", "HEAD"]
        }
    }
}
