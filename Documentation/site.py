"""Hooks of MkDocs (mkdocs.yml): the headers of the interface become pages, and links to them lead to these pages.

The headers' comments are the manual of the interface, so a page shows the header itself, with a heading for each of its
sections.
"""
import os
import re

from mkdocs.structure.files import File

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FOLDERS = ["Sources/CASGI/include", "Sources/CRoost/include"]
# The heading's comment may go on behind it.
SECTION = re.compile(r"^/\* -{2,} (.+?) -{2,}( \*/)?\n", re.M)


def headers():
    """The paths of the headers, below the repository."""
    for folder in FOLDERS:
        for name in sorted(os.listdir(f"{ROOT}/{folder}")):
            if name.endswith((".h", ".hpp")):
                yield f"{folder}/{name}"


def block(language, code):
    return f'<div class="header" markdown>\n\n```{language}\n{code.strip()}\n```\n\n</div>\n'


def page(path):
    """The Markdown of a header's page."""
    with open(f"{ROOT}/{path}") as file:
        parts = SECTION.split(file.read())
    language = "cpp" if path.endswith("pp") else "c"
    text = f"---\nhide: [navigation]\n---\n\n# {os.path.basename(path)}\n\nThe file `{path}`.\n\n"
    text += block(language, parts[0])
    for title, end, body in zip(parts[1::3], parts[2::3], parts[3::3]):
        text += f"\n## {title.strip()}\n\n" + block(language, body if end else f"/*\n{body}")
    return text


def on_files(files, config):
    for path in headers():
        name = f"reference/abi/{os.path.basename(path)}.md"
        files.append(File.generated(config, name, content=page(path)))
    return files


def on_page_markdown(markdown, page, **_):
    up = "../" * page.file.src_uri.count("/")
    return re.sub(
        r"\]\((?:\.\./)+Sources/(?:CASGI|CRoost)/include/(\w+\.h(?:pp)?)\)", rf"]({up}reference/abi/\1.md)", markdown)
