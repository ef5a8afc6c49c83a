import Middleware
import RoostSettings
import Testing

@Suite("Middleware entries")
struct MiddlewareEntryTests {
    @Test(
        "the text of an entry is parsed to the same entry",
        arguments: [
            "request-id", "cors,origins=same", "headers,add=a:b,add=a:c", "headers,add=a:b\\, c\\\\",
            "compress,level=5,types=text/* a/b",
            "https-redirect,hsts=1,subdomains",
        ])
    func text(_ text: String) {
        let entry = MiddlewareEntry(text)
        #expect(entry.description == text)
        #expect(MiddlewareEntry(entry.description) == entry)
    }

    @Test("escapes")
    func escapes() {
        #expect(MiddlewareEntry("headers,add=a:b\\,c").options == [.init("add", "a:b,c")])
        #expect(MiddlewareEntry("headers,add=a=b").options == [.init("add", "a=b")])
        #expect(MiddlewareEntry("x,flag").options == [.init("flag", "")])
    }

    @Test(
        "an invalid entry is refused, and the message says what to write",
        arguments: [
            ("cros", "'cros' is unknown; did you mean 'cors'?"),
            ("xyz", "'xyz' is unknown; known: request-id, trusted-hosts"),
            ("compress,size=1", "'compress' has no option 'size'; known: level, min-size, types"),
            ("compress,level=10", "'compress': level: '10' is not a number from 1 to 9"),
            ("compress,types=text", "'compress': types: 'text' is not a media type"),
            ("request-id,header=a b", "'request-id': header: 'a b' is not the name of a header field"),
            ("trusted-hosts", "'trusted-hosts': host: names no host"), ("trusted-hosts,host=a/b", "is not a host name"),
            ("https-redirect,port=0", "'0' is not a number from 1 to 65535"),
            ("https-redirect,subdomains", "needs hsts"),
            ("https-redirect,hsts=1,subdomains=maybe", "'maybe' is not true or false"),
            ("maintenance", "'maintenance': while: is missing"), ("max-body", "'max-body': size: is missing"),
            ("rate-limit", "'rate-limit': rate: '' is not a number of requests"),
            ("rate-limit,rate=0", "'0' is not a number of"),
            ("rate-limit,rate=5/d", "'5/d' is not a number of requests; examples: 10, 100/m"),
            ("rate-limit,rate=5,burst=0", "burst"),
            ("rate-limit,rate=5000", "'5000' is more than 1000/s"),
            ("rate-limit,rate=1/h,burst=100000", "take more than a year"),
            ("headers,remove=server", "the server adds 'server'; use --no-server-header"),
            ("max-body,size=-1", "'-1' is not a number from 0"), ("headers", "names no field"),
            ("headers,set=content-length:1", "is a header field that only the server sets"),
            ("headers,add=a", "'a' is not NAME:VALUE"),
            ("headers,add=a:b\u{1}", "is not a valid header field"), ("headers,remove=a:b", "'a:b' is not the name"),
            ("cors", "'cors': origins: names no origin"), ("cors,origins=nonsense/x", "which is not an origin"),
            ("cors,origins=*,credentials", "with all origins every page could act as the user"), ("", "'' is unknown"),
        ])
    func invalid(_ text: String, _ message: String) {
        let error = #expect(throws: MiddlewareFault.self) { try MiddlewareChain(host: [MiddlewareEntry(text)]) }
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
    }

    @Test("no entries are no chain")
    func none() throws { #expect(try MiddlewareChain(host: []) == nil) }
}
