import RoostSettings
import RoostSystem

/// The folders with the templates of an application, and the state of their files: a change of a template is a change of
/// the application.
struct TemplateFolders {
    let folders: [String]
    /// The files and the folders.
    let paths: [String]
    /// Differs for each state of the files.
    private let version: ContentHash

    /// Maximum number of files and folders of one application.
    static let most = 10_000

    /// Lists the folders. `seen` gets the states of their files. Throws `HostError` for a folder that does not exist, and
    /// above the limit.
    init(_ folders: [String], of place: String, seen: inout FileMarks) throws {
        self.folders = folders
        for folder in folders where !FileMark.isFolder(folder) {
            throw HostError(code: .settings, message: "\(place): 'templates': \(folder) is not a folder")
        }
        let listing = SourceTree(folders, includes: ["*"], most: Self.most).scan()
        guard !listing.isCut else {
            throw HostError(
                code: .settings,
                message:
                    "\(place): 'templates': more than \(Self.most) files and folders; name the folder of the templates only"
            )
        }
        let files = listing.files.sorted { $0.key < $1.key }
        for (path, mark) in files { seen.note(path, mark) }
        let states = files.map { "\($0.key) \($0.value.inode) \($0.value.size) \($0.value.changed)\n" }.joined()
        self.version = Array(states.utf8).withUnsafeBytes { ContentHash($0) }
        for folder in listing.folders { seen.note(folder) }
        self.paths = Array(listing.files.keys) + Array(listing.folders)
    }

    /// The settings for the application: the folders as a JSON list, and a text that changes with the files.
    var values: [String: String] {
        guard !self.folders.isEmpty else { return [:] }
        return [
            "roost.templates": "[\(self.folders.map { JSONString.quoted($0) }.joined(separator: ","))]",
            "roost.templates.version": "\(self.version)",
        ]
    }
}
