#!/usr/bin/env python3
"""fetch.py urllib|requests|asyncio URL: Python's ways to speak HTTP."""

import asyncio
import os
import sys
import urllib.parse
import urllib.request


def by_urllib(url):
    return urllib.request.urlopen(url, timeout=20).read().decode()


def by_requests(url):
    try:
        import requests
    except ImportError: # the copy that pip carries is the same code
        from pip._vendor import requests
    return requests.get(url, timeout=20, verify=os.environ["SSL_CERT_FILE"]).text


async def ask(url):
    parts = urllib.parse.urlsplit(url)
    reader, writer = await asyncio.wait_for(
        asyncio.open_connection(parts.hostname, parts.port or 443, ssl=True), 20)
    writer.write(f"GET {parts.path} HTTP/1.1\r\nHost: {parts.hostname}\r\n"
                 "Connection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    return answer.decode()


def by_asyncio(url):
    return asyncio.run(ask(url))


if __name__ == "__main__":
    print(globals()["by_" + sys.argv[1]](sys.argv[2]))
