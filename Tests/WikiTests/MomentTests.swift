import Testing

@testable import Wiki

/// Points in time on pages.
@Suite("Moments")
struct MomentTests {
    @Test(
        "a moment is shown in English and in UTC, for readers and for programs",
        arguments: [
            (0, #"<time datetime="1970-01-01T00:00:00Z">1 Jan 1970, 00:00 UTC</time>"#),
            (1_794_000_609, #"<time datetime="2026-11-06T21:30:09Z">6 Nov 2026, 21:30 UTC</time>"#),
            (951_868_799, #"<time datetime="2000-02-29T23:59:59Z">29 Feb 2000, 23:59 UTC</time>"#),
        ]
    )
    func text(seconds: Int, html: String) {
        #expect(Moment(seconds).html.text == html)
    }
}
