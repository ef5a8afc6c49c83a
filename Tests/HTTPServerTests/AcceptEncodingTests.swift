import HTTPServer
import Testing

@Suite("AcceptEncoding: the codings that a client accepts")
struct AcceptEncodingTests {
    @Test(
        "the weight of gzip, in thousandths",
        arguments: [
            ("", 0), ("gzip", 1000), ("GZIP ; Q = 0.5", 500), ("br, gzip;q=0.85", 850), ("gzip;q=0.000", 0),
            ("gzip;q=0", 0), ("gzip;q=1.000", 1000), ("gzip;q=", 1000), ("gzip;x=1;q=0.1", 100), ("*", 1000),
            ("*, gzip;q=0", 0), ("gzip;q=0, *", 0), ("*;q=0.1, br", 100), ("gzipped, br", 0), (", ,gzip", 1000),
            ("gzip;q=0.9999", 999), ("gzip;q=2", 1000), (";q=1", 0),
        ])
    func weight(_ field: String, _ weight: Int) {
        #expect(AcceptEncoding(.lasting(field)).weight(of: "gzip") == weight)
    }
}
