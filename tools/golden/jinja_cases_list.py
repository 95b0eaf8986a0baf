# SPDX-License-Identifier: Apache-2.0
"""Templates and contexts for jinja_cases.py: each construct of the subset, and whole chat templates."""

CHAT = {
    "messages": [
        {"role": "system", "content": "  Be brief.\n"},
        {"role": "user", "content": "Zażółć 'gęślą' \"jaźń\""},
        {"role": "assistant", "content": "<think>\nhm\n</think>\n\nDone. "},
        {"role": "user", "content": "And <b>2</b> & 3?"},
    ],
    "add_generation_prompt": True,
    "bos_token": "<s>",
    "eos_token": "</s>",
}
TOOLS = [{"type": "function", "function": {"name": "f", "description": "does é", "parameters": {
    "type": "object", "properties": {"x": {"type": "number", "minimum": 0.5}, "on": {"type": "boolean"}},
    "required": ["x"]}}}]
CALLS = {**CHAT, "tools": TOOLS, "messages": CHAT["messages"] + [
    {"role": "assistant", "content": "", "tool_calls": [
        {"id": "abcdefghi", "type": "function", "function": {"name": "f", "arguments": {"x": 1.5, "on": True, "n": None}}}]},
    {"role": "tool", "tool_call_id": "abcdefghi", "content": "42"},
    {"role": "tool", "tool_call_id": "abcdefghi", "content": "43"}]}
DATA = {"s": "Hello World", "n": 7, "x": 2.5, "l": [3, 1, 2], "w": ["b", "A", "c"], "d": {"k": 1, "items": 5, "z": [1]},
        "t": True, "f": False, "none_": None, "e": [], "u": "żółw 🐢", "people": [
            {"name": "Ann", "age": 3, "ok": True}, {"name": "Bob", "age": 1, "ok": False}, {"name": "cy", "age": 2}]}

# ChatML, as Bielik and many others use it, with the system message in front.
CHATML = """{{ bos_token }}{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"""

# In the manner of Llama 2 and Mistral v0.1.
INST = """{% if messages[0]['role'] == 'system' %}
  {% set system = messages[0]['content'] | trim + '\n\n' %}
  {% set turns = messages[1:] %}
{% else %}
  {% set system = '' %}
  {% set turns = messages %}
{% endif %}
{% for message in turns %}
  {% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}
    {{ raise_exception('roles must alternate') }}
  {% endif %}
  {% set content = system + message['content'] if loop.index0 == 0 else message['content'] %}
  {% if message['role'] == 'user' %}
{{ bos_token ~ '[INST] ' ~ content | trim ~ ' [/INST]' -}}
  {% elif message['role'] == 'assistant' %}
{{ ' ' + content | trim + ' ' + eos_token -}}
  {% endif %}
{% endfor %}
"""

