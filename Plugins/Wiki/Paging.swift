import ASGI

/// One page of a list that is too long for one.
struct Paging: Equatable {
    let page: Int
    let pages: Int
    /// What of the list is on it.
    let range: Range<Int>

    /// `asked`: the number in the query. Throws `HTTPError(404)` for a page that there is not.
    init(_ asked: String?, count: Int, size: Int) throws(HTTPError) {
        self.pages = max(1, (count + size - 1) / size)
        guard let page = asked.map({ Int($0) }) ?? 1, 1...self.pages ~= page else {
            throw HTTPError(404, "There is no page \(asked ?? "") of this list.")
        }
        self.page = page
        self.range = (page - 1) * size..<min(page * size, count)
    }
}
