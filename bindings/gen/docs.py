# SPDX-License-Identifier: MIT
"""Doc blocks of the header, in their fixed order: description, @param, @return, Ownership, Thread safety, Errors, Since."""
import re
from dataclasses import dataclass, field
from typing import Dict, List, Optional

SECTIONS = ("Ownership", "Thread safety", "Errors", "Since")
PARAM = re.compile(r"@param (\w+) +(\S.*)")
SECTION = re.compile(r"(Ownership|Thread safety|Errors|Since): *(\S.*)")


@dataclass
class Doc:
    text: str = ""
    params: Dict[str, str] = field(default_factory=dict)
    result: Optional[str] = None
    sections: Dict[str, str] = field(default_factory=dict)


class DocError(Exception):
    pass


def lines_of(comment: str) -> List[str]:
    body = comment[len("/**"):-len("*/")]
    return [re.sub(r"^[ \t]*\*?[ \t]?", "", line).rstrip() for line in body.splitlines()]


def flow(lines: List[str]) -> str:
    """Lines as paragraphs, an empty line between them."""
    paragraphs = re.split(r"\n\s*\n", "\n".join(lines).strip())
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def parse(comment: str) -> Doc:
    """The parts of a block. Raises DocError for what stands out of order."""
    doc = Doc()
    parts: List[List[str]] = [[]]
    keys: List[str] = ["text"]
    for line in lines_of(comment):
        param, section = PARAM.match(line), SECTION.match(line)
        if param:
            keys.append("param " + param.group(1))
            parts.append([param.group(2)])
        elif line.startswith("@return "):
            keys.append("return")
            parts.append([line[len("@return "):]])
        elif section:
            keys.append(section.group(1))
            parts.append([section.group(2)])
        elif line.startswith("@"):
            raise DocError(f"{line.split()[0]} is not known; expected @param and @return with a description")
        else:
            parts[-1].append(line)
    order = [0 if key == "text" else 1 if key.startswith("param ") else 2 if key == "return" else
             3 + SECTIONS.index(key) for key in keys]
    if order != sorted(order) or len(set(keys)) != len(keys):
        raise DocError("the parts are out of order or doubled; expected description, @param, @return, "
                       + ", ".join(SECTIONS))
    for key, part in zip(keys, parts):
        text = flow(part)
        if key == "text":
            doc.text = text
        elif key == "return":
            doc.result = text
        elif key.startswith("param "):
            doc.params[key[len("param "):]] = text
        else:
            doc.sections[key] = text
    # Types say it in their last line: "... Since: 0.1".
    trailing = re.search(r"\s*Since: (\S+)$", doc.text)
    if trailing:
        doc.text = doc.text[:trailing.start()]
        doc.sections["Since"] = trailing.group(1)
    return doc


def summary(text: str) -> str:
    """The first sentence."""
    match = re.match(r"(.+?[.:])(?= [A-Z{\"]|\s*$|\n)", text, re.DOTALL)
    return match.group(1).rstrip(":") if match else text
