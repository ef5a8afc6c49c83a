/// Media types of files, by the ending of their names.
package enum FileMediaType {
    /// The type for a file name; `application/octet-stream` if the ending is not known.
    package static func of(_ name: some StringProtocol) -> String {
        guard let dot = name.lastIndex(of: ".") else { return Self.unknown }
        return Self.types[name[name.index(after: dot)...].lowercased()] ?? Self.unknown
    }

    private static let unknown = "application/octet-stream"

    /// Text is UTF-8. Types of the IANA registry, and of the HTML standard for scripts.
    private static let types: [String: String] = {
        var types: [String: String] = [:]
        for line in Self.table.split(separator: "\n") {
            let words = line.split(separator: " ")
            let type = words[0].hasPrefix("text/") ? "\(words[0]); charset=utf-8" : String(words[0])
            for ending in words.dropFirst() { types[String(ending)] = type }
        }
        return types
    }()

    private static let table = """
        text/html html htm
        text/css css
        text/javascript js mjs
        text/plain txt log
        text/markdown md markdown
        text/csv csv
        text/calendar ics
        text/vcard vcf
        text/vtt vtt
        text/xml xsl
        application/json json map
        application/ld+json jsonld
        application/geo+json geojson
        application/manifest+json webmanifest
        application/xml xml
        application/xhtml+xml xhtml
        application/atom+xml atom
        application/rss+xml rss
        application/wasm wasm
        application/pdf pdf
        application/rtf rtf
        application/epub+zip epub
        application/zip zip
        application/gzip gz tgz
        application/zstd zst
        application/x-bzip2 bz2
        application/x-xz xz
        application/x-7z-compressed 7z
        application/x-tar tar
        application/java-archive jar
        application/vnd.android.package-archive apk
        application/msword doc
        application/vnd.ms-excel xls
        application/vnd.ms-powerpoint ppt
        application/vnd.openxmlformats-officedocument.wordprocessingml.document docx
        application/vnd.openxmlformats-officedocument.spreadsheetml.sheet xlsx
        application/vnd.openxmlformats-officedocument.presentationml.presentation pptx
        application/vnd.oasis.opendocument.text odt
        application/vnd.oasis.opendocument.spreadsheet ods
        application/vnd.oasis.opendocument.presentation odp
        application/vnd.apple.mpegurl m3u8
        application/dash+xml mpd
        image/png png
        image/jpeg jpg jpeg
        image/gif gif
        image/webp webp
        image/avif avif
        image/jxl jxl
        image/heic heic
        image/svg+xml svg
        image/x-icon ico cur
        image/bmp bmp
        image/tiff tif tiff
        font/woff woff
        font/woff2 woff2
        font/ttf ttf
        font/otf otf
        font/collection ttc
        audio/mpeg mp3
        audio/ogg ogg oga opus
        audio/mp4 m4a
        audio/aac aac
        audio/flac flac
        audio/wav wav
        audio/webm weba
        audio/midi mid midi
        video/mp4 mp4 m4v
        video/webm webm
        video/ogg ogv
        video/mp2t ts
        video/quicktime mov
        video/x-msvideo avi
        video/x-matroska mkv
        model/gltf-binary glb
        model/gltf+json gltf
        """
}
