"""The oracle: Python's imaplib says what the server really holds. It shares no line with the engine or the proxy.

One JSON request a line on stdin, one JSON answer a line on stdout.
"""

import base64
import hashlib
import imaplib
import json
import re
import ssl
import sys

host, port, root, user, password = sys.argv[1:6]
imaplib._MAXLINE = 10_000_000
box = imaplib.IMAP4_SSL(host, int(port), ssl_context=ssl.create_default_context(cafile=root))
box.login(user, password)


def ok(answer):
    kind, data = answer
    if kind != "OK":
        raise RuntimeError(f"the server said {kind}: {data!r}")
    return data


def quoted(name):
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def mailboxes():
    names = []
    for line in ok(box.list()):
        found = re.match(rb'\((.*?)\) "(.)" (.*)$', line)
        if found and b"\\Noselect" not in found.group(1):
            names.append(found.group(3).strip(b'"').decode())
    return sorted(names)


def held(name, readonly):
    """Every message of a mailbox: its UID, the SHA-256 of all its bytes, its flags."""
    count = int(ok(box.select(quoted(name), readonly=readonly))[0])
    if count == 0:
        return []
    found, parts = [], ok(box.uid("FETCH", "1:*", "(UID FLAGS BODY.PEEK[])"))
    for index, part in enumerate(parts):
        if not isinstance(part, tuple):
            continue
        tail = parts[index + 1] if index + 1 < len(parts) and isinstance(parts[index + 1], bytes) else b""
        head = part[0] + b" " + tail
        uid = int(re.search(rb"UID (\d+)", head).group(1))
        flags = re.search(rb"FLAGS \((.*?)\)", head).group(1).decode().split()
        digest = hashlib.sha256(part[1]).hexdigest()
        found.append((uid, digest, sorted(f for f in flags if f != "\\Recent")))
    if len(found) != count:
        raise RuntimeError(f"{name} has {count} messages and gave {len(found)}")
    return found


def put(mail):
    for letter in mail:
        raw = base64.b64decode(letter["raw"])
        ok(box.append(quoted(letter["mailbox"]), "(" + " ".join(letter["flags"]) + ")", None, raw))


def fill(request):
    there = mailboxes()
    for name in there:
        if int(ok(box.select(quoted(name)))[0]):
            ok(box.uid("STORE", "1:*", "+FLAGS.SILENT", "(\\Deleted)"))
            ok(box.expunge())
    ok(box.select("INBOX"))
    for name in request["mailboxes"]:
        if name not in there:
            ok(box.create(quoted(name)))
            ok(box.subscribe(quoted(name)))
    put(request["mail"])


def read(request):
    return [[name, digest, flags] for name in mailboxes() for _, digest, flags in held(name, True)]


def letters(request):
    """Every message of a mailbox whole: all its bytes and its flags."""
    if int(ok(box.select(quoted(request["mailbox"]), readonly=True))[0]) == 0:
        return []
    parts = ok(box.uid("FETCH", "1:*", "(UID FLAGS BODY.PEEK[])"))
    whole = []
    for index, part in enumerate(parts):
        if isinstance(part, tuple):
            tail = parts[index + 1] if index + 1 < len(parts) and isinstance(parts[index + 1], bytes) else b""
            flags = re.search(rb"FLAGS \((.*?)\)", part[0] + b" " + tail).group(1).decode().split()
            whole.append([base64.b64encode(part[1]).decode(), sorted(f for f in flags if f != "\\Recent")])
    return whole


def remake(request):
    """The same name, another UIDVALIDITY, and other messages under the old numbers."""
    ok(box.select("INBOX"))
    ok(box.delete(quoted(request["mailbox"])))
    ok(box.create(quoted(request["mailbox"])))
    put(request["mail"])


def drop(request):
    ok(box.select("INBOX"))
    ok(box.delete(quoted(request["mailbox"])))


def edit(request):
    """Does something to the first message with this digest; says whether it was there."""
    found = [uid for uid, digest, _ in held(request["mailbox"], False) if digest == request["digest"]]
    if not found:
        return False
    uid = str(found[0])
    for sign, flags in (("+FLAGS.SILENT", request.get("add")), ("-FLAGS.SILENT", request.get("remove"))):
        if flags:
            ok(box.uid("STORE", uid, sign, "(" + " ".join(flags) + ")"))
    if request.get("to"):
        ok(box._simple_command("UID", "MOVE", uid, quoted(request["to"])))
    if request.get("expunge"):
        ok(box.uid("STORE", uid, "+FLAGS.SILENT", "(\\Deleted)"))
        ok(box._simple_command("UID", "EXPUNGE", uid))
    return True


verbs = {"fill": fill, "put": lambda r: put(r["mail"]), "read": read, "letters": letters, "remake": remake, "drop": drop, "edit": edit}
for line in sys.stdin:
    request = json.loads(line)
    try:
        answer = {"ok": verbs[request["do"]](request)}
    except Exception as error:
        answer = {"error": f"{request['do']}: {error}"}
    print(json.dumps(answer), flush=True)
