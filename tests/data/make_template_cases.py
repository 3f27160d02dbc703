#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Make templates/cases.json: small templates with what jinja2 renders, for tests/unit/template_test.cc.

The environment is the one of transformers' chat_template_utils (5.x): immutable sandbox, trim_blocks, lstrip_blocks, loop
controls, the tags `generation`, its own `tojson`, `raise_exception`, `strftime_now`, `namespace` and `dict`. A case that
has "error" instead of "out" fails in jinja2. Run: make_template_cases.py > templates/cases.json
The templates under templates/*.jinja are our own, except for smollm2.jinja, and those under templates/published are of
models: see README.md.
"""
import copy
import datetime
import json
import pathlib
import re
import sys

from transformers.utils import chat_template_utils

NOW = 1753000000
HERE = pathlib.Path(__file__).parent / "templates"

VARIABLES = {
    "s": "Hello, Wörld <b>", "e": "", "n": 3, "f": 2.5, "neg": -7, "t": True, "fa": False, "no": None,
    "l": [3, 1, 2], "ls": ["b", "A", "c", "a"], "d": {"b": 1, "a": "x", "items": [1], "B": 2},
    "ld": [{"n": "x", "v": 2, "o": {"p": 1}}, {"n": "Y", "v": 1, "o": {"p": 0}}, {"n": "z"}],
    "dd": {"a": {"b": {"c": [1, 2, {"k": "v"}]}}}, "multi": "line1\nline2\n\n  line3  ", "ws": "  \t pad \n",
    "num": "42", "fl": "3.14x", "big": 9007199254740993, "sm": 0.1, "mix": [1, "a", None, True, 2.0, [1], {}],
    "u": "ÀÉß ǆ İ ΑΣ 你好 🎉", "tp": "a,b,,c", "em": [], "ed": {}, "ll": [[1, "a"], [2, "b"]], "q": "it's \"q\" \\ \u0007\u200b",
}

FILTERS = """upper lower title capitalize trim trim('a') length count list first last reverse reverse|list sort
sort(reverse=true) sort(attribute='v') sort(attribute='n,v') sort(case_sensitive=true) join join(',')
join('-',attribute='n') map('upper')|list map(attribute='n')|list map(attribute='v',default='q')|list map('int')|list
map('string')|join('/') map(attribute='o.p',default=9)|list select|list reject|list select('odd')|list
select('string')|list reject('none')|list selectattr('v')|list selectattr('n','equalto','x')|list
rejectattr('v')|list rejectattr('v','defined')|list default('D') default('D',true) d(1) replace('l','L')
replace('','-') replace('l','LL',1) items|list dictsort dictsort(by='value') dictsort(reverse=true) dictsort(true) string int
int(7) int(default=5,base=16) float float(1.5) abs round round(1) round(2,'floor') round(0,'ceil') round(-1) sum
sum(attribute='v',start=2) min max min(case_sensitive=true) max(attribute='n') unique|list batch(2)|list batch(3,'x')|list
slice(2)|list slice(3,0)|list indent indent(2,true) indent('>>',blank=true) indent(width=1,first=true) tojson
tojson(indent=2) tojson(ensure_ascii=true) tojson(sort_keys=true) tojson(separators=(',',':')) tojson(indent=0)
tojson(indent='ab') safe escape urlencode wordcount center(12) truncate(5) truncate(6,true,'..')
truncate(length=7,leeway=0) groupby('n')|list groupby('v',default=0)|list format(1) attr('x') attr('upper')|upper forceescape
nothing""".split()
TESTS = """defined undefined none string number integer float boolean mapping iterable sequence true false odd even
divisibleby(3) eq(3) ne(1) lt(2) le(2) gt(0) ge(1) in([3,'a']) equalto(3) callable lower upper sameas(none) escaped filter
nothing""".split()
METHODS = {
    "s": """strip('Hb>') lstrip('H') rstrip('>b') split() split(',') split('l',1) split('l',maxsplit=1) rsplit('l',1)
    rsplit('l') startswith('H') startswith(('a','H')) endswith('>') endswith(('b>','x')) startswith('e',1) upper() lower()
    title() capitalize() swapcase() replace('l','L') replace('l','L',1) replace('','.') find('l') find('l',4) find('z')
    rfind('l') rfind('l',0,5) index('l') rindex('o') count('l') count('') join(ls) join(['x','y']) join(l) isdigit()
    isalpha() isupper() removeprefix('He') removesuffix('>') partition(',') rpartition('l') zfill(20) center(21,'*')
    ljust(18) rjust(20) nothing() nothing __class__ __class__.__mro__ _x 0 format index('zz') split('')""",
    "ws": "strip() lstrip() rstrip() split() split(none,1) rsplit() rsplit(none,1) isspace() splitlines()",
    "multi": "splitlines() splitlines(true) split('\\n') title()",
    "tp": "split(',') split(',',2) rsplit(',',1) rsplit(',',2) partition(',,')",
    "num": "isdigit() isnumeric() isdecimal() isalnum() zfill(5) zfill(1)",
    "u": "upper() lower() title() capitalize() swapcase() find('你') find('🎉') isalpha() center(25)",
    "d": "a b items items() items()|list keys() keys()|list values()|list get('a') get('zz') get('zz',5) zz zz.y copy() pop('a') "
         "update({}) clear _x __class__",
    "l": "index(1) index(9) count(1) copy() append(1) pop() sort() 0 7 x x.y clear",
    "n": "x x.y", "no": "x x.y", "undef": "x",
    "'{} {}'": "format(1,'b') format(1)", "'{0} {n!r} {n:>5}|{0:<4}|{0:^5}|{1:.2f}|{1:06.1f}|{2:,}|{2:x}'": "format(7,2.345,1234567,n='q')",
    "'{a.b} {c[0]} {{}}'": "format(a=dd.a,c=l)",
}
EXPRESSIONS = r"""1 + 2 * 3 ** 2 // 4 - -5 % 3|7 / 2|7 // -2|-7 // 2|7 % -3|-7 % 3|7.5 // 2|-7.5 % 2|2 ** 10|2 ** -1|2 ** 0.5|1e3|1E-7|1.0
1e16|123456789012345678.0|1e22|0.1 + 0.2|1_000|0x1F|0b101|0o17|007|1e400|-0.0|3 * 'ab'|'ab' * -1|[1] * 2|[1] + [2]|(1,) + (2,)|'a' ~ 1 ~ none ~ true
1 == 1.0|true == 1|'a' == 'b'|[1, 2] == [1, 2]|{'a': 1} == {'a': 1.0}|1 < 2 < 3|1 < 3 < 2|1 < 2 > 1|'a' < 'b'|[1, 2] < [1, 3]|(1, 2) <= (1, 2)
none == false|undef == undef2|undef == none|1 in [1, 2]|'a' in 'abc'|'z' not in 'abc'|'a' in {'a': 1}|1 in undef|not 1 == 2|not not 1
1 or 2|0 or '' or 'x'|1 and 0 and 2|'a' if t else 'b'|'a' if fa else 'b'|'a' if fa|1 if t if t else 2|'a' if fa else 'b' if fa else 'c'
[1, 'a', none, true, 1.5, [], {}, (), (1,)]|{'a': 1, 'b': {'c': [1]}}|(1, 2)|1, 2|[]|{}|()|'a' 'b' "c"|'\n\t\\ \x41 \u00e9 \101 \q \''
s[0]|s[-1]|s[7:9]|s[::-1]|s[5:1:-2]|s[-3:]|s[:99]|s[99]|l[0]|l[-1]|l[9]|l[1:]|l[::-1]|l[::2]|l['x']|l[none]|d['a']|d['items']|d.items|d['zz']|d[0]|d[[1]]
dd.a.b.c[2].k|dd['a'].b['c'][0]|dd.x|dd.x.y|ll.0.1|u[4]|u[-1]|u[::2]|no.x|no['x']|undef|undef.x|undef['x']|undef()|undef + 1|'a' + undef|undef ~ 'a'
undef is defined|not undef|undef or 'x'|undef|list|undef|length|'a' + 1|1 + 'a'|none + 1|[] + {}|{} < {}|1 < 'a'|none < 1|'a' in 1|1 / 0|1 // 0|1 % 0|0 ** -1
9223372036854775807|9223372036854775807 + 0|-9223372036854775807 - 1|l[::0]|'a'[1:2:0]|range(3)|range(3)|list|range(1, 10, 3)|list|range(5, 0, -2)|list|range(0)|list
range(10)[2:5]|list|range(100001)|range(1, 2, 0)|dict(a=1, b=2)|dict([['a', 1]])|dict({'a': 1}, b=2)|namespace(a=1).a|namespace(a=1).b|namespace()['x']|namespace(_x=1)
raise_exception('no')|strftime_now('%Y-%m-%d %H:%M:%S %d %B %b %A %a %j %y %I %p %%')|strftime_now('%-d/%-m')|cycler('a', 'b').next()|joiner(',')()|'%s-%d-%5.1f|%x|%%' % ('a', 3, 2.25, 255)
'%(a)s' % {'a': 1}|'%s' % l|'%r' % 'a'|'%s'|format(s)|'%d' % 'a'|'%s %s' % 1|'%s' % (1, 2)|'%5s|%-5s|' % ('a', 'b')|'%+d|%05d|% d' % (1, 2, 3)|('<b>'|safe) + '<i>'|'<i>' + ('<b>'|escape)
('<b>'|safe) ~ '<i>'|['<b>'|safe]|('<b>'|safe)|upper|q|q|tojson|[q]|u|tojson|[u, none, '\u2028']|[1.0, 1e100, -0.0]|{1: 'a', none: 'b', true: 'c', 2.5: 'd'}|tojson|{(1, 2): 3}|tojson|undef|tojson|[undef]
l|map('nothing')|l|map|l|select('nothing')|[l]|map('map', 'string')|map('list')|list|ls|map('replace', 'a', 'z')|list|[[1, 2], [3]]|map('sum')|list|l|select('gt', 1)|list|l|select('>=', 2)|list|ls|reject('in', ['a', 'b'])|list
d|length > 2 and s|upper is string|1 + 2|string ~ 3|(1 + 2)|string|-1|abs|- 1 | abs|-n|+n|--n|- -3|-'a'|s is string and n is number or no|n is not none|n is divisibleby 3|n is divisibleby(2)|s is in ls|n is eq 3|5 is odd is true
d is mapping and d is not string|(ld|selectattr('v', 'defined')|map(attribute='v')|sum)|(ls|first).upper()|ls|join(', ')|upper|ld[0].n ~ ld[1]['n']|'a,b'.split(',')[1]|('a', 'b')|join|{'a': [1, {'b': 2}]}['a'][1].b|'x' if 'a' in d else 'y'
l|join(n)|ld|map(attribute='o')|selectattr('p')|list|s.upper().lower()[0:3]|'{}'.format(l)|f|int|'0x1F'|int(base=16)|'1e3'|int|'12abc'|int|''|float|' 42 '|int|'-7'|int|true|int|2.5|round|3.5|round|2.675|round(2)|1234|round(-2)"""

STATEMENTS = [
    "{% if n %}a{% elif t %}b{% else %}c{% endif %}", "{% if fa %}a{% elif fa %}b{% elif t %}c{% endif %}", "{% if e %}a{% else %}b{% endif %}",
    "{% for x in l %}{{ x }}{% endfor %}", "{% for x in em %}{{ x }}{% else %}none{% endfor %}",
    "{% for x in l %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.depth }} {% endfor %}",
    "{% for x in l %}{{ loop.previtem }}<{{ x }}>{{ loop.nextitem }} {{ loop.cycle('a', 'b') }}{% endfor %}",
    "{% for x in [1, 1, 2, 2, 1] %}{{ loop.changed(x) }} {% endfor %}", "{% for x in l if x > 1 %}{{ loop.index }}/{{ loop.length }}:{{ x }} {% endfor %}",
    "{% for x in l if x > 5 %}{{ x }}{% else %}none{% endfor %}", "{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %}", "{% for k in d %}{{ k }}{% endfor %}",
    "{% for a, b in ll %}{{ a }}{{ b }}{% endfor %}", "{% for a, (b, c) in [[1, [2, 3]]] %}{{ a }}{{ b }}{{ c }}{% endfor %}", "{% for a, b in l %}{% endfor %}",
    "{% for c in 'äb' %}{{ c }}.{% endfor %}", "{% for x in 3 %}{% endfor %}", "{% for x in none %}{% endfor %}", "{% for x in undef %}{% else %}u{% endfor %}",
    "{% for x in l %}{% if x == 1 %}{% continue %}{% endif %}{{ x }}{% endfor %}", "{% for x in l %}{% if x == 1 %}{% break %}{% endif %}{{ x }}{% endfor %}",
    "{% for x in l %}{% break %}{% else %}e{% endfor %}", "{% for x in l %}{% continue %}{% else %}e{% endfor %}", "{% for x in l %}{% for y in l %}{% if y == 1 %}{% break %}{% endif %}{{ x }}{{ y }} {% endfor %}{% endfor %}",
    "{% break %}", "{% for x in l %}{% set x = 1 %}{{ x }}{% endfor %}{{ x }}", "{% set x = 0 %}{% for y in l %}{% set x = x + y %}{{ x }} {% endfor %}{{ x }}",
    "{% set ns = namespace(x=0) %}{% for y in l %}{% set ns.x = ns.x + y %}{% endfor %}{{ ns.x }}", "{% set ns = namespace(found=false) %}{% for y in l if not ns.found %}{{ y }}{% set ns.found = y == 1 %}{% endfor %}",
    "{% set ns = namespace(found=false) %}{% for y in l if not ns.found %}{{ y }}{{ loop.length }}{% set ns.found = y == 1 %}{% endfor %}",
    "{% set ns = namespace() %}{% set ns.a = 1 %}{{ ns.a }}{{ ns.b }}{{ ns.b is defined }}", "{% set n.x = 1 %}", "{% set d.x = 1 %}", "{% set ns = namespace() %}{% set ns._x = 1 %}",
    "{% set a, b = 1, 2 %}{{ a }}{{ b }}", "{% set a, b = 'xy' %}{{ a }}{{ b }}", "{% set a = 1, 2 %}{{ a }}", "{% set a, b = [1] %}", "{% set x %}a{{ n }}{% endset %}{{ x }}{{ x|length }}",
    "{% set x | upper | replace('A', 'z') %}a{{ n }}b{% endset %}{{ x }}", "{% set x %}{% set y = 1 %}{% endset %}{{ y }}", "{% if t %}{% set x = 1 %}{% endif %}{{ x }}",
    "{% with a = 1, b = n %}{{ a }}{{ b }}{% endwith %}{{ a }}", "{% with n = 1, m = n %}{{ n }}{{ m }}{% endwith %}{{ n }}", "{% with %}{% set z = 1 %}{{ z }}{% endwith %}{{ z }}",
    "{% macro m(a, b=2, c='x') %}{{ a }}{{ b }}{{ c }}{% endmacro %}{{ m(1) }}|{{ m(1, 3) }}|{{ m(1, c='y') }}|{{ m(b=0, a=9) }}|{{ m() }}",
    "{% macro m(a, b=a) %}{{ a }}{{ b }}{% endmacro %}{{ m(1) }}", "{% macro m(a) %}{% endmacro %}{{ m(1, 2) }}", "{% macro m(a) %}{% endmacro %}{{ m(x=2) }}",
    "{% macro m(a) %}{{ a }}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1, 2, 3, k=4) }}", "{% macro m() %}[{{ caller() }}]{% endmacro %}{% call m() %}body{{ n }}{% endcall %}",
    "{% macro m() %}[{{ caller(1, 2) }}]{% endmacro %}{% call(a, b=5, c=6) m() %}{{ a }}{{ b }}{{ c }}{% endcall %}", "{% macro m() %}{{ caller() }}{% endmacro %}{{ m() }}",
    "{% macro f(x) %}{% if x > 0 %}{{ x }}{{ f(x - 1) }}{% endif %}{% endmacro %}{{ f(5) }}", "{% macro f(x) %}{{ f(x) }}{% endmacro %}{{ f(1) }}",
    "{% macro m() %}{{ y }}{% endmacro %}{% set y = 5 %}{{ m() }}", "{% macro m() %}{{ n }}{% set n = 1 %}{{ n }}{% endmacro %}{{ m() }}{{ n }}", "{% macro m(a) %}{% endmacro %}{{ m is callable }}{{ m.name }}{{ m }}",
    "{% for x in l %}{% macro m() %}{{ x }}{% endmacro %}{{ m() }}{% endfor %}", "{% filter upper %}abc{{ s }}{% endfilter %}", "{% filter replace('a', 'b')|upper %}aaa{% endfilter %}",
    "{% raw %}{{ n }}{% if %}{% endraw %}", "{%- raw -%}  {{ n }}  {%- endraw -%}  x", "{% raw %}\n a {% endraw +%}\nb", "{% generation %}a{{ n }}{% endgeneration %}b", "{% print n, s %}",
    "{# comment #}a{#- b -#} c", "a{# {{ n }} {% if %} #}b", "{{ '{{ n }}' }}", "{{ '%}' }}{{ \"}}\" }}", "{{ {'a': {'b': 1}} }}", "{{ {} }}", "{{ {'a':{}}}}",
    "a\n", "a\n\n", "\n", "", "a\r\nb\rc\r\n", "  {% if t %}\n  x\n  {% endif %}\n y", "  {%+ if t %}\n  x\n  {% endif +%}\n y", "a {%- if t -%} b {%- endif -%} c", "a  {{- n -}}  c", "  {{ n }}\n  {{ n }}\n",
    "{% if t %}\n\n a{% endif %}\n\nb", "a{% if t %} \n b{% endif %}", "x {% if t %}\n  {# c #}\n  y\n{% endif %}z", "\t {%- if t +%}\n a{%- endif %}\n", "{% set x = 1 %}\n{% set y = 2 %}\n{{ x }}{{ y }}",
    "{{ n", "{% if t %}", "{% endif %}", "{% if %}{% endif %}", "{# a", "{% raw %}a", "{{ }}", "{% nothing %}", "{{ 'a }}", "{{ (1 }}", "{{ 1) }}", "{{ a b }}", "{{ 1 + }}", "{{ n|}}", "{{ n.}}", "{{ n[ }}", "{{ $ }}", "{% for x %}{% endfor %}",
    "{% for 1 in l %}{% endfor %}", "{% set 1 = 2 %}", "{% set none = 2 %}", "{% macro %}{% endmacro %}", "{% if t %}{% else %}{% elif t %}{% endif %}", "{% endfor %}", "{% include 'a' %}", "{% do l.append(1) %}", "{{ '\\x4' }}",
    "{% set x = l.append(1) %}{{ x }}", "{{ l.append }}", "{% if l.append %}a{% endif %}", "{{ ''.__class__.__mro__ }}", "{{ cycler.__init__.__globals__ }}", "{{ s|attr('__init__') }}",
    "{% if fa %}{{ n|nothing }}{% endif %}ok", "{% if t %}{{ n|nothing }}{% endif %}", "{% if fa %}{% if n is nothing %}{% endif %}{% endif %}ok",
    "{{ l|map('upper') is iterable }}{% set g = ls|map('upper') %}{{ g|first }}{{ g|list }}{{ g|list }}", "{{ (ls|map('upper'))|length }}", "{% set x = joiner('-') %}{% for y in l %}{{ x() }}{{ y }}{% endfor %}",
    "{% set c = cycler(1, 2) %}{{ c.next() }}{{ c.next() }}{{ c.next() }}{{ c.current }}{{ c.reset() }}{{ c.next() }}", "{{ loop }}", "{% for x in l %}{{ loop }}{% endfor %}", "{% for x in l if loop %}{% endfor %}",
]


def user(text):
    return {"role": "user", "content": text}


def assistant(text, **more):
    return {"role": "assistant", "content": text, **more}


TOOLS = [{"type": "function", "function": {
    "name": "get_weather", "description": "Weather of a 'city' & \"more\"", "parameters": {
        "type": "object", "required": ["city"], "properties": {
            "city": {"type": "string", "description": "such as Zürich"}, "unit": {"type": "string", "enum": ["c", "f"]},
            "days": {"type": "array", "items": {"type": "integer"}}}}}}]
CALL = {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": {"city": "Zürich", "days": [1, 2]}}}
CONVERSATIONS = {
    "user": {"messages": [user("Hi")]},
    "system": {"messages": [{"role": "system", "content": "Be brief."}, user("Hi"), assistant("Hello!"), user(" 2+2? \n")]},
    "empty": {"messages": [{"role": "system", "content": ""}, user(""), assistant(""), user("x")]},
    "unicode": {"messages": [user("你好 🎉 <|im_end|> {{ 7*7 }} [/INST]")]},
    "parts": {"messages": [user([{"type": "text", "text": "a"}, {"type": "image"}, {"type": "text", "text": " b"}])]},
    "tools": {"messages": [user("Weather?")], "tools": TOOLS},
    "call": {"messages": [user("Weather?"), assistant("", tool_calls=[CALL]),
                          {"role": "tool", "name": "get_weather", "content": "sunny"}, assistant("Sunny."), user("Thanks")], "tools": TOOLS},
    "thinking": {"messages": [user("Q"), assistant("<think>\nbecause\n</think>\n\nA"), user("R"), assistant("B", reasoning_content="so\n")]},
    "wrong": {"messages": [assistant("first"), user("Hi")]},
    "null": {"messages": [user("Hi"), assistant(None), user("x")]},
}
PUBLISHED = ["system", "unicode", "call", "thinking", "null"]


def environment_render(source, variables):
    template = chat_template_utils._cached_compile_jinja_template(source)
    clock = datetime.datetime.fromtimestamp(NOW, datetime.timezone.utc).replace(tzinfo=None)
    template.globals["strftime_now"] = clock.strftime
    return template.render(**copy.deepcopy(variables))  # `+=` in a filter may change a list


def make_case(source, variables, key):
    case = {"t": source, "v": key}
    try:
        case["out"] = environment_render(source, variables)
        case["out"].encode()
    except Exception as problem:  # whatever it is, it is an error of the template
        case.pop("out", None)
        case["error"] = type(problem).__name__
    return case


def small_sources():
    values = ["s", "ls", "l", "d", "ld", "n", "f", "no", "undef", "multi", "ws", "num", "u", "mix", "q"]
    for number, name in enumerate(FILTERS):
        for k in range(5):  # not all of values x FILTERS: a rotating choice, with those first that fit most filters
            value = values[k] if k < 3 else values[(number * 2 + k) % len(values)]
            yield "{{ %s|%s }}" % (value, name)
    for number, name in enumerate(TESTS):
        for k in range(6):
            yield "{{ %s is %s }}" % (values[(number + 2 * k) % len(values)], name)
    for value, methods in METHODS.items():
        for method in methods.split():
            yield "{{ %s.%s }}" % (value, method)
    for line in EXPRESSIONS.splitlines():
        # "|" separates expressions, unless it is a filter: those have a name behind it and are joined again
        for expression in split_expressions(line):
            yield "{{ %s }}" % expression
    yield from STATEMENTS


def split_expressions(line):
    depth, quote, start, i = 0, "", 0, 0
    filters = re.compile(r"\s*(%s)\b" % "|".join(sorted({re.match(r"\w+", f)[0] for f in FILTERS} | {"map", "select", "reject", "selectattr"})))
    while i < len(line):
        c = line[i]
        if quote:
            i += c == "\\"
            quote = "" if c == quote else quote
        elif c in "'\"":
            quote = c
        elif c in "([{":
            depth += 1
        elif c in ")]}":
            depth -= 1
        elif c == "|" and depth == 0 and not filters.match(line, i + 1):
            yield line[start:i]
            start = i + 1
        i += 1
    yield line[start:]


def main():
    cases, seen = [], set()
    for source in small_sources():
        case = make_case(source, VARIABLES, "small")
        shown = case.get("out", "")
        if source not in seen and not re.search(r"(?i) at 0x[0-9a-f]+>|<class |<built-in|\d{19,}|\([\d.e+-]+j\)", shown):
            cases.append(case)
        seen.add(source)
    for path in sorted(HERE.glob("*.jinja")):
        source = path.read_text()
        for name, conversation in CONVERSATIONS.items():
            for prompt in (True, False):
                variables = {"tools": None, "documents": None, "bos_token": "<s>", "eos_token": "</s>",
                             **conversation, "add_generation_prompt": prompt}
                case = make_case(source, variables, name)
                cases.append({**case, "t": "@" + path.name, "prompt": prompt})
    for path in sorted((HERE / "published").glob("*.jinja")):
        for name in PUBLISHED:
            variables = {"tools": None, "documents": None, "bos_token": "<s>", "eos_token": "</s>", **CONVERSATIONS[name],
                         "add_generation_prompt": True}
            cases.append({**make_case(path.read_text(), variables, name), "t": "@published/" + path.name, "prompt": True})
    json.dump({"now": NOW, "small": VARIABLES, "conversations": CONVERSATIONS, "cases": cases}, sys.stdout,
              ensure_ascii=False, indent=0)
    print()


main()
