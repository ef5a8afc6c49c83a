import ASGI

/// One page of a paged list.
struct Paging: Equatable {
    let page: Int
    let pages: Int
    /// The indices of the list on this page.
    let range: Range<Int>

    /// `asked`: the number in the query. Throws `HTTPError(404)` if the page does not exist.
    init(_ asked: String?, count: Int, size: Int) throws(HTTPError) {
        self.pages = max(1, (count + size - 1) / size)
        guard let page = asked.map({ Int($0) }) ?? 1, 1...self.pages ~= page else {
            throw HTTPError(404, "There is no page \(asked ?? "") of this list.")
        }
        self.page = page
        self.range = (page - 1) * size..<min(page * size, count)
    }
}
