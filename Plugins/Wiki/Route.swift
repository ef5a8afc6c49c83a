import ASGI

/// The target of a link: a name of the URL table, and its values.
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

    var name: String {
        switch self {
        case .index: "index"
        case .entry: "entry"
        case .search: "search"
        case .new: "new"
        case .edit: "edit"
        case .history: "history"
        case .version: "version"
        case .restore: "restore"
        case .random: "random"
        case .changes: "changes"
        case .style: "style"
        }
    }

    var values: [any URLValue] {
        switch self {
        case .index, .search, .new, .random, .changes, .style: []
        case .entry(let title), .edit(let title), .history(let title), .restore(let title): [Subpath(title)]
        case .version(let title, let number): [number, Subpath(title)]
        }
    }
}
