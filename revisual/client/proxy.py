"""The proxy that stands between this machine and a server, as the environment names it."""

from ipaddress import ip_address
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from revisual.core.errors import UserError


def proxy_for(url: str) -> str | None:
    """Return an address's proxy by `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`; None without one.

    This machine's own servers are asked without one. A password belongs into the variable, as curl has it.

    Example: `proxy_for("http://localhost:8000/v1") is None`

    Raises:
        UserError: the proxy is of a kind that is not spoken here, such as SOCKS.
    """
    address = urlsplit(url)
    host = address.hostname or ""
    if is_loopback(host) or proxy_bypass(host if address.port is None else f"{host}:{address.port}"):
        return None
    proxies = getproxies()
    proxy = proxies.get(address.scheme) or proxies.get("all")
    if proxy is None:
        return None
    proxy = proxy if "://" in proxy else f"http://{proxy}"
    if urlsplit(proxy).scheme not in ("http", "https") or not urlsplit(proxy).hostname:  # not quoted: see above
        raise UserError(f"{host}: the proxy that the environment names is none for http")
    return proxy


def is_loopback(host: str) -> bool:
    """Return whether a name or address is this machine's own.

    Example: `is_loopback("localhost") and is_loopback("127.0.0.2") and not is_loopback("10.0.0.1")`
    """
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
