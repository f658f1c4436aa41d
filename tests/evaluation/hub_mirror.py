"""As much of the hub's interface as loading a data set needs, over folders on this machine."""

import hashlib
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class HubMirror:
    """For use in `with`: `root/OWNER/NAME` is a data set's repository; `paths` are what was asked for."""

    def __init__(self, root):
        self.root, self.paths = root, []

    def __enter__(self):
        mirror = self

        class Handler(Answering):
            root, paths = mirror.root, mirror.paths

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self):
        return f"http://127.0.0.1:{self._server.server_port}"


class Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.paths.append(f"{self.command} {self.path}")
        parts = unquote(urlsplit(self.path).path).strip("/").split("/")
        if parts[:2] == ["api", "datasets"]:
            return self.say_json(self.about("/".join(parts[2:4]), parts[4:]))
        if parts[0] == "datasets" and parts[3] == "resolve":
            return self.send_file(self.root / parts[1] / parts[2], "/".join(parts[5:]))
        return self.say_json(None)

    do_HEAD = do_GET

    def do_POST(self):
        self.paths.append(f"{self.command} {self.path}")
        parts = unquote(urlsplit(self.path).path).strip("/").split("/")
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        asked = json.loads(body) if body.startswith("{") else parse_qs(body)
        found = self.entries("/".join(parts[2:4]))
        wanted = [path.strip("/") for path in asked["paths"]]
        self.say_json([entry for entry in found if entry["path"] in wanted])

    def about(self, name, rest):
        """A repository, or a part of its tree."""
        if not (self.root / name).is_dir():
            return None
        if rest[:1] == ["tree"]:
            folder = "".join(f"{part}/" for part in rest[2:])
            found = [entry for entry in self.entries(name) if entry["path"].startswith(folder)]
            return (
                found
                if "recursive=true" in self.path.lower()
                else [entry for entry in found if "/" not in entry["path"].removeprefix(folder)]
            )
        files = [{"rfilename": entry["path"]} for entry in self.entries(name) if entry["type"] == "file"]
        return {"_id": "1", "id": name, "sha": COMMIT, "siblings": files, "private": False, "gated": False, "tags": []}

    def entries(self, name):
        """What the tree of a repository lists."""
        folder = self.root / name
        return [
            {"type": "directory", "oid": digest(str(path).encode()), "size": 0, "path": str(path.relative_to(folder))}
            if path.is_dir()
            else {"type": "file", "oid": digest(path.read_bytes()), "size": path.stat().st_size}
            | {"path": str(path.relative_to(folder))}
            for path in sorted(folder.rglob("*"))
        ]

    def send_file(self, folder, path):
        if not (folder / path).is_file():
            return self.say_json(None)
        data = (folder / path).read_bytes()
        self.say(200, data, {"ETag": f'"{digest(data)}"', "X-Repo-Commit": COMMIT, "Accept-Ranges": "bytes"})

    def say_json(self, value):
        if value is None:
            return self.say(
                404, b"{}", {"X-Error-Code": "EntryNotFound" if "/resolve/" in self.path else "RepoNotFound"}
            )
        self.say(200, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def say(self, status, data, headers):
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(data))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def log_message(self, *words):
        pass


def digest(data):
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()
