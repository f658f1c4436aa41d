"""A page opened in headless Chromium, and what the browser tells of it over its DevTools protocol."""

import asyncio
import itertools
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = ("headless", "no-sandbox", "disable-gpu", "no-first-run", "disable-background-networking")
FLAGS += ("disable-component-update", "disable-sync", "disable-quic", "remote-debugging-port=0", "window-size=1200,900")


@dataclass
class Visit:
    """What happened while a page was open."""

    requests: list[str] = field(default_factory=list)
    """Addresses, the page's own among them."""
    errors: list[str] = field(default_factory=list)
    """Of scripts, and what the console was told."""
    values: list = field(default_factory=list)
    """Of the expressions that were asked for."""


def visit(page, *expressions):
    """Opens a file, and evaluates JavaScript expressions in it, from outside its content policy."""
    return asyncio.run(_visit(f"file://{Path(page).resolve()}", expressions))


async def _visit(address, expressions):
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        words = [CHROMIUM, *(f"--{flag}" for flag in FLAGS), f"--user-data-dir={folder}", "about:blank"]
        browser = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            port = await _port(Path(folder) / "DevToolsActivePort")
            async with aiohttp.ClientSession() as session:
                async with session.get(f"http://127.0.0.1:{port}/json") as response:
                    pages = [one for one in await response.json() if one["type"] == "page"]
                async with session.ws_connect(pages[0]["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                    return await _watch(socket, address, expressions)
        finally:
            browser.terminate()
            browser.wait(30)


async def _port(file):
    for _ in range(1200):
        if file.exists() and file.read_text().count("\n"):
            return int(file.read_text().splitlines()[0])
        await asyncio.sleep(0.05)
    raise TimeoutError("Chromium did not start")


async def _watch(socket, address, expressions):
    seen, numbers, is_loaded = Visit(), itertools.count(1), False

    async def call(method, **params):
        nonlocal is_loaded
        number = next(numbers)
        await socket.send_json({"id": number, "method": method, "params": params})
        while True:
            message = await socket.receive_json(timeout=60)
            if message.get("id") == number:
                return message.get("result", {})
            is_loaded |= _note(seen, message)

    for domain in ("Network", "Runtime", "Log", "Page"):
        await call(f"{domain}.enable")
    await call("Page.navigate", url=address)
    while not is_loaded:
        is_loaded = _note(seen, await socket.receive_json(timeout=60))
    for expression in expressions:
        answer = await call("Runtime.evaluate", expression=expression, returnByValue=True)
        seen.values.append(answer["result"].get("value"))
    return seen


def _note(seen, message):
    """Keeps what an event tells; whether it is the end of loading."""
    method, params = message.get("method"), message.get("params", {})
    if method == "Network.requestWillBeSent":
        seen.requests.append(params["request"]["url"])
    if method == "Runtime.exceptionThrown":
        seen.errors.append(str(params["exceptionDetails"].get("exception", params["exceptionDetails"])))
    if method in ("Log.entryAdded", "Runtime.consoleAPICalled"):
        seen.errors.append(str(params.get("entry", params)))
    return method == "Page.loadEventFired"
