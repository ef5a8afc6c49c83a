import Testing

@testable import RoostSettings

/// Settings that are masked in output.
@Suite("Redaction of settings")
struct RedactionTests {
    @Test(
        "a value that contains a secret is masked, whatever its key",
        arguments: [
            "https://token@host", "https://user:geheim@host/path", "postgres://u:p@h", "redis://:geheim@h:6379/0",
            "amqp://u:p%40x@h//",
            "user:password@tcp(host:3306)/db", "host=h user=u password=geheim dbname=d",
            "Server=h;Database=d;Password=geheim;",
            "Server=h; User Id=u; Pwd = geheim", "https://h/x?api_key=geheim", "https://h/x?a=b&X-Amz-Signature=abc",
            "DefaultEndpointsProtocol=https;AccountKey=abc==", "Bearer abcdefgh", "Authorization: Bearer abcdefgh",
            "Basic dXNlcjpwYXNz",
            "{\"password\": \"geheim\"}", "X-Auth-Token: abc", "tool --password geheim", "tool --token=geheim",
            "ghp_0123456789abcdef0123",
            "eyJhbGciOiJIUzI1NiJ9.e30.abc", "-----BEGIN PRIVATE KEY-----\nabc", "a:b@c", "jdbc:oracle:thin:u/p@//h",
        ])
    func secrets(value: String) { #expect(Redaction.shown(value) == Redaction.mask) }

    @Test(
        "a value without a secret is shown",
        arguments: [
            "", "A title", "https://example.org/x?a=b", "http://[::1]:8000", "unix:/run/roost.sock,mode=660",
            "me@example.org",
            "mailto:me@example.org", "12:30", "a=b", "host=h dbname=d", "../libs", "127.0.0.1:8000", "Password:",
            "tokens", "10:20@",
        ])
    func others(value: String) { #expect(Redaction.shown(value) == value) }

    @Test("a secret key masks all values below it; also in lists of maps, name-value pairs and command options")
    func structures() throws {
        let root = try #require(
            try YAMLReader.read(
                """
                title: T
                secret: {deep: {er: geheim}, list: [geheim]}
                tokens: [geheim, geheim]
                databases:
                  - {host: h, password: geheim}
                  - {url: "pg://u:geheim@h"}
                env: [{name: DB_PASSWORD, value: geheim}, {name: REGION, value: eu}]
                command: [tool, --password, geheim, --region, eu]
                empty: {}
                pages: {size: 20}
                """)?.map)
        let leaves = Redaction.leaves(of: root).map { "\($0.key)=\($0.value)" }
        #expect(
            leaves == [
                "title=T", "secret=********", "tokens=********",
                #"databases=[{"host":"h","password":"********"},{"url":"********"}]"#,
                #"env=[{"name":"DB_PASSWORD","value":"********"},{"name":"REGION","value":"eu"}]"#,
                #"command=["tool","--password","********","--region","eu"]"#, "empty={}", "pages.size=20",
            ])
    }
}