# In the manner of Llama 3.x: headers, a date, tools in the system message.
HEADERS = """{{- bos_token }}
{%- if custom_tools is defined %}
    {%- set tools = custom_tools %}
{%- endif %}
{%- if not date_string is defined %}
    {%- set date_string = "26 Jul 2024" %}
{%- endif %}
{%- if not tools is defined %}
    {%- set tools = none %}
{%- endif %}
{#- The system message comes first. #}
{%- if messages[0]['role'] == 'system' %}
    {%- set system_message = messages[0]['content']|trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set system_message = "" %}
{%- endif %}
{{- "<|start_header_id|>system<|end_header_id|>\n\n" }}
{%- if tools is not none %}
    {{- "Environment: ipython\n" }}
{%- endif %}
{{- "Today Date: " + date_string + "\n\n" }}
{%- if tools is not none and not tools_in_user_message %}
    {%- for t in tools %}
        {{- t | tojson(indent=4) }}
        {{- "\n\n" }}
    {%- endfor %}
{%- endif %}
{{- system_message }}
{{- "<|eot_id|>" }}
{%- for message in messages %}
    {%- if not (message.role == 'ipython' or message.role == 'tool' or 'tool_calls' in message) %}
        {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n'+ message['content'] | trim + '<|eot_id|>' }}
    {%- elif 'tool_calls' in message %}
        {%- if not message.tool_calls|length == 1 %}
            {{- raise_exception("one call at a time") }}
        {%- endif %}
        {%- set tool_call = message.tool_calls[0].function %}
        {{- '<|start_header_id|>assistant<|end_header_id|>\n\n' -}}
        {{- tool_call.name + "(" }}
        {%- for arg_name, arg_val in tool_call.arguments | items %}
            {{- arg_name + '="' ~ arg_val ~ '"' }}
            {%- if not loop.last %}
                {{- ", " }}
            {%- endif %}
        {%- endfor %}
        {{- ")" }}
        {{- "<|eom_id|>" }}
    {%- elif message.role == "tool" or message.role == "ipython" %}
        {{- "<|start_header_id|>ipython<|end_header_id|>\n\n" }}
        {%- if message.content is mapping or message.content is iterable %}
            {{- message.content | tojson }}
        {%- else %}
            {{- message.content }}
        {%- endif %}
        {{- "<|eot_id|>" }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start_header_id|>assistant<|end_header_id|>\n\n' }}
{%- endif %}
"""

# In the manner of Qwen3: looks back for the last question, cuts thoughts out of older answers.
THOUGHTS = """{%- if messages[0].role == 'system' %}
    {{- '<|im_start|>system\n' + messages[0].content + '<|im_end|>\n' }}
{%- endif %}
{%- set ns = namespace(multi_step_tool=true, last_query_index=messages|length - 1) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if ns.multi_step_tool and message.role == "user" and message.content is string and not(message.content.startswith('<tool_response>') and message.content.endswith('</tool_response>')) %}
        {%- set ns.multi_step_tool = false %}
        {%- set ns.last_query_index = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) %}
        {{- '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>' + '\n' }}
    {%- elif message.role == "assistant" %}
        {%- set content = message.content %}
        {%- set reasoning = '' %}
        {%- if message.reasoning_content is string %}
            {%- set reasoning = message.reasoning_content %}
        {%- elif '</think>' in content %}
            {%- set reasoning = content.split('</think>')[0].rstrip('\n').split('<think>')[-1].lstrip('\n') %}
            {%- set content = content.split('</think>')[-1].lstrip('\n') %}
        {%- endif %}
        {%- if loop.index0 > ns.last_query_index and (loop.last or (not loop.last and reasoning)) %}
            {{- '<|im_start|>' + message.role + '\n<think>\n' + reasoning.strip('\n') + '\n</think>\n\n' + content.lstrip('\n') }}
        {%- else %}
            {{- '<|im_start|>' + message.role + '\n' + content }}
        {%- endif %}
        {%- if message.tool_calls %}
            {%- for tool_call in message.tool_calls %}
                {%- if (loop.first and content) or (not loop.first) %}{{- '\n' }}{%- endif %}
                {%- if tool_call.function %}
                    {%- set tool_call = tool_call.function %}
                {%- endif %}
                {{- '<tool_call>\n{"name": "' + tool_call.name + '", "arguments": ' }}
                {%- if tool_call.arguments is string %}
                    {{- tool_call.arguments }}
                {%- else %}
                    {{- tool_call.arguments | tojson }}
                {%- endif %}
                {{- '}\n</tool_call>' }}
            {%- endfor %}
        {%- endif %}
        {{- '<|im_end|>\n' }}
    {%- elif message.role == "tool" %}
        {%- if loop.first or (messages[loop.index0 - 1].role != "tool") %}
            {{- '<|im_start|>user' }}
        {%- endif %}
        {{- '\n<tool_response>\n' + message.content + '\n</tool_response>' }}
        {%- if loop.last or (messages[loop.index0 + 1].role != "tool") %}
            {{- '<|im_end|>\n' }}
        {%- endif %}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}
        {{- '<think>\n\n</think>\n\n' }}
    {%- endif %}
{%- endif %}
"""

