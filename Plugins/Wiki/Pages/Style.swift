import ASGI

/// The stylesheet. Browsers cache it; its URL changes with its contents.
enum Style {
    static let version = TextHash(of: Self.text).description

    static var response: HTTPResponse {
        HTTPResponse(
            headers: [
                "content-type": "text/css; charset=utf-8", "cache-control": "public, max-age=31536000, immutable",
            ],
            body: ResponseBody(Self.text)
        )
    }

    private static let text = """
        :root {
          color-scheme: light dark;
          --page: #fbfaf7; --paper: #ffffff; --ink: #1d2127; --faint: #5c6570; --line: #dcdfe3; --accent: #1c5a9c;
          --on-accent: #ffffff; --alert: #9b2c1d; --alert-page: #fdf0ed; --code: #f1f2f4;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --page: #14171a; --paper: #1b1f24; --ink: #e4e7ea; --faint: #9aa4af; --line: #333a42; --accent: #7db7f0;
            --on-accent: #10151a; --alert: #ffb4a6; --alert-page: #3a201b; --code: #262b31;
          }
        }
        *, *::before, *::after { box-sizing: border-box; }
        html { -webkit-text-size-adjust: 100%; }
        body {
          margin: 0; background: var(--page); color: var(--ink);
          font: 1.0625rem/1.6 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
        }
        a { color: var(--accent); text-decoration-thickness: 1px; text-underline-offset: .18em; }
        :focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 3px; }
        main:focus { outline: none; }
        .skip { position: absolute; left: -100rem; padding: .5rem 1rem; background: var(--paper); z-index: 1; }
        .skip:focus { left: 0; }
        .unseen {
          position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap;
        }
        header { background: var(--paper); border-bottom: 1px solid var(--line); }
        .bar {
          max-width: 60rem; margin: 0 auto; padding: .75rem 1.25rem; display: flex; flex-wrap: wrap;
          align-items: center; gap: .5rem 1.25rem;
        }
        .brand { font: 600 1.375rem/1.2 Georgia, "Noto Serif", serif; color: var(--ink); text-decoration: none; }
        .search { display: flex; flex: 1 1 14rem; gap: .5rem; }
        .search input { flex: 1; min-width: 0; }
        nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin: 0; padding: 0; list-style: none; }
        nav a { display: inline-block; padding: .25rem 0; text-decoration: none; }
        nav a:hover, nav a[aria-current] { text-decoration: underline; }
        nav a[aria-current] { color: var(--ink); }
        main { max-width: 60rem; margin: 0 auto; padding: 1.5rem 1.25rem 4rem; }
        h1, h2, h3 { font-family: Georgia, "Noto Serif", serif; line-height: 1.25; overflow-wrap: anywhere; }
        h1 { font-size: 2rem; font-weight: 600; margin: 0 0 1rem; }
        h2 { font-size: 1.375rem; margin: 2rem 0 .75rem; }
        h3 { font-size: 1.125rem; margin: 1.5rem 0 .5rem; }
        article { max-width: 42rem; overflow-wrap: break-word; }
        article img { max-width: 100%; height: auto; }
        blockquote { margin: 1rem 0; padding: 0 1rem; border-left: 3px solid var(--line); color: var(--faint); }
        code, textarea { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
        code { font-size: .9em; background: var(--code); padding: .1em .3em; border-radius: 3px; }
        pre { background: var(--code); padding: .875rem 1rem; border-radius: 6px; overflow-x: auto; }
        pre code { padding: 0; background: none; }
        hr { border: 0; border-top: 1px solid var(--line); margin: 2rem 0; }
        footer { max-width: 42rem; margin-top: 2.5rem; padding-top: 1rem; border-top: 1px solid var(--line); }
        .note, time { color: var(--faint); font-size: .9375rem; }
        .actions { display: flex; flex-wrap: wrap; gap: .75rem; align-items: center; margin: 1rem 0; }
        .actions form { display: contents; }
        .titles { columns: 16rem; column-gap: 2rem; padding: 0; margin: 0; list-style: none; }
        .titles li { break-inside: avoid; padding: .25rem 0; overflow-wrap: anywhere; }
        .changes { padding: 0; margin: 0; list-style: none; }
        .changes li {
          display: flex; flex-wrap: wrap; gap: 0 .75rem; align-items: baseline; padding: .5rem 0;
          border-bottom: 1px solid var(--line); overflow-wrap: anywhere;
        }
        .changes time { margin-left: auto; }
        .tag { font-size: .8125rem; padding: 0 .5rem; border: 1px solid var(--line); border-radius: 1rem; color: var(--faint); }
        .banner, .alert { padding: .25rem 1rem; border: 1px solid var(--line); border-radius: 6px; background: var(--paper); }
        .alert { padding: .75rem 1rem; color: var(--alert); background: var(--alert-page); border-color: currentColor; }
        .pager { display: flex; gap: 1.25rem; align-items: baseline; margin-top: 1.5rem; }
        label { display: block; font-weight: 600; margin: 1rem 0 .25rem; }
        input, textarea, button, .button {
          font-size: 1rem; line-height: 1.5; padding: .5rem .75rem; border: 1px solid var(--line); border-radius: 6px;
        }
        input { font-family: inherit; }
        input, textarea { width: 100%; color: var(--ink); background: var(--paper); border-color: var(--faint); }
        textarea { font-size: .9375rem; resize: vertical; }
        button, .button {
          display: inline-block; font-family: inherit; font-weight: 600; cursor: pointer; text-decoration: none;
          color: var(--on-accent); background: var(--accent); border-color: var(--accent);
        }
        .quiet, .search button { color: var(--accent); background: transparent; border-color: var(--line); }
        button:hover, .button:hover { filter: brightness(1.08); }
        @media (max-width: 40rem) {
          .search { flex-basis: 100%; }
          nav { font-size: .9375rem; }
          nav ul { gap: .25rem .875rem; }
          h1 { font-size: 1.625rem; }
        }
        @media print { header, .actions, .skip { display: none; } }

        """
}