EXPRESSIONS = """
1 + 2 * 3|7 // 2|-7 // 2|-7 % 3|7 % -3|7 / 2|2.0 * 3|1e16|1e-5|0.1 + 0.2|-n|+n|n - -2|10 / 5|2 * 'ab'|'ab' * 0|[1] + [2]|[0] * 3
'a' ~ 1 ~ none ~ true ~ 2.0|'a' 'b'|"q\\"uo\\te\\n\\x41\\u017c"|'it\\'s'|'\\d'|1 < 2 < 3|1 < 2 > 5|'a' < 'b'|n == 7.0|true == 1|'a' in 'cat'|4 in l|'k' in d|'q' not in d
not t|not t or t|t and 0|0 or ''|none_ or 'x'|'y' if n > 5 else 'z'|'y' if n > 50|(1, 2)|(1,)|()|[1, 'a', none, true, 1.0]|{'a': 1, "b": [2]}|["it's", 'q"q', "\\n"]
s[0]|s[-1]|s[1:4]|s[::-1]|s[:-1]|s[::2]|s[100:]|u[5]|u[::-1]|l[::-1]|l[1:]|l[-2:]|l[5:1:-1]|l[0]|d.k|d['k']|d['items']|d.z.0|missing|d.missing|l[10]
s | upper|s | lower|s | length|u | length|s | title|'hELLO wORLD' | capitalize|'  x ' | trim|'xxaxx' | trim('x')|s | replace('l', 'L')|s | replace('l', 'L', 1)|l | join(', ')|w | join|people | join('/', attribute='name')
missing | default('q')|none_ | default('q')|none_ | default('q', true)|'' | d('q', boolean=true)|l | first|l | last|e | first|s | first|l | sort|w | sort|l | sort(reverse=true)|w | unique | list|[1, 1, 2] | unique | list|l | reverse | list|s | reverse
people | map(attribute='name') | list|w | map('upper') | join(',')|people | selectattr('ok') | map(attribute='name') | list|people | selectattr('ok', 'defined') | list | length|people | rejectattr('age', 'gt', 1) | map(attribute='name') | join
people | selectattr('name', 'equalto', 'Bob') | list|[0, 1, 2] | select | list|l | select('odd') | list|l | reject('in', [1]) | list|people | sort(attribute='age') | map(attribute='name') | list|people | map(attribute='ok', default='?') | list
'42' | int|'x' | int|'x' | int(5)|3.9 | int|'2.5' | float|'7' | float|n | string|true | string|l | string|d | items | list|d | list|d | dictsort|[3, 1] | min|[3, 1] | max|-3 | abs|'a\\nb' | indent|'a\\n\\nb' | indent(2, true)|s | safe
d | tojson|l | tojson|u | tojson|u | tojson(ensure_ascii=true)|d | tojson(indent=2)|[] | tojson(indent=2)|{'b': 1, 'a': {'c': []}} | tojson(indent=1, sort_keys=true)|'<b> & "q" \\t \\x01' | tojson|1.0 | tojson|none_ | tojson|true | tojson|[1, 2] | tojson(separators=(',', ':'))
s.upper()|s.lower()|s.split()|s.split('o')|s.split('o', 1)|'a,b,,c'.split(',')|'  a  b '.split()|s.startswith('He')|s.endswith(('x', 'd'))|s.replace('o', '0')|s.strip('Hd')|' x '.strip()|' x '.lstrip()|' x '.rstrip()|s.find('World')|s.count('l')|','.join(['a', 'b'])
'żX'.find('X')|'a1b'.isdigit()|'12'.isdigit()|'hello world'.title()|s.removeprefix('Hello')|s.removesuffix('World')|'a\\nb\\r\\nc'.splitlines()|d.keys() | list|d.values() | list|d.get('k')|d.get('q')|d.get('q', 3)|l.index(1)|l.count(3)
n is defined|missing is defined|missing is undefined|none_ is none|s is string|d is mapping|l is iterable|s is iterable|n is iterable|l is sequence|n is number|true is number|x is float|n is integer|true is integer|t is true|n is true|f is false|t is boolean|n is odd|n is even|n is divisibleby 7
n is eq 7|n is equalto(7)|n is ne 7|n is gt 5|n is lt 5|n is ge 7|n is le 6|1 is in [1]|'HI' is upper|'hi' is lower|n is not none|n is not defined|not n is defined|s is string and n is number|none is none|missing is none|range(3) | list|range(1, 4) | list|range(5, 0, -2) | list
namespace(a=1).a|namespace(a=1).b|dict(a=1)|s is sameas s|d == {'k': 1, 'items': 5, 'z': [1]}|l == [3, 1, 2]|[1, 2] == (1, 2)|missing == none|missing ~ 'x'|not missing|missing | length|missing | list|1 if missing else 2|(n)|((n) + 1) * 2|-n | abs|2 + n | string | length
'%s' in s|n % 2 == 1 and not f|l | length > 2|'a' + s | upper|s | upper ~ 'x'|[l, d] | tojson|[[], {}, ''] | map('length') | list|u | upper if false else 'k'|'ß' | length|'\u00a0x\u3000' | trim|1_000 + 1|3 is odd or false|s[n - 7]|l[l | length - 1]
l.append(4)|1 + 'a'|'a' + 1|none + 1|missing.x|missing['x']|missing + 1|1 / 0|1 % 0|s()|q()|n.foo()|[1] < [2] and false|1 < 'a'|none < 1|3 in 3|n | length|{'a': 1}.pop('a')|d.update({})|s.nothing()|l | join(', ', 3, 4)|n | nothing|n is nothing|none | tojson(q=1)|'a' in none
""".strip("\n")

BLOCKS = [
    "a\n{% if true %}\nb\n{% endif %}\nc\n",
    "a\n  {% if true %}  \nb\n  {% endif %}\nc",
    "a\n  {%+ if true %}\nb\n  {%+ endif +%}\nc",
    "a  {%- if true -%}  \n b  {%- endif -%}  \n c",
    "  {# c #}\nx\n  {#- c -#}\n y{# a #} b",
    "x {{- ' y ' -}} z\n{{ 1 }}\n{{ 2 }}\n\n",
    "\r\na\r\n{% if 1 %}\r\nb{% endif %}\r\n",
    "   {{ 1 }}   {% if 1 %} q {% endif %}   \n",
    "{% if 1 %}\n\n  x\n{% endif %}\n\n",
    "{% raw %}{{ x }} {% if %}{% endraw %}!",
    "  {% raw %}\n  {{ a }}\n  {% endraw %}\nb",
    "{% if f %}a{% elif n == 7 %}b{% else %}c{% endif %}",
    "{% if f %}a{% elif e %}b{% else %}c{% endif %}{% if d %}d{% endif %}",
    "{% for i in l %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ i }};{% endfor %}",
    "{% for i in l %}[{{ loop.previtem }}|{{ loop.nextitem }}|{{ loop.cycle('a', 'b') }}]{% endfor %}",
    "{% for i in e %}x{% else %}none{% endfor %}{% for i in missing %}x{% else %}none{% endfor %}",
    "{% for k, v in d.items() %}{{ k }}={{ v }} {% endfor %}{% for k in d %}{{ k }}{% endfor %}",
    "{% for p in people if p.ok is defined %}{{ loop.index }}/{{ loop.length }}{{ p.name }} {% endfor %}",
    "{% for i in range(10) %}{% if i == 2 %}{% continue %}{% endif %}{% if i == 5 %}{% break %}{% endif %}{{ i }}{% endfor %}",
    "{% for a in [1,2] %}{% for b in [3,4] %}{{ loop.depth }}{{ a }}{{ b }}{% if b == 3 %}{% continue %}{% endif %}!{% endfor %}{% endfor %}",
    "{% set x = 1 %}{% for i in l %}{% set x = x + i %}{{ x }} {% endfor %}{{ x }}",
    "{% set ns = namespace(x=1) %}{% for i in l %}{% set ns.x = ns.x + i %}{% endfor %}{{ ns.x }}",
    "{% set a, b = 1, 2 %}{{ a }}{{ b }}{% if t %}{% set a = 5 %}{% endif %}{{ a }}",
    "{% set x %}  block {{ n }}\n{% endset %}[{{ x }}]{{ x | length }}",
    "{% macro m(a, b=2, c='z') %}<{{ a }}{{ b }}{{ c }}{{ n }}>{% endmacro %}{{ m(1) }}{{ m(1, c=3) }}{{ m(b=1, a=2) }}{{ m(1) | length }}",
    "{% macro f(i) %}{{ i }}{% if i > 0 %}{{ f(i - 1) }}{% endif %}{% endmacro %}{{ f(5) }}",
    "{% set q = 9 %}{% macro m() %}{% set q = 3 %}{{ q }}{% endmacro %}{{ m() }}{{ q }}{% macro e() %}{% endmacro %}[{{ e() }}]",
    "{% for m in [1] %}{% generation %}{{ m }}x{% endgeneration %}\n{% endfor %}y",
    "{% filter upper %}abc {{ s }}{% endfilter %}",
    "{{ {'a': {'b': 1}}['a']['b'] }}{{ {'x': {}} }}",
    "{{ 'a}}b' }}{{ \"%}\" }}{# }} #}",
    "{{ loop is defined }}{% for i in [1] %}{{ loop is defined }}{% endfor %}",
    "{{ 1, 2 }}{{ raise_exception is defined }}",
    "{% for c in 'żó' %}{{ c }}-{% endfor %}{% for (a, b) in [(1, 2)] %}{{ a }}{{ b }}{% endfor %}",
    "{%if n%}{{n}}{%endif%}{%-  set  y=3  -%}{{y}}",
    "{{ 'x' if t else 'y' ~ 'z' }}{{ ('x' if f else 'y') ~ 'z' }}",
    "{{ raise_exception('no') }}",
    "{% for a, b in [1] %}{% endfor %}",
    "{% set ns = namespace() %}{% set ns.l = [1] %}{% set ns.l = ns.l + [2] %}{{ ns.l }}",
    "{% if x is not string and x is number %}{{ x }}{% endif %}{% if not (t and f) %}ok{% endif %}",
    "{% set s = s | replace('World', 'all') -%}\n   {{ s }}\n\n{%- set z = 1 %}\n\n{{ z }}",
    "{% for i in l %}\n  {{ i }}\n{% endfor %}\n",
    "{% for i in l -%}\n  {{ i }}\n{%- endfor %}\n",
    "{{ d.items() | list }}",
]

CASES = [(t, c) for t in (CHATML, INST, HEADERS, THOUGHTS) for c in (CHAT, CALLS, {**CHAT, "messages": CHAT["messages"][1:]}, {**CHAT, "enable_thinking": False, "add_generation_prompt": False})]
CASES += [(t, DATA) for t in BLOCKS]


def _expressions():
    """The lines above are cut at '|' that has no blank before it: filters are written with one."""
    for line in EXPRESSIONS.split("\n"):
        part = ""
        for i, c in enumerate(line):
            if c == "|" and line[i - 1] != " ":
                yield part
                part = ""
            else:
                part += c
        yield part


CASES += [("{{ " + e + " }}", DATA) for e in _expressions()]
